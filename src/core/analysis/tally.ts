/** What a watch brings home, and what it shows meanwhile. */
import type { LookSummary, StepTally } from '../model/operation.ts';
import type { ObserveStepInput } from '../model/observe.ts';
import { assessWatch, holdingText, remainingMs } from './assess-watch.ts';
import { cursorFrom, judgedArm } from './watch-state.ts';
import type { WatchState } from './watch-state.ts';

export function tallyOf(
  input: ObserveStepInput,
  state: WatchState,
  ended: StepTally['ended'],
  nowMs: number,
): StepTally {
  const left = remainingMs(state);
  const holding = holdingText(input, state);
  return {
    step: state.step,
    startedAtMs: state.startedAtMs,
    endedAtMs: nowMs,
    ended,
    slots: state.slots,
    samples: Object.fromEntries(Object.entries(state.metrics).map(([name, metric]) => [name, metric.samples])),
    foreign: state.foreign,
    cursor: cursorFrom(state),
    mode: state.mode,
    judged: judgedArm(input),
    ...(left === null ? {} : { remainingMs: left }),
    ...(holding === undefined ? {} : { holding }),
    ...evidenceOf(input, state),
  };
}

function evidenceOf(input: ObserveStepInput, state: WatchState): Pick<StepTally, 'evidence' | 'weightPercent'> {
  const found = Object.entries(state.metrics).flatMap(([name, { evidence }]) =>
    evidence ? [[name, evidence] as const] : [],
  );
  return found.length === 0 ? {} : { evidence: Object.fromEntries(found), weightPercent: input.weightPercent };
}

/** The last look for `mainstay status`. Counts are those of the whole watch. */
export function summarizeLook(input: ObserveStepInput, state: WatchState): LookSummary {
  const run = assessWatch(input, state);
  const holding = holdingText(input, state) ?? (state.unknown && `could not read ${state.unknown}`);
  return {
    atMs: state.lastLookAtMs ?? state.startedAtMs,
    step: state.step,
    weightPercent: input.weightPercent,
    appliedPercent: state.appliedPercent,
    phase: run.phase,
    reason: run.reason,
    metrics: run.metrics,
    ...state.totals,
    ...(holding === undefined ? {} : { holding }),
  };
}
