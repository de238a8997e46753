import { describe, expect, it } from 'vitest';
import { judgeOf, sequentialOptionsOf, thresholdOf } from '../../../src/core/catalogue/judge.ts';
import type { JudgeEntry, MetricEntry, QueryEntry } from '../../../src/core/model/catalogue.ts';

const ERRORS: QueryEntry = { kind: 'errorRatio', total: { name: 'requests' }, errors: { name: 'errors' } };
const SLOW: QueryEntry = { kind: 'slowRatio', histogram: { name: 'seconds' } };

function metric(query: QueryEntry, judge?: JudgeEntry): MetricEntry {
  return { name: 'metric', source: { from: 'pods', port: 8080, path: '/metrics' }, query, ...(judge && { judge }) };
}

describe('the judge of a metric', () => {
  it('is a comparison for an error ratio that says nothing', () => {
    expect(judgeOf(metric(ERRORS))).toEqual({ kind: 'sequential' });
    expect(judgeOf(metric(SLOW))).toBeUndefined();
  });

  it.each([
    { when: 'nothing is written', judge: undefined, threshold: { kind: 'threshold', fail: '> 1%' } },
    {
      when: 'an objective is written',
      judge: { kind: 'sequential', objective: '0.5 %' },
      threshold: { kind: 'threshold', fail: '> 0.5%' },
    },
    {
      when: 'a threshold is written',
      judge: { kind: 'sequential', threshold: { pass: '<= 2%', count: 3 } },
      threshold: { kind: 'threshold', pass: '<= 2%', count: 3 },
    },
  ] as const)('has a threshold that stands in: $when', ({ judge, threshold }) => {
    expect(thresholdOf(metric(ERRORS, judge))).toEqual(threshold);
  });

  it('decides nothing without a record for slow requests without bounds', () => {
    expect(thresholdOf(metric(SLOW, { kind: 'sequential' }))).toEqual({ kind: 'threshold' });
  });

  it('shares alpha among all comparisons by their weights', () => {
    const metrics = [metric(ERRORS, { kind: 'sequential', weight: 3 }), metric(SLOW, { kind: 'sequential' })] as const;
    expect(sequentialOptionsOf(metrics[0], { metrics })?.alpha).toBeCloseTo(0.0075);
    expect(sequentialOptionsOf(metrics[1], { metrics })).toMatchObject({
      alpha: 0.0025,
      tolerance: 1.5,
      warmUpMs: 120_000,
      mustDetect: { ratio: 3 },
    });
  });

  it('takes its numbers from what is written', () => {
    const judge = { kind: 'sequential', objective: '2%', mustDetect: 3, gateDeadline: '5m', warmUp: '10s' } as const;
    const one = metric(ERRORS, judge);
    expect(sequentialOptionsOf(one, { metrics: [one], slot: '1s' })).toMatchObject({
      mustDetect: { ratio: 3, objective: 0.02 },
      gateDeadlineMs: 300_000,
      warmUpMs: 10_000,
      slotMs: 1_000,
    });
  });

  it('leaves a threshold alone', () => {
    const one = metric(ERRORS, { kind: 'threshold', fail: '> 5%' });
    expect(sequentialOptionsOf(one, { metrics: [one] })).toBeUndefined();
  });
});
