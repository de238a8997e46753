/**
 * The watch of one step as a pure reducer: what to do next, and what a look changes. The loop around it only looks,
 * sleeps and heartbeats. `hold` stops the step's clock, never the watching.
 */

import type { Arm, MetricPlan, Sample, Slot } from '../model/analysis.ts';
import type { ObserveStepInput, Standing } from '../model/observe.ts';
import { askGates, assessWatch, gatesOf, isServed, missingMetrics, remainingMs, whyCompared } from './assess-watch.ts';
import { afterCounts, comparing } from './evidence.ts';
import type { MetricReading, MetricReadings } from './reading.ts';
import { selectorsOf, slotMetric } from './reading.ts';
import { gather, NOTHING_GATHERED, takeSample } from './sample.ts';
import { countsOf, incrementsOf, keepSlots, slowCountsOf } from './slots.ts';
import type { ArmIncrements } from './slots.ts';
import { foreignChanges, unknownParts } from './standing.ts';
import { isCounted } from './threshold.ts';
import { nextOfAll, nextSampleAt } from './threshold-schedule.ts';
import { judgedArm } from './watch-state.ts';
import type { Ended, MetricState, WatchState } from './watch-state.ts';

/** Time nobody watched counts for a step up to this long, or three looks where they are longer. */
export const MAX_UNWATCHED_MS = 30_000;

/** Samples kept for each metric in a watch of hours; more when `count` asks for more. */
export const MAX_SAMPLES = 60;

export interface Look {
  /** When the look began. */
  readonly atMs: number;
  readonly metrics: MetricReadings;
  readonly standing: Standing;
}

export type WatchAction =
  | { readonly action: 'look' }
  | { readonly action: 'sleep'; readonly untilMs: number }
  | { readonly action: 'end'; readonly ended: Ended }
  /** Final: AmbiguousMetric. */
  | { readonly action: 'refuse'; readonly problem: string };

export function nextAction(input: ObserveStepInput, state: WatchState, nowMs: number): WatchAction {
  if (state.ambiguous !== undefined) return { action: 'refuse', problem: state.ambiguous };
  if (state.ended !== undefined) return { action: 'end', ended: state.ended };
  const untilMs = nextLookAt(input, state);
  return nowMs >= untilMs ? { action: 'look' } : { action: 'sleep', untilMs };
}

/** Every `lookMs`, and besides when a sample is due and when the step's time is over. */
export function nextLookAt(input: ObserveStepInput, state: WatchState): number {
  const last = state.lastLookAtMs;
  if (last === null) return state.startedAtMs;
  const dues = input.plan.analysis.metrics.map((metric) => sampleDueAt(metric, input, state));
  const over = remainingMs(state);
  const extra = [...dues, over !== null && over > 0 && !state.held ? last + over : undefined];
  const soon = extra.filter((time) => time !== undefined && time > last);
  return Math.min(last + input.plan.intervals.lookMs, nextOfAll(soon) ?? Number.POSITIVE_INFINITY);
}

/** Warm-up counts from the first watch of the canary; in a bake from the bake's start, where new pods serve. */
function warmFromMs(input: ObserveStepInput, state: WatchState): number {
  return judgedArm(input) === 'canary' ? state.releaseStartedAtMs : state.startedAtMs;
}

function isWarm(metric: MetricPlan, input: ObserveStepInput, state: WatchState, atMs: number): boolean {
  return atMs >= warmFromMs(input, state) + metric.judge.warmUpMs;
}

/** A gauge can be sampled at once; increments need an interval to gather in, counted from start or end of warm-up. */
function sampleDueAt(metric: MetricPlan, input: ObserveStepInput, state: WatchState): number | undefined {
  const last = state.metrics[metric.name]?.samples.at(-1);
  const startedAtMs = warmFromMs(input, state);
  if (last) return nextSampleAt(metric.judge, { startedAtMs, last });
  const begins = Math.max(state.startedAtMs, startedAtMs + metric.judge.warmUpMs);
  return metric.query.kind === 'value' ? begins : begins + metric.judge.intervalMs;
}

