import { describe, expect, it } from 'vitest';
import { histogramRecordOf, type RangeSeries, recordOf } from '../../../src/core/analysis/metric-record.ts';

/** Values at the ends of minutes 0, 1, 2 ...; null: not known. */
const series = (instance: string, values: readonly (number | null)[], id = 'x'): RangeSeries => ({
  instance,
  id,
  points: values.flatMap((value, at) => (value === null ? [] : [{ atMs: at * 60_000, value }])),
});
const window = (bins: number) => ({ untilMs: bins * 60_000, bins, binMs: 60_000 });
const n = (total: readonly RangeSeries[], bins: number) => recordOf(total, [], window(bins)).bins.map((bin) => bin.n);

describe('the record of the stable arm', () => {
  it.each([
    { when: 'it rises', total: [series('a', [100, 160, 220])], bins: [60, 60] },
    { when: 'it restarts', total: [series('a', [100, 160, 20, 80])], bins: [60, 20, 60] },
    { when: 'two processes serve', total: [series('a', [10, 20, 30]), series('b', [5, 6, 8])], bins: [11, 12] },
    { when: 'a process starts', total: [series('a', [10, 20, 30]), series('b', [null, null, 7])], bins: [10, 17] },
    { when: 'a process ends', total: [series('a', [10, 20, 30]), series('b', [5, 6, null])], bins: [11, 10] },
    {
      when: 'a process is away for a while',
      total: [series('a', [1, 2, 3, 4]), series('b', [5, null, null, 11])],
      bins: [1, 1, 7],
    },
    { when: 'a series appears first of all', total: [series('a', [null, 500, 510])], bins: [10] },
    { when: 'nobody was watching', total: [series('a', [1, 2, null, 900, 910])], bins: [1, 10] },
    {
      when: 'someone starts while nobody watches',
      total: [series('a', [1, 2, null, 9, 10]), series('b', [null, null, null, 70, 80])],
      bins: [1, 11],
    },
    { when: 'a value is no count', total: [series('a', [1, 2, Number.NaN, 4, 5])], bins: [1, 1] },
    { when: 'no requests came', total: [series('a', [7, 7, 7])], bins: [0, 0] },
    { when: 'a target label changed', total: [series('a', [1, 2, null]), series('a', [null, null, 5])], bins: [1, 3] },
    { when: 'nothing is known', total: [], bins: [] },
  ])('when $when: $bins', ({ total, bins }) => {
    const steps = Math.max(2, ...total.flatMap((each) => each.points.map((point) => point.atMs / 60_000)));
    expect(n(total, steps)).toEqual(bins);
  });

  it('has errors beside requests, and says how many bins are missing', () => {
    const total = [series('a', [10, 20, 30, null])];
    const errors = [series('a', [null, 1, 4], '500')];
    expect(recordOf(total, errors, window(3))).toEqual({
      bins: [
        { atMs: 60_000, n: 10, e: 1 },
        { atMs: 120_000, n: 10, e: 3 },
      ],
      missing: 1,
    });
  });

  it('of a histogram is by bucket bound', () => {
    const record = histogramRecordOf({ '0.5': [series('a', [1, 5])], '+Inf': [series('a', [2, 8])] }, window(1));
    expect(record).toEqual({ bins: [{ atMs: 60_000, buckets: { '0.5': 4, '+Inf': 6 } }], missing: 0 });
  });
});
