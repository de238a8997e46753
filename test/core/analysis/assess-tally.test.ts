import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessTally } from '../../../src/core/analysis/assess-tally.ts';
import { summarizeLook, tallyOf } from '../../../src/core/analysis/tally.ts';
import { beginWatch } from '../../../src/core/analysis/watch-state.ts';
import { SAMPLE_OUTCOMES, type SampleOutcome } from '../../../src/core/model/analysis.ts';
import type { StepTally } from '../../../src/core/model/operation.ts';
import { deployPlan, errorRatio, gauge, MINUTE, observeInput, samplesOf } from './fixtures.ts';

const PLAN = deployPlan([errorRatio()]);
const tally = (
  ended: StepTally['ended'],
  outcomes: readonly SampleOutcome[],
  more: Partial<StepTally> = {},
): StepTally => ({
  step: 0,
  startedAtMs: 0,
  endedAtMs: 10 * MINUTE,
  ended,
  slots: [],
  samples: { 'error ratio': samplesOf(outcomes) },
  foreign: [],
  cursor: undefined,
  ...more,
});
const many = (outcome: SampleOutcome, count: number) => Array<SampleOutcome>(count).fill(outcome);
const FOREIGN = {
  foreign: [{ object: 'HTTPRoute crm/crm-api', field: 'route', expected: 'present', observed: 'missing' }],
};

describe('the verdict of a tally', () => {
  it.each([
    { when: 'all samples passed until the time was over', seen: tally('timeOver', many('pass', 10)), phase: 'passed' },
    {
      when: 'a tally claims its time, but lacks samples',
      seen: tally('timeOver', many('pass', 9)),
      phase: 'incomplete',
    },
    { when: 'a tally claims its time without any sample', seen: tally('timeOver', []), phase: 'incomplete' },
    { when: 'a tally has no samples of the metric', seen: tally('timeOver', [], { samples: {} }), phase: 'incomplete' },
    { when: 'the canary failed', seen: tally('verdict', many('fail', 4)), phase: 'failed' },
    { when: 'errors came in a row', seen: tally('verdict', many('error', 5)), phase: 'error' },
    { when: 'data were missing to the deadline', seen: tally('noDataDeadline', many('no-data', 10)), phase: 'no-data' },
    {
      when: 'data were missing after enough passes',
      seen: tally('noDataDeadline', [...many('pass', 10), ...many('no-data', 9)]),
      phase: 'no-data',
    },
    { when: 'errors filled the deadline', seen: tally('noDataDeadline', ['error', 'error']), phase: 'no-data' },
    {
      when: 'someone else changed the route',
      seen: tally('foreignChange', many('pass', 10), FOREIGN),
      phase: 'incomplete',
    },
    {
      when: 'the canary failed beside a foreign change',
      seen: tally('foreignChange', many('fail', 4), FOREIGN),
      phase: 'failed',
    },
    { when: 'a person ended it early', seen: tally('cancelled', many('pass', 4)), phase: 'incomplete' },
    { when: 'a person ended it after enough passes', seen: tally('cancelled', many('pass', 10)), phase: 'passed' },
    { when: 'a person ended a failing step', seen: tally('cancelled', many('fail', 4)), phase: 'failed' },
    { when: 'a person ended it before any data', seen: tally('cancelled', []), phase: 'incomplete' },
  ])('is $phase when $when', ({ seen, phase }) => {
    expect(assessTally(PLAN, seen).phase).toBe(phase);
  });

  it('says what was missing, and what was changed', () => {
    expect(assessTally(PLAN, tally('noDataDeadline', many('no-data', 3))).reason).toBe(
      'error ratio: no data: why no-data',
    );
    expect(assessTally(PLAN, tally('foreignChange', [], FOREIGN)).reason).toBe(
      'foreign change: HTTPRoute crm/crm-api route: expected present, observed missing',
    );
  });
  it('comes from the values: a tally that calls bad values passes is not believed', () => {
    const lying = samplesOf(many('pass', 10)).map((sample) => ({ ...sample, value: 0.9 }));
    expect(assessTally(PLAN, tally('timeOver', [], { samples: { 'error ratio': lying } })).phase).toBe('failed');
  });
  it('of a bake ignores what compares with stable', () => {
    const plan = deployPlan([errorRatio(), gauge(true)]);
    expect(assessTally(plan, tally('timeOver', many('pass', 10), { mode: 'bake' })).phase).toBe('passed');
    expect(assessTally(plan, tally('timeOver', many('pass', 10), { mode: 'step' })).phase).toBe('incomplete');
  });
  it('never passes for any ending without enough samples that passed', () => {
    const endings = fc.constantFrom<StepTally['ended']>(
      'timeOver',
      'verdict',
      'noDataDeadline',
      'foreignChange',
      'cancelled',
    );
    const outcomes = fc.array(fc.constantFrom(...SAMPLE_OUTCOMES), { maxLength: 30 });
    fc.assert(
      fc.property(endings, outcomes, (ended, seen) => {
        const found = assessTally(PLAN, tally(ended, seen)).phase;
        const passes = seen.filter((outcome) => outcome === 'pass').length;
        return found !== 'passed' || (passes >= 7 && ended !== 'noDataDeadline' && ended !== 'foreignChange');
      }),
    );
  });
});

describe('a watch that has only begun', () => {
  const input = observeInput([errorRatio()]);
  const state = beginWatch(input, 5_000);
  it('has a summary for status', () => {
    expect(summarizeLook(input, state)).toMatchObject({
      atMs: 5_000,
      phase: 'running',
      reason: 'error ratio: no sample yet, fails > 5 %',
      weightPercent: 10,
      appliedPercent: null,
    });
  });
  it('brings a tally home when it is cancelled, with the time it still had', () => {
    expect(tallyOf(input, state, 'cancelled', 6_000)).toMatchObject({
      ended: 'cancelled',
      remainingMs: 10 * MINUTE,
      mode: 'step',
      judged: 'canary',
      samples: { 'error ratio': [] },
    });
  });
});
