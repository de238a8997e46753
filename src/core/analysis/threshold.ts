/**
 * The `threshold` judge: bounds on one number, counted over samples. Its rows are those of the field's best known tool,
 * with the rows where missing data would pass turned round: no data is never a pass and never a fail.
 */
import type { Bound, MetricPhase, Sample, SampleOutcome, ThresholdPlan } from '../model/analysis.ts';

/** An error is tried again after this long, whatever the interval. */
export const ERROR_RETRY_MS = 10_000;

/** What a query gave for one sample. `atLeast`: the true value may be higher (a quantile above the highest bucket). */
export type SampleInput =
  | { readonly kind: 'value'; readonly value: number; readonly atLeast?: boolean }
  | { readonly kind: 'values'; readonly values: readonly number[] }
  | { readonly kind: 'no-data' }
  | { readonly kind: 'error' };

/**
 * Outcome of one sample. `ambiguous`: several values where one is expected, which no waiting mends (AmbiguousMetric).
 * NaN and empty are no-data. Infinity is a fail against an upper limit, else no-data.
 * A pass that only holds for the least the value can be is no-data.
 */
export function assessSample(plan: ThresholdPlan, input: SampleInput): SampleOutcome | 'ambiguous' {
  switch (input.kind) {
    case 'no-data':
      return 'no-data';
    case 'error':
      return 'error';
    case 'values': {
      if (input.values.length > 1) return 'ambiguous';
      const [value] = input.values;
      return value === undefined ? 'no-data' : assessValue(plan, value);
    }
    case 'value': {
      const outcome = assessValue(plan, input.value);
      if (input.atLeast !== true || outcome === 'fail') return outcome;
      return hasUpperLimit(plan) ? 'no-data' : outcome;
    }
  }
}

function assessValue(plan: ThresholdPlan, value: number): SampleOutcome {
  // NaN is neither above nor below anything, so that it is no-data here too.
  if (!Number.isFinite(value)) return value > 0 && hasUpperLimit(plan) ? 'fail' : 'no-data';
  if (plan.fail && holds(plan.fail, value)) return 'fail';
  if (plan.pass) return holds(plan.pass, value) ? 'pass' : plan.fail ? 'inconclusive' : 'fail';
  // A plan without any bound is refused before it runs; should one arrive, it must not pass.
  return plan.fail ? 'pass' : 'error';
}

/** True when a value that is too high is what the plan guards against. */
export function hasUpperLimit(plan: ThresholdPlan): boolean {
  return plan.pass?.op === '<' || plan.pass?.op === '<=' || plan.fail?.op === '>' || plan.fail?.op === '>=';
}

export function holds(bound: Bound, value: number): boolean {
  switch (bound.op) {
    case '<':
      return value < bound.limit;
    case '<=':
      return value <= bound.limit;
    case '>':
      return value > bound.limit;
    case '>=':
      return value >= bound.limit;
  }
}

/** What the samples of one metric add up to. `counted` samples are pass, fail and inconclusive. */
export interface MetricCounters {
  /** Counted samples within the window. */
  readonly counted: number;
  readonly failures: number;
  readonly inconclusive: number;
  readonly errors: number;
  readonly consecutiveErrors: number;
  readonly consecutiveSuccesses: number;
  readonly noData: number;
  /** No-data samples since the last other sample: data are missing now. */
  readonly missingNow: number;
  readonly inFlight: boolean;
}

/**
 * Counters of a metric's samples, oldest first. Counted samples slide: only the last `count` of them are looked at, so
 * that a step which goes on after its pass is still judged by what it does now. Errors and successes in a row are
 * counted over all samples; no-data samples count for nothing.
 */
export function countSamples(plan: ThresholdPlan, samples: readonly Pick<Sample, 'outcome'>[]): MetricCounters {
  const outcomes = samples.map((sample) => sample.outcome);
  const counted = outcomes.filter(isCounted);
  const inWindow = plan.count > 0 ? counted.slice(-plan.count) : counted;
  const withData = outcomes.filter((outcome) => outcome !== 'no-data');
  return {
    counted: inWindow.length,
    failures: inWindow.filter((outcome) => outcome === 'fail').length,
    inconclusive: inWindow.filter((outcome) => outcome === 'inconclusive').length,
    errors: outcomes.filter((outcome) => outcome === 'error').length,
    consecutiveErrors: trailing(withData, 'error'),
    consecutiveSuccesses: trailing(withData, 'pass'),
    noData: outcomes.length - withData.length,
    missingNow: trailing(outcomes, 'no-data'),
    inFlight: false,
  };
}

export function isCounted(outcome: SampleOutcome): boolean {
  return outcome === 'pass' || outcome === 'fail' || outcome === 'inconclusive';
}

function trailing(outcomes: readonly SampleOutcome[], wanted: SampleOutcome): number {
  const other = outcomes.findLastIndex((outcome) => outcome !== wanted);
  return outcomes.length - 1 - other;
}

/**
 * Phase of one metric. `terminating`: the watch ends before its time, so that what is not complete is `incomplete`.
 * A complete metric whose latest sample brought no data is `no-data`, not `passed`.
 */
export function assessMetricPhase(plan: ThresholdPlan, counters: MetricCounters, terminating: boolean): MetricPhase {
  if (counters.inFlight) return 'running';
  if (counters.consecutiveErrors > plan.consecutiveErrorLimit) return 'error';
  if (counters.inconclusive > plan.inconclusiveLimit) return 'inconclusive';
  if (plan.failureLimit >= 0 && counters.failures > plan.failureLimit) return 'failed';
  const complete = assessComplete(plan, counters);
  if (complete === 'failed' || complete === 'inconclusive') return complete;
  if (complete === 'passed' && counters.missingNow === 0) return 'passed';
  if (terminating) return 'incomplete';
  return counters.missingNow > 0 ? 'no-data' : 'running';
}

/** Answer of the limits that end a metric for good, or undefined while it goes on. */
function assessComplete(plan: ThresholdPlan, counters: MetricCounters): MetricPhase | undefined {
  const limitsSuccesses = plan.consecutiveSuccessLimit > 0;
  if (limitsSuccesses && counters.consecutiveSuccesses >= plan.consecutiveSuccessLimit) return 'passed';
  if (plan.count === 0 || counters.counted < plan.count) return undefined;
  if (!limitsSuccesses) return 'passed';
  return plan.failureLimit >= 0 ? 'inconclusive' : 'failed';
}
