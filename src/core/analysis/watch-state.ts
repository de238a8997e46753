/** State of a watch: plain JSON without NaN, small enough for a heartbeat. */
import type { Arm, MetricPlan, Sample, Slot } from '../model/analysis.ts';
import type { ForeignChange, StepTally } from '../model/operation.ts';
import type { ObserveStepInput } from '../model/observe.ts';
import { comparing, evidenceFrom, type MetricEvidence } from './evidence.ts';
import { isDeciding } from './threshold-verdict.ts';
import { NOTHING_GATHERED } from './sample.ts';
import type { Gathered } from './sample.ts';
import { NO_COUNTERS } from './slots.ts';
import type { ArmCounters } from './slots.ts';

export type Counters = Readonly<Record<Arm, ArmCounters>>;

export interface MetricState {
  readonly counters: Counters;
  readonly gathered: Gathered;
  readonly samples: readonly Sample[];
  /** Since when no usable sample came, counted from the end of the last usable one; null while data come. */
  readonly missingSinceMs: number | null;
  /** Of a metric that is compared in this release. */
  readonly evidence?: MetricEvidence;
}

export type Ended = Exclude<StepTally['ended'], 'cancelled'>;

export interface WatchState {
  readonly version: 1;
  readonly step: number;
  readonly mode: ObserveStepInput['mode'];
  readonly startedAtMs: number;
  /** Start of the first watch of this release: a stable pod created later was started by it. */
  readonly releaseStartedAtMs: number;
  readonly lastLookAtMs: number | null;
  readonly looks: number;
  /** Time that counted: watched, and not held. */
  readonly servedMs: number;
  /** Null in a hold, which has no end of its own. */
  readonly requiredMs: number | null;
  /** True after a look that holds the step's clock: data are missing, or someone else's change stands. */
  readonly held: boolean;
  readonly metrics: Readonly<Record<string, MetricState>>;
  readonly slots: readonly Slot[];
  readonly totals: { readonly nC: number; readonly eC: number; readonly nS: number; readonly eS: number };
  readonly foreign: readonly ForeignChange[];
  readonly foreignSinceMs: number | null;
  readonly appliedPercent: number | null;
  /** What of the cluster could not be read in the last look. */
  readonly unknown?: string;
  readonly ended?: Ended;
  /** A final fault: several values where one is expected. */
  readonly ambiguous?: string;
}

/** What one watch of a release hands to the next: the counters, so that no request in between is lost. */
export interface WatchCursor {
  readonly version: 1;
  readonly releaseStartedAtMs: number;
  readonly counters: Readonly<Record<string, Counters>>;
}

/** The arm whose values are judged: the canary, or the stable arm where the new version serves alone. */
export function judgedArm(input: Pick<ObserveStepInput, 'mode' | 'arms'>): Arm {
  return input.mode === 'bake' || !input.arms.canary ? 'stable' : 'canary';
}

export function decidingMetrics(input: ObserveStepInput): readonly MetricPlan[] {
  const judged = judgedArm(input);
  return input.plan.analysis.metrics.filter((metric) =>
    comparing(metric, input) !== undefined ? !metric.dryRun : isDeciding(metric, judged),
  );
}

export function beginWatch(input: ObserveStepInput, nowMs: number): WatchState {
  const cursor = cursorOf(input.cursor);
  const metrics: Record<string, MetricState> = {};
  for (const metric of input.plan.analysis.metrics) {
    const { name } = metric;
    const counters = cursor?.counters[name] ?? { stable: NO_COUNTERS, canary: NO_COUNTERS };
    const evidence = comparing(metric, input) ? { evidence: evidenceFrom(input.evidence?.[name]) } : {};
    metrics[name] = { counters, gathered: NOTHING_GATHERED, samples: [], missingSinceMs: null, ...evidence };
  }
  return {
    version: 1,
    step: input.step,
    mode: input.mode,
    startedAtMs: nowMs,
    releaseStartedAtMs: cursor?.releaseStartedAtMs ?? nowMs,
    lastLookAtMs: null,
    looks: 0,
    servedMs: 0,
    requiredMs: requiredMs(input),
    held: false,
    metrics,
    slots: [],
    totals: { nC: 0, eC: 0, nS: 0, eS: 0 },
    foreign: [],
    foreignSinceMs: null,
    appliedPercent: null,
  };
}

function requiredMs(input: ObserveStepInput): number | null {
  if (input.mode === 'hold') return null;
  if (input.remainingMs !== undefined) return Math.max(0, input.remainingMs);
  return input.mode === 'bake' ? input.plan.bakeMs : (input.plan.steps[input.step]?.durationMs ?? 0);
}

export function cursorFrom(state: WatchState): WatchCursor {
  const counters: Record<string, Counters> = {};
  for (const [name, metric] of Object.entries(state.metrics)) counters[name] = metric.counters;
  return { version: 1, releaseStartedAtMs: state.releaseStartedAtMs, counters };
}

/** A cursor that this code wrote; undefined for anything else, which means a fresh start of the counters. */
function cursorOf(value: unknown): WatchCursor | undefined {
  return hasVersion(value) ? (value as WatchCursor) : undefined;
}

/** The state of a heartbeat, when it belongs to this watch. */
export function resumedState(value: unknown, input: ObserveStepInput): WatchState | undefined {
  if (!hasVersion(value)) return undefined;
  const state = value as WatchState;
  return state.step === input.step && state.mode === input.mode ? state : undefined;
}

function hasVersion(value: unknown): value is { version: 1 } {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1;
}
