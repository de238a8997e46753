import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseSlowThreshold } from '../../../../src/core/analysis/sequential/slow-threshold.ts';

const RECORD = { '0.1': 900, '0.25': 960, '0.5': 992, '1': 999.5, '+Inf': 1000 };
const MANY = 5_000;
const FEW = 4_999;

describe('the time from which a request is slow', () => {
  it.each([
    { when: 'many requests are expected', record: RECORD, expected: MANY, le: '0.5', slow: 0.008 },
    { when: 'few requests are expected', record: RECORD, expected: FEW, le: '0.25', slow: 0.04 },
    {
      when: 'a bound is exceeded by exactly 1 %',
      record: { '0.1': 900, '0.5': 990, '+Inf': 1000 },
      expected: MANY,
      le: '0.5',
      slow: 0.01,
    },
    {
      when: 'hardly anything exceeds the bound: the next smaller one',
      record: { '0.1': 900, '0.5': 970, '1': 999, '+Inf': 1000 },
      expected: MANY,
      le: '0.5',
      slow: 0.03,
    },
    {
      when: 'exactly 0.2 % exceed it',
      record: { '0.1': 900, '1': 998, '+Inf': 1000 },
      expected: MANY,
      le: '1',
      slow: 0.002,
    },
    {
      when: 'hardly anything exceeds the lowest bound',
      record: { '0.1': 1000, '1': 1000, '+Inf': 1000 },
      expected: MANY,
      le: '0.1',
      slow: 0,
    },
    {
      when: 'much exceeds the highest finite bound',
      record: { '0.1': 100, '1': 700, '+Inf': 1000 },
      expected: MANY,
      le: '1',
      slow: 0.3,
    },
    {
      when: 'buckets stand in any order, and a count falls',
      record: { '+Inf': 1000, '0.5': 992, '0.25': 960, '1': 990, '0.1': 900 },
      expected: MANY,
      le: '0.5',
      slow: 0.008,
    },
  ])('$le when $when', ({ record, expected, le, slow }) => {
    const found = chooseSlowThreshold(record as Record<string, number>, expected);
    expect(found?.le).toBe(le);
    expect(found?.bound).toBe(Number(le));
    expect(found?.slowRatio).toBeCloseTo(slow, 12);
    expect(found?.observations).toBe(1000);
  });

  it.each([
    { when: 'nothing was observed', record: { '0.1': 0, '+Inf': 0 } },
    { when: 'there is no +Inf bucket', record: { '0.1': 3, '1': 4 } },
    { when: 'there is only the +Inf bucket', record: { '+Inf': 4 } },
    { when: 'there is no bucket', record: {} },
    { when: 'the counts are no numbers', record: { '0.1': Number.NaN, '+Inf': Number.NaN } },
  ])('is not there when $when', ({ record }) => {
    expect(chooseSlowThreshold(record as Record<string, number>, MANY)).toBeUndefined();
  });

  it('is a finite bound of the histogram, higher when more requests are expected', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(counts, (increments) => {
        let sum = 0;
        const record: Record<string, number> = {};
        for (const [at, count] of increments.entries()) {
          sum += count;
          record[at === increments.length - 1 ? '+Inf' : String(at + 1)] = sum;
        }
        const many = chooseSlowThreshold(record, MANY);
        const few = chooseSlowThreshold(record, FEW);
        expect(many === undefined).toBe(sum === 0);
        if (!many || !few) return;
        expect(Number.isFinite(many.bound)).toBe(true);
        expect(many.bound).toBeGreaterThanOrEqual(few.bound);
      }),
    );
  });
});