export function afterLook(input: ObserveStepInput, state: WatchState, look: Look): WatchState {
  const atMs = look.atMs;
  const metrics: Record<string, MetricState> = {};
  let slot: Slot | undefined;
  let ambiguous: string | undefined;
  for (const metric of input.plan.analysis.metrics) {
    const before = state.metrics[metric.name];
    if (!before) continue;
    const reading = look.metrics[metric.name] ?? {};
    const increments = armIncrements(metric, input, state, before, reading);
    const counts = slotOf(metric, input, increments, atMs);
    if (metric === slotMetric(input.plan.analysis.metrics)) slot = counts;
    const after = afterReading(metric, input, state, before, reading, increments, atMs);
    metrics[metric.name] = withEvidence(metric, input, state, after.state, counts);
    ambiguous ??= after.ambiguous;
  }
  const foreign = afterStanding(input, state, look);
  const watched: WatchState = {
    ...state,
    ...foreign,
    metrics,
    lastLookAtMs: atMs,
    looks: state.looks + 1,
    servedMs: state.servedMs + servedSince(input, state, atMs),
    slots: slot ? keepSlots([...state.slots, slot]) : state.slots,
    totals: slot ? addTotals(state.totals, slot) : state.totals,
    appliedPercent: look.standing.appliedPercent,
    ...(ambiguous === undefined ? {} : { ambiguous }),
  };
  const isHeld =
    foreign.foreign.length > 0 ||
    missingMetrics(input, watched).length > 0 ||
    whyCompared(input, watched, 'both-breach') !== undefined;
  const held = askGates(input, { ...watched, held: isHeld });
  const ended = endOf(input, held);
  return { ...held, ...(ended === undefined ? {} : { ended }) };
}

function servedSince(input: ObserveStepInput, state: WatchState, atMs: number): number {
  if (state.held) return 0;
  const passed = Math.max(0, atMs - (state.lastLookAtMs ?? state.startedAtMs));
  return Math.min(passed, Math.max(MAX_UNWATCHED_MS, 3 * input.plan.intervals.lookMs));
}

type BothIncrements = Readonly<Record<Arm, ArmIncrements | undefined>>;

function armIncrements(
  metric: MetricPlan,
  input: ObserveStepInput,
  state: WatchState,
  before: MetricState,
  reading: MetricReading,
): BothIncrements {
  if (metric.query.kind === 'value') return { stable: undefined, canary: undefined };
  const selectors = selectorsOf(metric.query).length;
  const of = (arm: Arm) => {
    const one = reading[arm];
    if (!one || !input.arms[arm]) return undefined;
    return incrementsOf(before.counters[arm], one, selectors, { arm, releaseStartedAtMs: state.releaseStartedAtMs });
  };
  return { stable: of('stable'), canary: of('canary') };
}

function slotOf(metric: MetricPlan, input: ObserveStepInput, increments: BothIncrements, atMs: number): Slot {
  const slow = input.records?.[metric.name]?.slow?.le;
  const counts = (arm: Arm) => {
    const found = increments[arm];
    if (found)
      return metric.query.kind === 'slowRatio' ? slowCountsOf(found, slow ?? metric.query.slowerThan) : countsOf(found);
    // An arm that does not exist has no requests; one that exists and was not read is missing.
    return input.arms[arm] ? { n: null, e: null } : { n: 0, e: 0 };
  };
  const [stable, canary] = [counts('stable'), counts('canary')];
  return { step: input.step, atMs, nC: canary.n, eC: canary.e, nS: stable.n, eS: stable.e };
}

/** Adds the look to the evidence of a metric that is compared. */
function withEvidence(
  metric: MetricPlan,
  input: ObserveStepInput,
  state: WatchState,
  after: MetricState,
  counts: Slot,
): MetricState {
  const found = comparing(metric, input);
  if (!found || !after.evidence) return after;
  const { warmUpMs } = found.plan.options;
  const { atMs } = counts;
  const beganMs = state.lastLookAtMs ?? state.startedAtMs;
  const look = { atMs, beganMs, isWarm: beganMs >= warmFromMs(input, state) + warmUpMs, counts };
  return { ...after, evidence: afterCounts(after.evidence, found, input, look) };
}

