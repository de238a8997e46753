import { describe, expect, it } from 'vitest';
import { addSlot, FRESH_STATE } from '../../../../src/core/analysis/sequential/state.ts';
import { assessLook, isStepPassed } from '../../../../src/core/analysis/sequential/verdict.ts';
import type { Slot } from '../../../../src/core/model/analysis.ts';
import { missing, plan, RECORDS, slot, times, watch } from './fixtures.ts';

const gone = (count: number): Slot[] => Array.from({ length: count }, () => missing);

describe('the verdict of a look', () => {
  it.each([
    { when: 'nothing is wrong', slots: times(12, [0, 100, 0, 900, 2]), phase: 'continue', hold: undefined },
    { when: 'the canary is worse', slots: times(18, [0, 100, 2, 900, 2]), phase: 'rollback', hold: undefined },
    { when: 'nothing is seen', slots: gone(6), phase: 'hold', hold: 'no-data' },
    {
      when: 'the canary was worse before data went missing',
      slots: [...times(18, [0, 100, 2, 900, 2]), ...gone(6)],
      phase: 'rollback',
      hold: undefined,
    },
    { when: 'no request comes', slots: times(12, [0, 0, 0, 900, 2]), phase: 'hold', hold: 'no-canary-traffic' },
    { when: 'counts do not agree', slots: times(6, [0, 1, 2, 900, 2]), phase: 'hold', hold: 'inconsistent-counts' },
    { when: 'both arms break', slots: times(12, [0, 100, 10, 900, 90]), phase: 'hold', hold: 'both-breach' },
    {
      when: 'both arms broke, and data went missing then',
      slots: [...times(12, [0, 100, 10, 900, 90]), ...gone(6)],
      phase: 'hold',
      hold: 'no-data',
    },
    {
      when: 'both arms break, the canary far worse',
      slots: times(12, [0, 100, 80, 900, 90]),
      phase: 'rollback',
      hold: undefined,
    },
    {
      when: 'both arms break from the start',
      slots: times(1, [0, 100, 10, 900, 90]),
      phase: 'hold',
      hold: 'both-breach',
    },
    { when: 'the canary had too few errors', slots: times(12, [0, 3, 0, 900, 90]), phase: 'continue', hold: undefined },
    {
      when: 'both arms broke, 2 min ago',
      slots: [...times(12, [0, 100, 10, 900, 90]), ...times(12, [0, 100, 0, 900, 2])],
      phase: 'continue',
      hold: undefined,
    },
    {
      when: 'both arms broke, and one healed',
      slots: [...times(12, [0, 100, 10, 900, 90]), ...times(24, [0, 100, 10, 900, 9])],
      phase: 'rollback',
      hold: undefined,
    },
  ])('$when: $phase, $hold', ({ slots, phase, hold }) => {
    const { last } = watch(plan(RECORDS.Z), slots);
    expect(last.phase).toBe(phase);
    expect(last.hold).toBe(hold);
  });

  it('needs some errors to roll back, and says so', () => {
    const { last } = watch(plan(), times(3, [0, 20, 1, 180, 0]));
    expect(last.evidence).toBeGreaterThan(last.limit);
    expect(last.phase).toBe('continue');
    expect(last.text).toContain('evidence 4.9 of 4.6 needed; 3 of 5 errors needed');
  });

  it('tells numbers and counts in one sentence', () => {
    const judge = plan({ ...RECORDS.Z, cap: 2.7 });
    const slots = [...times(54, [0, 100, 0, 900, 2]), ...times(6, [0, 100, 8, 900, 0])];
    const { last } = watch(judge, slots);
    expect(last.text).toMatch(
      /^canary 0\.80 % \(48\/6,000\) against stable 0\.20 % \(108\/54,000\), 4\.0 times; evidence -?\d+\.\d of 4\.6 needed; record 240 min, dispersion cv 0\.5$/,
    );
    expect(last).toMatchObject({
      canary: { n: 6000, e: 48, ratio: 0.008 },
      stable: { n: 54_000, e: 108, ratio: 0.002 },
      observedShare: 0.1,
      askedShare: 0.1,
      missing: 0,
      record: { v: 0.25, block: 6, cap: 2.7, bins: 240 },
    });
    expect(last.estimate?.ratio).toBeCloseTo(4, 12);
    expect(last.estimate?.low).toBeCloseTo(2.31, 2);
    expect(last.estimate?.high).toBeCloseTo(7.0, 2);
    expect(last.alphaSpent).toBeCloseTo(0.01 * (0.75 + 9 / 240), 12);
  });

  it.each([
    { slots: times(12, [0, 100, 10, 900, 90]), text: 'both arms break the objective; canary 10.00 %' },
    {
      slots: gone(6),
      text: 'no data for 60 s; canary without requests against stable without requests; evidence -0.3',
    },
    { slots: times(1, [0, 100, 2, 900, 0]), text: 'canary 2.00 % (2/100) against stable 0.00 % (0/900); evidence' },
  ])('begins with what matters: $text', ({ slots, text }) => {
    expect(watch(plan(RECORDS.Z), slots).last.text.startsWith(text)).toBe(true);
  });

  it('without a usable record it never rolls back, and says why', () => {
    const judge = plan({ kind: 'too-short', bins: 8 });
    const { last, rollback } = watch(judge, times(60, [0, 100, 50, 900, 0]));
    expect(rollback).toBeUndefined();
    expect(last).toMatchObject({ phase: 'continue', evidence: null, leadingDelta: null, errorsToRollBack: null });
    expect(last.text).toContain('record too short (8 of 10 min)');
    expect(watch(judge, gone(6)).last.hold).toBe('no-data');
  });

  it('says how many errors in the next slot would roll back', () => {
    const judge = plan();
    const { state, last } = watch(judge, times(8, [0, 100, 0, 900, 2]));
    const enough = last.errorsToRollBack ?? Number.NaN;
    expect(enough).toBeGreaterThan(5);
    const next = (eC: number) => assessLook(judge, addSlot(judge, state, slot([0, 100, eC, 900, 2]), 10), 10).phase;
    expect(next(enough)).toBe('rollback');
    expect(next(enough - 1)).toBe('continue');
    expect(watch(plan(RECORDS.Q), times(8, [0, 100, 0, 900, 2])).last.errorsToRollBack).toBeNull();
  });

  it('at 100 % the evidence stands still', () => {
    const before = watch(plan(), times(12, [0, 100, 1, 900, 2])).state;
    const after = watch(plan(), times(60, [1, 1000, 900, 0, 0]), { from: before, weightPercent: 100 });
    expect(after.state).toEqual(before);
    expect(after.last.evidence).toBe(watch(plan(), [], { from: before }).last.evidence);
  });

  it('counts a step anew', () => {
    const { last } = watch(plan(), [...times(6, [0, 100, 0, 900, 2]), ...times(3, [1, 250, 0, 750, 2])]);
    expect(last.stepRequests).toBe(750);
    expect(last.observedShare).toBe(0.25);
    expect(last.canary.n).toBe(1350);
  });
});

describe('a step', () => {
  const options = { minRequests: 100 };
  const quiet = watch(plan(), times(5, [0, 20, 0, 180, 0])).last;
  it.each([
    { when: 'its time is over', look: quiet, over: true, passed: true },
    { when: 'its time is not over', look: quiet, over: false, passed: false },
    { when: 'requests are missing', look: watch(plan(), times(4, [0, 20, 0, 180, 0])).last, over: true, passed: false },
    { when: 'it is held', look: { ...quiet, phase: 'hold' as const }, over: true, passed: false },
    { when: 'it is rolled back', look: { ...quiet, phase: 'rollback' as const }, over: true, passed: false },
    { when: 'its requests are no number', look: { ...quiet, stepRequests: Number.NaN }, over: true, passed: false },
    { when: 'it has just begun', look: assessLook(plan(), FRESH_STATE, 10), over: true, passed: false },
  ])('passed: $passed when $when', ({ look, over, passed }) => {
    expect(isStepPassed(look, options, over)).toBe(passed);
  });
});
