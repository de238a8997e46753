/** What a watch has seen so far: the verdict, what is missing, what holds its clock, and the gate before 100 %. */
import type { StepVerdict } from '../model/analysis.ts';
import type { ObserveStepInput } from '../model/observe.ts';
import { comparing, isCompared } from './evidence.ts';
import { countText, durationText } from './format.ts';
import { assessCompared, assessMetricGate } from './sequential-verdict.ts';
import { standIn } from './stand-in.ts';
import { foreignText } from './standing.ts';
import { assessMetric, assessRun, outcomeOf } from './threshold-verdict.ts';
import { decidingMetrics, judgedArm, type MetricState, type WatchState } from './watch-state.ts';

/** Time the step has still to serve; null in a hold. */
export function remainingMs(state: WatchState): number | null {
  return state.requiredMs === null ? null : Math.max(0, state.requiredMs - state.servedMs);
}

/** Time is over and every deciding metric passed. */
export function isServed(state: WatchState, run: StepVerdict): boolean {
  return remainingMs(state) === 0 && run.phase === 'passed' && !state.held;
}

/** The evidence gate stands once, before the step that gives everything to the canary. */
function isBeforeGate(input: ObserveStepInput): boolean {
  if (input.mode !== 'step' || !isCompared(input)) return false;
  const next = input.plan.steps[input.step + 1];
  return next === undefined || next.weightPercent >= 100;
}

export function gatesOf(input: ObserveStepInput, state: WatchState) {
  if (!isBeforeGate(input)) return [];
  const atMs = state.lastLookAtMs ?? state.startedAtMs;
  return input.plan.analysis.metrics.flatMap((metric) => {
    const found = comparing(metric, input);
    const evidence = state.metrics[metric.name]?.evidence;
    if (!found || !evidence || metric.dryRun) return [];
    return [{ name: metric.name, ...assessMetricGate(found, evidence, input.weightPercent, atMs) }];
  });
}

/** Notes since when a gate is asked in vain: its deadline counts from the first time. */
export function askGates(input: ObserveStepInput, state: WatchState): WatchState {
  if (!isBeforeGate(input) || !isServed(state, assessWatch(input, state))) return state;
  const atMs = state.lastLookAtMs ?? state.startedAtMs;
  const metrics: Record<string, MetricState> = { ...state.metrics };
  for (const { name, phase } of gatesOf(input, state)) {
    const one = state.metrics[name];
    if (phase !== 'hold' || !one?.evidence || one.evidence.gateSinceMs !== null) continue;
    metrics[name] = { ...one, evidence: { ...one.evidence, gateSinceMs: atMs } };
  }
  return { ...state, metrics };
}

/** Verdict on what the watch has seen so far. */
export function assessWatch(input: ObserveStepInput, state: WatchState, terminating = false): StepVerdict {
  return assessRun(
    input.plan.analysis.metrics.map((metric) => {
      const one = state.metrics[metric.name];
      const found = comparing(metric, input);
      if (found && one?.evidence) return assessCompared(metric, found, one.evidence, { input, terminating });
      const setting = { judged: judgedArm(input), terminating };
      return standIn(assessMetric(metric, one?.samples ?? [], setting), metric, input.records);
    }),
  );
}

interface Missing {
  readonly name: string;
  readonly sinceMs: number;
  readonly note: string;
}

/** Deciding metrics without a usable sample now. A plan in which none decides is missing everything. */
export function missingMetrics(input: ObserveStepInput, state: WatchState): readonly Missing[] {
  const missing: Missing[] = [];
  for (const metric of decidingMetrics(input)) {
    const one = state.metrics[metric.name];
    const found = comparing(metric, input);
    if (found && one?.evidence) {
      const verdict = assessCompared(metric, found, one.evidence, { input, terminating: false });
      if (verdict.phase === 'no-data') {
        const sinceMs = one.evidence.lastGoodMs ?? state.startedAtMs;
        missing.push({ name: metric.name, sinceMs, note: `no data: ${verdict.reason}` });
      }
      continue;
    }
    const last = one?.samples.at(-1);
    if (!one || !last || one.missingSinceMs === null) continue;
    const what = outcomeOf(metric, last) === 'error' ? 'error' : 'no data';
    missing.push({ name: metric.name, sinceMs: one.missingSinceMs, note: `${what}: ${last.note ?? 'cause not told'}` });
  }
  if (decidingMetrics(input).length === 0) {
    missing.push({ name: 'analysis', sinceMs: state.startedAtMs, note: 'no data: no metric decides here' });
  }
  return missing;
}

/** What holds the watch, in words, with how long it may; undefined when nothing does. */
export function holdingText(input: ObserveStepInput, state: WatchState): string | undefined {
  const { deadlines } = input.plan;
  const atMs = state.lastLookAtMs ?? state.startedAtMs;
  const age = (sinceMs: number, deadlineMs: number) =>
    `${durationText(atMs - sinceMs)} of at most ${durationText(deadlineMs)}`;
  if (state.foreignSinceMs !== null) {
    return `foreign change: ${foreignText(state.foreign)}; stands ${age(state.foreignSinceMs, deadlines.foreignChangeMs)}`;
  }
  const [missing] = missingMetrics(input, state);
  if (missing) return `${missing.name}: ${missing.note}; ${age(missing.sinceMs, deadlines.noDataMs)}`;
  const breach = whyCompared(input, state, 'both-breach');
  if (breach !== undefined) return breach;
  if (remainingMs(state) !== 0 || (state.ended !== undefined && state.ended !== 'lowTraffic')) return undefined;
  const shut = gatesOf(input, state).filter(({ phase }) => phase === 'hold' || phase === 'low-traffic');
  const isServing = assessWatch(input, state).phase === 'passed';
  if (isServing && shut.length > 0) return shut.map(({ name, text }) => `${name}: ${text}`).join('; ');
  const waiting = assessWatch(input, state).metrics.filter((metric) => !metric.dryRun && metric.phase !== 'passed');
  const parts = waiting.map((verdict) => {
    if (verdict.evidence) return verdict.reason;
    const count = input.plan.analysis.metrics.find((metric) => metric.name === verdict.name)?.judge.count ?? 0;
    return `${verdict.name} ${verdict.counts.samples} of ${countText(count, 'sample')}`;
  });
  return parts.length === 0 ? undefined : `time is over, samples are missing: ${parts.join(', ')}`;
}

/** Words of the first compared metric that holds for this reason. */
export function whyCompared(input: ObserveStepInput, state: WatchState, hold: string): string | undefined {
  if (!isCompared(input)) return undefined;
  for (const metric of input.plan.analysis.metrics) {
    const found = comparing(metric, input);
    const evidence = state.metrics[metric.name]?.evidence;
    if (!found || !evidence || metric.dryRun) continue;
    const verdict = assessCompared(metric, found, evidence, { input, terminating: false });
    if (verdict.evidence?.hold === hold) return verdict.reason;
  }
  return undefined;
}
