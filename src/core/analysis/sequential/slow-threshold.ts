/** From which time on a request counts as slow: fixed before the release, from the stable arm's record. */
import { boundOf } from '../quantile.ts';

/** Canary requests in the first step from which the slowest 1 % are enough to judge by. */
export const REQUESTS_FOR_P99 = 5_000;
/** Share of slow requests below which a bound tells nothing. */
export const MIN_SLOW_RATIO = 0.002;

export interface SlowThreshold {
  /** Bound of a bucket, in the histogram's unit: requests above it are slow. */
  readonly bound: number;
  /** The bound as the histogram writes it. */
  readonly le: string;
  /** Part of the record's requests above it, 0..1. */
  readonly slowRatio: number;
  readonly observations: number;
}

/**
 * The smallest bucket bound that at most 1 - p of the stable requests exceed (p = 0.99 when the first step is expected
 * to bring at least 5,000 canary requests, else 0.95); where fewer than 0.2 % exceed it, the next smaller bound. The
 * `+Inf` bucket counts as a bound that nothing exceeds, so that the highest finite bound is taken when more than 1 - p
 * exceed even that. `cumulative` is the record's requests by bucket bound (`le`), as a histogram has them; counts that
 * fall from a bucket to the next are raised to it. Undefined, so that `threshold` alone judges, without a `+Inf` bucket,
 * a finite one, or observations.
 *
 * Example: le 0.1: 900, 0.25: 960, 0.5: 992, 1: 999.5, +Inf: 1000 and 6,000 canary requests expected: 0.5 (0.8 % slow).
 * Example: the same with 600 requests expected: 0.25 (4 % slow).
 */
export function chooseSlowThreshold(
  cumulative: Readonly<Record<string, number>>,
  expectedCanaryRequests: number,
): SlowThreshold | undefined {
  const buckets = Object.entries(cumulative)
    .map(([le, count]) => ({ le, bound: boundOf(le), count }))
    .filter(({ bound, count }) => !Number.isNaN(bound) && Number.isFinite(count) && count >= 0)
    .sort((left, right) => left.bound - right.bound);
  if (buckets.length < 2 || buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY) return undefined;
  const observations = Math.max(...buckets.map(({ count }) => count));
  if (observations === 0) return undefined;

  let highest = 0;
  const bounds = buckets.map(({ le, bound, count }) => {
    highest = Math.max(highest, count);
    return { le, bound, slowRatio: (observations - highest) / observations, observations };
  });
  const allowed = expectedCanaryRequests >= REQUESTS_FOR_P99 ? 0.01 : 0.05;
  const at = bounds.findIndex(({ slowRatio }) => slowRatio <= allowed);
  const found = bounds[at];
  if (found && (found.slowRatio >= MIN_SLOW_RATIO || at === 0)) return found;
  return bounds[at - 1];
}
