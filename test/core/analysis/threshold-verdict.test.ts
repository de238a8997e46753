import { describe, expect, it } from 'vitest';
import { assessMetric, assessRun, isDeciding, outcomeOf } from '../../../src/core/analysis/threshold-verdict.ts';
import { PHASES, type MetricPhase, type MetricVerdict, type Sample } from '../../../src/core/model/analysis.ts';
import { errorRatio, gauge, latency, samplesOf } from './fixtures.ts';

const CANARY = { judged: 'canary', terminating: false } as const;
const verdict = (metric: ReturnType<typeof errorRatio>, samples: readonly Sample[]) =>
  assessMetric(metric, samples, CANARY);
const passes = (many: number) => samplesOf(Array<'pass'>(many).fill('pass'));

describe('the reason of a verdict', () => {
  it.each([
    {
      phase: 'failed',
      samples: samplesOf(['pass', 'fail', 'pass', 'fail']),
      reason: 'error ratio 8.10 % (26 of 321 canary requests) > 5 %: 2 failures, at most 1 allowed',
    },
    {
      phase: 'passed',
      samples: passes(10),
      reason: 'error ratio 0.10 % (1 of 321 canary requests), fails > 5 %: 10 samples, 0 failures, at most 1 allowed',
    },
    {
      phase: 'running',
      samples: samplesOf(['pass', 'fail']),
      reason:
        'error ratio 8.10 % (26 of 321 canary requests), fails > 5 %: 2 of 10 samples, 1 failure, at most 1 allowed',
    },
    { phase: 'running', samples: [], reason: 'error ratio: no sample yet, fails > 5 %' },
    { phase: 'no-data', samples: samplesOf(['pass', 'no-data']), reason: 'error ratio: no data: why no-data' },
    {
      phase: 'running',
      samples: samplesOf(['pass', 'error']),
      reason: 'error ratio: error: why error; 1 of 10 samples, 0 failures, at most 1 allowed',
    },
    {
      phase: 'error',
      samples: samplesOf(['error', 'error', 'error', 'error', 'error']),
      reason: 'error ratio: 5 errors in a row, at most 4 allowed: why error',
    },
  ])('$phase: $reason', ({ phase, samples, reason }) => {
    expect(verdict(errorRatio({ failureLimit: 1 }), samples)).toMatchObject({ phase, reason });
  });

  it('names both bounds when a value lies between them', () => {
    const metric = errorRatio({ pass: { op: '<', limit: 0.01 }, fail: { op: '>', limit: 0.05 } });
    const found = verdict(metric, samplesOf(['inconclusive']));
    expect(found.phase).toBe('inconclusive');
    expect(found.reason).toBe(
      'error ratio 3.00 % (1 of 321 canary requests) is between the bounds (passes < 1 %, fails > 5 %): 1 inconclusive sample, at most 0 allowed',
    );
  });
  it('turns a pass bound round when it is broken, and says the unit', () => {
    const metric = latency({ fail: undefined, pass: { op: '<=', limit: 2 }, failureLimit: 0 });
    const sample = {
      ...samplesOf(['fail'])[0],
      value: 2.345,
      requests: 1_204,
      events: null,
      stableValue: 0.5,
    } as Sample;
    expect(verdict(metric, [sample]).reason).toBe(
      'p99 2.345 s (1,204 canary requests, stable 0.5 s) > 2 s: 1 failure, at most 0 allowed',
    );
  });
  it('says what an infinite value was held against', () => {
    const sample: Sample = {
      atMs: 0,
      outcome: 'fail',
      value: null,
      requests: 9,
      events: null,
      stableValue: null,
      note: 'value is infinite',
    };
    expect(verdict(latency({ failureLimit: 0 }), [sample]).reason).toBe(
      'p99 value is infinite (9 canary requests) > 2 s: 1 failure, at most 0 allowed',
    );
  });
  it('speaks of requests, not of canary requests, where the new version serves alone', () => {
    const found = assessMetric(errorRatio({ failureLimit: 0 }), samplesOf(['fail']), {
      judged: 'stable',
      terminating: false,
    });
    expect(found.reason).toContain('26 of 321 requests');
  });
});

describe('an outcome taken again from its value', () => {
  const [pass] = passes(1) as [Sample];
  it.each([
    { when: 'the value agrees', sample: pass, outcome: 'pass' },
    { when: 'the record claims a pass of a bad value', sample: { ...pass, value: 0.5 }, outcome: 'fail' },
    { when: 'the record claims a pass without a value', sample: { ...pass, value: null }, outcome: 'no-data' },
    {
      when: 'a fail has no value (infinite)',
      sample: { ...pass, outcome: 'fail' as const, value: null },
      outcome: 'fail',
    },
    { when: 'an error carries a value', sample: { ...pass, outcome: 'error' as const }, outcome: 'error' },
  ])('is $outcome when $when', ({ sample, outcome }) => {
    expect(outcomeOf(errorRatio(), sample)).toBe(outcome);
  });
});

describe('a run', () => {
  const of = (phase: MetricPhase, name: string, dryRun = false): MetricVerdict => ({
    ...assessMetric(errorRatio({}, { name }), [], CANARY),
    phase,
    dryRun,
    reason: `${name} is ${phase}`,
  });

  it.each([
    {
      row: 24,
      when: 'both failed',
      metrics: [of('failed', 'a'), of('failed', 'b')],
      phase: 'failed',
      reason: 'a is failed; also b',
    },
    {
      row: 25,
      when: 'one failed, one still runs',
      metrics: [of('running', 'a'), of('failed', 'b')],
      phase: 'failed',
      reason: 'b is failed',
    },
    {
      row: 26,
      when: 'a dry run failed, the other passed',
      metrics: [of('failed', 'a', true), of('passed', 'b')],
      phase: 'passed',
      reason: 'b is passed',
    },
    {
      row: 27,
      when: 'only dry runs, all failed',
      metrics: [of('failed', 'a', true)],
      phase: 'incomplete',
      reason: 'no metric decides: there is none, or all are dry runs',
    },
    {
      row: 28,
      when: 'it was ended before any data',
      metrics: [of('incomplete', 'a')],
      phase: 'incomplete',
      reason: 'a is incomplete',
    },
    {
      row: '-',
      when: 'there is no metric',
      metrics: [],
      phase: 'incomplete',
      reason: 'no metric decides: there is none, or all are dry runs',
    },
  ])('row $row is $phase when $when', ({ metrics, phase, reason }) => {
    expect(assessRun(metrics)).toMatchObject({ phase, reason });
  });
  it('row 28: a metric without samples is incomplete when its run ends early, never passed', () => {
    expect(assessMetric(errorRatio(), [], { judged: 'canary', terminating: true }).phase).toBe('incomplete');
  });
  it.each(PHASES.slice(1).map((phase, at) => ({ worse: PHASES[at] ?? 'failed', phase })))(
    '$worse is worse than $phase',
    ({ worse, phase }) => {
      expect(assessRun([of(phase, 'a'), of(worse, 'b')]).phase).toBe(worse);
      expect(assessRun([of(worse, 'b'), of(phase, 'a')]).phase).toBe(worse);
    },
  );
});

describe('a comparison with stable', () => {
  it('decides beside a canary, and only there', () => {
    expect(isDeciding(gauge(true), 'canary')).toBe(true);
    expect(isDeciding(gauge(true), 'stable')).toBe(false);
    expect(isDeciding(gauge(false), 'stable')).toBe(true);
    expect(isDeciding(errorRatio({}, { dryRun: true }), 'canary')).toBe(false);
  });
});