function addTotals(totals: WatchState['totals'], slot: Slot): WatchState['totals'] {
  return {
    nC: totals.nC + (slot.nC ?? 0),
    eC: totals.eC + (slot.eC ?? 0),
    nS: totals.nS + (slot.nS ?? 0),
    eS: totals.eS + (slot.eS ?? 0),
  };
}

function afterReading(
  metric: MetricPlan,
  input: ObserveStepInput,
  state: WatchState,
  before: MetricState,
  reading: MetricReading,
  increments: BothIncrements,
  atMs: number,
): { state: MetricState; ambiguous?: string } {
  const counters = {
    stable: increments.stable?.counters ?? before.counters.stable,
    canary: increments.canary?.counters ?? before.counters.canary,
  };
  if (!isWarm(metric, input, state, atMs)) return { state: { ...before, counters, gathered: NOTHING_GATHERED } };
  const gathered = gather(before.gathered, increments);
  const due = sampleDueAt(metric, input, state);
  if (due === undefined || atMs < due) return { state: { ...before, counters, gathered } };
  const taken = takeSample(metric, judgedArm(input), reading, gathered, atMs);
  if (taken.taken === 'ambiguous') return { state: { ...before, counters, gathered }, ambiguous: taken.problem };
  return {
    state: {
      ...before,
      counters,
      gathered: taken.gathered,
      samples: keepSamples(metric, [...before.samples, taken.sample]),
      missingSinceMs: missingSince(metric, state, before, taken.sample),
    },
  };
}

/** Data are missing from the end of the last usable sample, at most one interval before the first unusable one. */
function missingSince(metric: MetricPlan, state: WatchState, before: MetricState, sample: Sample): number | null {
  if (isCounted(sample.outcome)) return null;
  if (before.missingSinceMs !== null) return before.missingSinceMs;
  const from = before.samples.at(-1)?.atMs ?? state.startedAtMs;
  return Math.max(from, sample.atMs - metric.judge.intervalMs);
}

/** Drops the oldest samples without a value first, so that the window of `count` samples stays whole. */
function keepSamples(metric: MetricPlan, samples: readonly Sample[]): readonly Sample[] {
  const most = Math.max(MAX_SAMPLES, metric.judge.count + metric.judge.consecutiveErrorLimit + 1);
  if (samples.length <= most) return samples;
  const unusable = samples.findIndex((sample) => !isCounted(sample.outcome));
  const recent = samples.length - metric.judge.consecutiveErrorLimit - 1;
  const drop = unusable === -1 || unusable >= recent ? 0 : unusable;
  return samples.filter((_, at) => at !== drop);
}

function afterStanding(
  input: ObserveStepInput,
  state: WatchState,
  look: Look,
): Pick<WatchState, 'foreign' | 'foreignSinceMs' | 'unknown'> {
  const unknown = unknownParts(look.standing);
  const found = foreignChanges(input, look.standing);
  // What was seen to differ is not gone because it could not be read again.
  const foreign = found.length === 0 && unknown !== undefined ? state.foreign : found;
  const since = foreign.length === 0 ? null : (state.foreignSinceMs ?? look.atMs);
  return { foreign, foreignSinceMs: since, unknown };
}

function endOf(input: ObserveStepInput, state: WatchState): Ended | undefined {
  const { deadlines } = input.plan;
  const atMs = state.lastLookAtMs ?? state.startedAtMs;
  const run = assessWatch(input, state);
  if (run.phase === 'failed' || run.phase === 'error' || run.phase === 'inconclusive') return 'verdict';
  if (state.foreignSinceMs !== null && atMs - state.foreignSinceMs >= deadlines.foreignChangeMs) return 'foreignChange';
  for (const { sinceMs } of missingMetrics(input, state)) {
    if (atMs - sinceMs >= deadlines.noDataMs) return 'noDataDeadline';
  }
  if (!isServed(state, run)) return undefined;
  const gates = gatesOf(input, state);
  if (gates.every(({ phase }) => phase === 'pass' || phase === 'no-comparison')) return 'timeOver';
  return gates.some(({ phase }) => phase === 'low-traffic') ? 'lowTraffic' : undefined;
}
