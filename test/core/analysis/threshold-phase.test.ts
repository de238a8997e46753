import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessMetricPhase, countSamples, type MetricCounters } from '../../../src/core/analysis/threshold.ts';
import { SAMPLE_OUTCOMES } from '../../../src/core/model/analysis.ts';
import { samplesOf, threshold } from './fixtures.ts';

const ZERO: MetricCounters = {
  counted: 0,
  failures: 0,
  inconclusive: 0,
  errors: 0,
  consecutiveErrors: 0,
  consecutiveSuccesses: 0,
  noData: 0,
  missingNow: 0,
  inFlight: false,
};
const NO_COUNT = 0;
const BOTH = { failureLimit: 4, consecutiveSuccessLimit: 4 };
const SUCCESSES_ONLY = { failureLimit: -1, consecutiveSuccessLimit: 5 };

describe('the phase of one metric', () => {
  it.each([
    { row: 1, plan: {}, seen: {}, going: 'running', ending: 'incomplete' },
    { row: 2, plan: {}, seen: { inFlight: true }, going: 'running', ending: 'running' },
    { row: 3, plan: { failureLimit: 2 }, seen: { failures: 3, counted: 3 }, going: 'failed', ending: 'failed' },
    { row: 4, plan: { failureLimit: 3 }, seen: { failures: 3, counted: 3 }, going: 'running', ending: 'incomplete' },
    {
      row: 5,
      plan: { inconclusiveLimit: 2 },
      seen: { inconclusive: 3, counted: 3 },
      going: 'inconclusive',
      ending: 'inconclusive',
    },
    {
      row: 6,
      plan: { inconclusiveLimit: 3 },
      seen: { inconclusive: 3, counted: 3 },
      going: 'running',
      ending: 'incomplete',
    },
    { row: 7, plan: {}, seen: { errors: 5, consecutiveErrors: 5 }, going: 'error', ending: 'error' },
    { row: 8, plan: {}, seen: { errors: 4, consecutiveErrors: 4 }, going: 'running', ending: 'incomplete' },
    { row: 9, plan: {}, seen: { counted: 10, consecutiveSuccesses: 10 }, going: 'passed', ending: 'passed' },
    { row: 10, plan: {}, seen: { counted: 10, inconclusive: 5 }, going: 'inconclusive', ending: 'inconclusive' },
    {
      row: 11,
      plan: { ...SUCCESSES_ONLY, consecutiveSuccessLimit: 3 },
      seen: { counted: 6, failures: 3, consecutiveSuccesses: 3 },
      going: 'passed',
      ending: 'passed',
    },
    {
      row: 12,
      plan: { ...SUCCESSES_ONLY, count: NO_COUNT },
      seen: { counted: 6, failures: 3, consecutiveSuccesses: 3 },
      going: 'running',
      ending: 'incomplete',
    },
    {
      row: 13,
      plan: { ...SUCCESSES_ONLY, count: 7 },
      seen: { counted: 7, failures: 3, consecutiveSuccesses: 3 },
      going: 'failed',
      ending: 'failed',
    },
    {
      row: 14,
      plan: { ...SUCCESSES_ONLY, count: 9 },
      seen: { counted: 6, failures: 3, consecutiveSuccesses: 3 },
      going: 'running',
      ending: 'incomplete',
    },
    {
      row: 15,
      plan: { ...BOTH, count: NO_COUNT },
      seen: { counted: 6, failures: 3, consecutiveSuccesses: 3 },
      going: 'running',
      ending: 'incomplete',
    },
    {
      row: 16,
      plan: { ...BOTH, count: NO_COUNT },
      seen: { counted: 5, failures: 5 },
      going: 'failed',
      ending: 'failed',
    },
    {
      row: 17,
      plan: { ...BOTH, count: NO_COUNT },
      seen: { counted: 7, failures: 3, consecutiveSuccesses: 4 },
      going: 'passed',
      ending: 'passed',
    },
    {
      row: 18,
      plan: { ...BOTH, count: NO_COUNT },
      seen: { counted: 9, failures: 5, consecutiveSuccesses: 4 },
      going: 'failed',
      ending: 'failed',
    },
    {
      row: 19,
      plan: BOTH,
      seen: { counted: 10, failures: 4, consecutiveSuccesses: 3 },
      going: 'inconclusive',
      ending: 'inconclusive',
    },
    {
      row: 20,
      plan: BOTH,
      seen: { counted: 10, failures: 5, consecutiveSuccesses: 3 },
      going: 'failed',
      ending: 'failed',
    },
    {
      row: 21,
      plan: BOTH,
      seen: { counted: 10, failures: 4, consecutiveSuccesses: 4 },
      going: 'passed',
      ending: 'passed',
    },
    {
      row: 22,
      plan: BOTH,
      seen: { counted: 10, failures: 5, consecutiveSuccesses: 4 },
      going: 'failed',
      ending: 'failed',
    },
    { row: 'no data yet', plan: {}, seen: { noData: 2, missingNow: 2 }, going: 'no-data', ending: 'incomplete' },
    {
      row: 'complete, then no data',
      plan: {},
      seen: { counted: 10, missingNow: 1, noData: 1 },
      going: 'no-data',
      ending: 'incomplete',
    },
    {
      row: 'failed, then no data',
      plan: {},
      seen: { counted: 4, failures: 4, missingNow: 1 },
      going: 'failed',
      ending: 'failed',
    },
    {
      row: 'failed and in error',
      plan: {},
      seen: { failures: 4, counted: 4, consecutiveErrors: 5 },
      going: 'error',
      ending: 'error',
    },
  ])('row $row is $going, and $ending when it is ended early', ({ plan, seen, going, ending }) => {
    const counters = { ...ZERO, ...seen };
    expect(assessMetricPhase(threshold(plan), counters, false)).toBe(going);
    expect(assessMetricPhase(threshold(plan), counters, true)).toBe(ending);
  });
});

