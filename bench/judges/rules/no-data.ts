/** What the field's tools make of one measurement without data, as documented (reference of delivery, sections 2.1 to 2.6). */

/** A query's answer: its values, none for an empty vector. */
export type Vector = readonly number[];
export type Outcome = 'successful' | 'failed' | 'inconclusive' | 'error';
/** Throws where the expression language would raise an error: an index out of range. */
export type Condition = (result: Vector) => boolean;

/** `result[at]` of a condition. */
export function valueAt(result: Vector, at: number): number {
  const value = result[at];
  if (value === undefined) throw new RangeError(`result[${at}]: index out of range of ${result.length} values`);
  return value;
}

/** Argo Rollouts' outcome of one measurement. A success condition that raises is an error, whatever the failure says. */
export function argoMeasurement(result: Vector, success?: Condition, failure?: Condition): Outcome {
  try {
    const succeeds = success?.(result);
    const fails = failure?.(result);
    if (fails === true) return 'failed';
    if (success === undefined) return 'successful';
    if (succeeds === true) return 'successful';
    return failure === undefined ? 'failed' : 'inconclusive';
  } catch {
    return 'error';
  }
}

export interface ArgoLimits {
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** Measurements that complete the metric; 0 for a run without an end. */
  readonly count: number;
}
export const ARGO_LIMITS: ArgoLimits = { failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4, count: 10 };

export type Phase = 'pending' | 'running' | Outcome;

/** Argo Rollouts' phase of a metric. Ended without a measurement, or before it is complete, it is successful. */
export function argoPhase(outcomes: readonly Outcome[], limits: ArgoLimits, terminating: boolean): Phase {
  if (outcomes.length === 0) return terminating ? 'successful' : 'pending';
  const lastGood = outcomes.findLastIndex((outcome) => outcome !== 'error');
  if (outcomes.length - 1 - lastGood > limits.consecutiveErrorLimit) return 'error';
  const countOf = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  if (countOf('inconclusive') > limits.inconclusiveLimit) return 'inconclusive';
  if (limits.failureLimit >= 0 && countOf('failed') > limits.failureLimit) return 'failed';
  const counted = outcomes.length - countOf('error');
  if (limits.count > 0 && counted >= limits.count) return 'successful';
  return terminating ? 'successful' : 'running';
}

/** Flagger's check of one tick: an empty answer or NaN is a failed check, as is a value above the limit. */
export function flaggerCheck(result: Vector, limit: number): boolean {
  const [value] = result;
  return value !== undefined && !Number.isNaN(value) && value <= limit;
}

/**
 * Kayenta's score from the labels of metrics by group, equal weights: a metric without data leaves the score, a group
 * without any is 100, and with half of the metrics or more without data the score is 0.
 */
export function kayentaScore(groups: readonly (readonly ('pass' | 'high' | 'low' | 'nodata')[])[]): number {
  const labels = groups.flat();
  if (labels.filter((label) => label === 'nodata').length * 2 >= labels.length) return 0;
  const scores = groups.map((group) => {
    const counted = group.filter((label) => label !== 'nodata');
    return counted.length === 0 ? 100 : (100 * counted.filter((label) => label === 'pass').length) / counted.length;
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
