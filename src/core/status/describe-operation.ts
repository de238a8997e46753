/** The record of an operation, told to people: six texts that are never empty, in every phase and situation. */
import type { DeployState, MemoStatus, OperationStatus } from '../model/deploy-state.ts';
import { whatComesNext } from './next.ts';
import { possibleActions } from './possible-actions.ts';
import { whatWasSeen } from './seen.ts';
import { whatWasUndone } from './undone.ts';
import { whatRuns } from './what.ts';
import { whyHere } from './why.ts';
import { momentInWords } from './words.ts';

/** Answer of query `status`. `nowMs` is the workflow's clock, Unix milliseconds; nothing else is read. */
export function describeOperation(state: DeployState, nowMs: number): OperationStatus {
  const next = whatComesNext(state, nowMs);
  const step = stepNumbers(state);
  return {
    operation: state.operation,
    workflowId: state.workflowId,
    service: state.input.service,
    environment: state.input.environment,
    version: state.input.version,
    phase: state.phase,
    ...(step ? { step } : {}),
    ...(state.plan ? { ladder: ladder(state) } : {}),
    weightPercent: state.weightPercent,
    what: whatRuns(state),
    why: whyHere(state),
    seen: whatWasSeen(state),
    next: next.text,
    ...(next.atMs === undefined ? {} : { nextAt: momentInWords(next.atMs) }),
    may: possibleActions(state),
    undone: whatWasUndone(state),
    ...(state.planDigest === undefined ? {} : { planDigest: state.planDigest }),
    ...(state.plan ? { catalogueDigest: state.plan.catalogue.digest } : {}),
    ...(state.image === undefined ? {} : { image: state.image }),
    steps: state.steps,
    decisions: state.decisions,
    restored: state.result?.restored ?? state.restored,
    foreign: state.result?.foreign ?? state.foreign,
    preflight: state.preflight,
    ...(state.waiting ? { waiting: state.waiting } : {}),
    ...(state.result ? { result: state.result } : {}),
  };
}

/** Short form for the memo, read by `describe` when no worker answers. Steps count from 0 as in the state. */
export function memoStatus(state: DeployState, nowMs: number): MemoStatus {
  const step = stepNumbers(state);
  return {
    service: state.input.service,
    environment: state.input.environment,
    version: state.input.version,
    phase: state.phase,
    step: step?.index ?? null,
    of: state.plan?.steps.length ?? null,
    ladder: ladder(state),
    weightPercent: state.weightPercent,
    what: whatRuns(state),
    why: whyHere(state),
    next: whatComesNext(state, nowMs).text,
    undone: whatWasUndone(state),
    atMs: nowMs,
  };
}

function ladder(state: DeployState): readonly number[] {
  return state.plan?.steps.map(({ weightPercent }) => weightPercent) ?? [];
}

function stepNumbers(state: DeployState): OperationStatus['step'] {
  const step = state.step === undefined ? undefined : state.plan?.steps[state.step];
  if (!step || !state.plan) return undefined;
  return { index: step.index, of: state.plan.steps.length, weightPercent: step.weightPercent };
}