describe('counting samples', () => {
  it('row 23: errors in a row do not add to the count', () => {
    const outcomes = ['pass', 'fail', 'pass', 'inconclusive', 'error', 'error', 'error', 'error', 'error'] as const;
    expect(countSamples(threshold(), samplesOf(outcomes))).toMatchObject({
      consecutiveErrors: 5,
      errors: 5,
      counted: 4,
    });
  });
  it('any sample with a value ends the errors in a row', () => {
    expect(countSamples(threshold(), samplesOf(['error', 'error', 'inconclusive'])).consecutiveErrors).toBe(0);
  });
  it('an error or a fail ends the successes in a row', () => {
    expect(countSamples(threshold(), samplesOf(['pass', 'error', 'pass'])).consecutiveSuccesses).toBe(1);
    expect(countSamples(threshold(), samplesOf(['pass', 'fail'])).consecutiveSuccesses).toBe(0);
  });
  it('slides: failures that are older than the last `count` samples are forgotten', () => {
    const plan = threshold({ count: 3, failureLimit: 1 });
    const seen = countSamples(plan, samplesOf(['fail', 'pass', 'pass', 'pass']));
    expect(seen).toMatchObject({ counted: 3, failures: 0 });
  });
  it('slides: a canary that goes bad after its pass fails', () => {
    const plan = threshold({ count: 4, failureLimit: 1 });
    const good = samplesOf(['pass', 'pass', 'pass', 'pass', 'pass', 'pass']);
    expect(assessMetricPhase(plan, countSamples(plan, good), false)).toBe('passed');
    const bad = countSamples(plan, [...good, ...samplesOf(['fail', 'no-data', 'error', 'fail'])]);
    expect(assessMetricPhase(plan, bad, false)).toBe('failed');
  });
});

describe('for any samples', () => {
  const outcomes = fc.array(fc.constantFrom(...SAMPLE_OUTCOMES), { maxLength: 40 });
  const plans = fc
    .record({
      count: fc.integer({ min: 1, max: 12 }),
      failureLimit: fc.integer({ min: 0, max: 4 }),
      inconclusiveLimit: fc.integer({ min: 0, max: 4 }),
      consecutiveSuccessLimit: fc.constantFrom(0, 0, 3),
    })
    .map((plan) => threshold(plan));
  const phaseOf = (
    plan: ReturnType<typeof threshold>,
    seen: readonly (typeof SAMPLE_OUTCOMES)[number][],
    ending: boolean,
  ) => assessMetricPhase(plan, countSamples(plan, samplesOf(seen)), ending);

  it('a pass rests on enough samples that passed', () => {
    fc.assert(
      fc.property(plans, outcomes, fc.boolean(), (plan, seen, ending) => {
        if (phaseOf(plan, seen, ending) !== 'passed') return true;
        const counted = seen.filter((one) => one === 'pass' || one === 'fail' || one === 'inconclusive').length;
        const passes = seen.filter((one) => one === 'pass').length;
        const enough = plan.consecutiveSuccessLimit > 0 ? plan.consecutiveSuccessLimit : plan.count;
        return counted >= enough && passes >= enough - plan.failureLimit - plan.inconclusiveLimit;
      }),
    );
  });
  it('samples without data never make a pass of something else', () => {
    fc.assert(
      fc.property(
        plans,
        outcomes,
        fc.nat(40),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (plan, seen, at, many, ending) => {
          const more = [...seen.slice(0, at), ...Array<'no-data'>(many).fill('no-data'), ...seen.slice(at)];
          return (
            phaseOf(plan, more, ending) !== 'passed' ||
            phaseOf(plan, seen, ending) === 'passed' ||
            seen.at(-1) === 'no-data'
          );
        },
      ),
    );
  });
  it('a trailing sample without data is never a pass', () => {
    fc.assert(
      fc.property(
        plans,
        outcomes,
        fc.boolean(),
        (plan, seen, ending) => phaseOf(plan, [...seen, 'no-data'], ending) !== 'passed',
      ),
    );
  });
  it('ending early never turns anything into a pass', () => {
    fc.assert(
      fc.property(plans, outcomes, (plan, seen) => {
        return phaseOf(plan, seen, true) !== 'passed' || phaseOf(plan, seen, false) === 'passed';
      }),
    );
  });
  it('the order of passes and fails within the window does not matter without a limit of successes', () => {
    const values = fc.array(fc.constantFrom<'pass' | 'fail' | 'inconclusive'>('pass', 'fail', 'inconclusive'), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 3 }), (seen, failureLimit) => {
        const plan = threshold({ count: 10, failureLimit, inconclusiveLimit: 2 });
        return phaseOf(plan, seen, false) === phaseOf(plan, [...seen].sort(), false);
      }),
    );
  });
});
