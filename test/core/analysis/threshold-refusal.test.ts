import { describe, expect, it } from 'vitest';
import { whyNotAnalysis, whyNotThreshold } from '../../../src/core/analysis/threshold-refusal.ts';
import { errorRatio, gauge, threshold } from './fixtures.ts';

describe('a threshold is refused', () => {
  it.each([
    {
      row: 'E1',
      plan: { pass: undefined, fail: undefined },
      says: 'a threshold needs a pass bound, a fail bound, or both',
    },
    {
      row: 29,
      plan: { count: 1, failureLimit: 2 },
      says: 'count (1) must be >= failureLimit + consecutiveSuccessLimit (2 + 0)',
    },
    {
      row: 30,
      plan: { count: 2, failureLimit: 0, intervalMs: 0 },
      says: 'interval is required when count (2) is above 1',
    },
    { row: 31, plan: { failureLimit: -2 }, says: 'failureLimit must be a whole number from -1 (off), is -2' },
    {
      row: 31,
      plan: { failureLimit: -1 },
      says: 'failureLimit -1 (off) needs a consecutiveSuccessLimit, else nothing could fail',
    },
    { row: '-', plan: { count: 0, failureLimit: 0 }, says: 'count must be a whole number from 1, is 0' },
    { row: '-', plan: { fail: { op: '>', limit: Number.NaN } as const }, says: 'fail limit must be a finite number' },
  ])('row $row: $says', ({ plan, says }) => {
    expect(whyNotThreshold(threshold(plan))).toContain(says);
  });
  it('with all problems at once', () => {
    const plan = threshold({
      pass: undefined,
      fail: undefined,
      count: 2,
      failureLimit: 5,
      intervalMs: 0,
      minRequests: -1,
    });
    expect(whyNotThreshold(plan)).toHaveLength(4);
  });
  it('never when its numbers are the defaults', () => {
    expect(whyNotThreshold(threshold())).toEqual([]);
  });
});

describe('an analysis is refused', () => {
  it.each([
    {
      row: 31,
      when: 'two metrics have one name',
      metrics: [errorRatio(), errorRatio()],
      says: 'metric "error ratio" is named twice: names must differ',
    },
    {
      row: 27,
      when: 'all metrics are dry runs',
      metrics: [errorRatio({}, { dryRun: true })],
      says: 'at least one metric must decide: all are dry runs, or there is none',
    },
    {
      row: '-',
      when: 'there is no metric',
      metrics: [],
      says: 'at least one metric must decide: all are dry runs, or there is none',
    },
    {
      row: '-',
      when: 'all compare with stable',
      metrics: [gauge(true)],
      says: 'at least one deciding metric must not be relative to stable: in the bake there is nothing to compare',
    },
    {
      row: 29,
      when: 'a threshold is wrong',
      metrics: [errorRatio({ count: 1 })],
      says: 'metric "error ratio": count (1) must be >= failureLimit + consecutiveSuccessLimit (3 + 0)',
    },
  ])('row $row: when $when', ({ metrics, says }) => {
    expect(whyNotAnalysis({ metrics })).toEqual([says]);
  });
  it('never for one good metric', () => {
    expect(whyNotAnalysis({ metrics: [errorRatio(), gauge(true)] })).toEqual([]);
  });
});
