import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketQuantile } from '../../../src/core/analysis/quantile.ts';

const BUCKETS = { '0.1': 50, '0.5': 90, '+Inf': 100 };

describe('a quantile of buckets', () => {
  it.each([
    { q: 0.5, buckets: BUCKETS, value: 0.1, above: false, when: 'it ends a bucket' },
    { q: 0.25, buckets: BUCKETS, value: 0.05, above: false, when: 'it lies in the lowest bucket, which begins at 0' },
    { q: 0.7, buckets: BUCKETS, value: 0.3, above: false, when: 'it lies inside a bucket' },
    { q: 0.99, buckets: BUCKETS, value: 0.5, above: true, when: 'it lies above the highest bound' },
    {
      q: 0.5,
      buckets: { '-1': 10, '0': 10, '+Inf': 10 },
      value: -1,
      above: false,
      when: 'the lowest bound is not positive',
    },
    { q: 0.5, buckets: { '+Inf': 10, '1': 0, '2': 10 }, value: 1.5, above: false, when: 'buckets stand in any order' },
    {
      q: 0.9,
      buckets: { '1': 10, '2': 8, '3': 20, '+Inf': 20 },
      value: 2.8,
      above: false,
      when: 'a count falls between buckets',
    },
    { q: 0.5, buckets: { '1e-1': 1, '1': 1, '+Inf': 1 }, value: 0.05, above: false, when: 'a bound has an exponent' },
  ])('$q is $value when $when', ({ q, buckets, value, above }) => {
    const found = bucketQuantile(q, buckets as Record<string, number>);
    expect(found?.value).toBeCloseTo(value, 12);
    expect(found?.aboveHighest).toBe(above);
  });

  it.each([
    { when: 'nothing was observed', buckets: { '1': 0, '+Inf': 0 } },
    { when: 'there is no +Inf bucket', buckets: { '1': 3, '2': 4 } },
    { when: 'there is only the +Inf bucket', buckets: { '+Inf': 4 } },
    { when: 'there is no bucket', buckets: {} },
  ])('is not there when $when', ({ buckets }) => {
    expect(bucketQuantile(0.5, buckets as Record<string, number>)).toBeUndefined();
  });

  it('lies in the bucket that holds the observation of its rank, and rises with it', () => {
    const bounds = [0.1, 0.2, 0.5, 1, 2];
    const observed = fc.array(fc.double({ min: 0.001, max: 1.999, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(observed, fc.double({ min: 0.01, max: 0.98, noNaN: true }), (times, q) => {
        const buckets: Record<string, number> = { '+Inf': times.length };
        for (const bound of bounds) buckets[String(bound)] = times.filter((time) => time <= bound).length;
        const sorted = [...times].sort((left, right) => left - right);
        const exact = sorted[Math.ceil(q * times.length) - 1] ?? 0;
        const upper = bounds.find((bound) => exact <= bound) ?? 2;
        const lower = bounds.findLast((bound) => bound < upper) ?? 0;
        const found = bucketQuantile(q, buckets);
        const later = bucketQuantile(q + 0.01, buckets);
        if (!found || !later) return false;
        return found.value >= lower - 1e-9 && found.value <= upper + 1e-9 && later.value >= found.value - 1e-9;
      }),
    );
  });
});
