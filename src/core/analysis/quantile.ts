/** Quantile of a histogram from increments of its cumulative buckets. */

export interface BucketQuantile {
  readonly value: number;
  /** Observations behind it: the increments of the `+Inf` bucket. */
  readonly observations: number;
  /** The quantile lies above the highest finite bound: `value` is that bound, the truth may be higher. */
  readonly aboveHighest: boolean;
}

/**
 * Linear interpolation within the bucket that holds the quantile, as Prometheus' `histogram_quantile` does it: the
 * lowest bucket begins at 0 when its bound is positive, a quantile in the `+Inf` bucket gives the highest finite bound,
 * counts that fall from a bucket to the next are raised to it. Undefined without a `+Inf` bucket, without a finite one,
 * or without observations.
 *
 * Example: le 0.1: 50, 0.5: 90, +Inf: 100. Quantile 0.5 -> 0.1; 0.7 -> 0.1 + 0.4 x 20/40 = 0.3; 0.99 -> 0.5, above.
 */
export function bucketQuantile(
  quantile: number,
  increments: Readonly<Record<string, number>>,
): BucketQuantile | undefined {
  const buckets = Object.entries(increments)
    .map(([le, count]) => ({ bound: boundOf(le), count }))
    .filter((bucket) => !Number.isNaN(bucket.bound))
    .sort((left, right) => left.bound - right.bound);
  const highest = buckets.at(-1);
  if (!highest || highest.bound !== Number.POSITIVE_INFINITY || buckets.length < 2) return undefined;
  const counts: number[] = [];
  for (const { count } of buckets) counts.push(Math.max(count, counts.at(-1) ?? 0));
  const observations = counts.at(-1) ?? 0;
  if (!(observations > 0)) return undefined;

  let rank = quantile * observations;
  const at = counts.findIndex((count) => count >= rank);
  const upper = buckets[at]?.bound ?? Number.POSITIVE_INFINITY;
  if (!Number.isFinite(upper)) {
    return { value: buckets.at(-2)?.bound ?? Number.NaN, observations, aboveHighest: true };
  }
  if (at === 0 && upper <= 0) return { value: upper, observations, aboveHighest: false };
  const lower = at === 0 ? 0 : (buckets[at - 1]?.bound ?? 0);
  const below = at === 0 ? 0 : (counts[at - 1] ?? 0);
  rank -= below;
  const inside = (counts[at] ?? 0) - below;
  return { value: lower + (upper - lower) * (rank / inside), observations, aboveHighest: false };
}

/** Bound of a `le` label: `+Inf`, or a number; NaN when it is neither. */
export function boundOf(le: string): number {
  if (le === '+Inf') return Number.POSITIVE_INFINITY;
  return le.trim() === '' ? Number.NaN : Number(le);
}
