import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addToWindows,
  assessWindows,
  NO_WINDOWS,
  planWindows,
  type WindowPlan,
  type WindowState,
} from '../../../../src/core/analysis/sequential/after-comparison.ts';
import { ERROR_DEFAULTS } from '../../../../src/core/analysis/sequential/constants.ts';
import { assessDispersion, type Bin } from '../../../../src/core/analysis/sequential/dispersion.ts';

const bins = (count: number, e: number, n = 1000): Bin[] => Array.from({ length: count }, () => ({ n, e }));

/** Four hours with some bad minutes far from each other. */
const spread = (bad: number): Bin[] =>
  bins(240, 2).map((bin, at) => (at % 60 === 7 && at < bad * 60 ? { ...bin, e: 50 } : bin));

function planOf(record: readonly Bin[], objective?: number): WindowPlan {
  const dispersion = assessDispersion(record);
  if (dispersion.kind !== 'usable') throw new Error('a usable record expected');
  const mustDetect = objective === undefined ? { ratio: 2 } : { ratio: 2, objective };
  return planWindows(record, dispersion, { ...ERROR_DEFAULTS, mustDetect });
}

describe('the limit of a window', () => {
  it.each([
    { when: 'the objective is highest', record: bins(240, 2), objective: 0.01, limit: 0.01, slots: 6 },
    { when: 'twice the record is highest', record: bins(240, 8), objective: 0.01, limit: 0.016, slots: 6 },
    { when: 'there is no objective', record: bins(240, 2), objective: undefined, limit: 0.004, slots: 6 },
    {
      // Rank ceil(0.99 x 240) = 238 of 240, ascending: the third from the top.
      when: 'the 99th percentile of the record is highest',
      record: spread(3),
      objective: 0.01,
      limit: 0.05,
      slots: 6,
    },
    {
      when: 'only two minutes were bad',
      record: spread(2),
      objective: 0.01,
      limit: 0.01,
      slots: 6,
    },
    {
      when: 'the record is too short to have a 99th percentile',
      record: [...bins(30, 2), ...bins(29, 4)],
      objective: 0.001,
      limit: (2 * (60 + 116)) / 59_000,
      slots: 6,
    },
    {
      when: 'bursts last, so that five minutes are one window',
      record: Array.from({ length: 24 }, () => [...bins(5, 0), ...bins(5, 30)]).flat(),
      objective: 0.01,
      limit: 0.03,
      slots: 30,
    },
  ])('$limit, $slots slots, when $when', ({ record, objective, limit, slots }) => {
    const found = planOf(record, objective);
    expect(found.limit).toBeCloseTo(limit, 12);
    expect(found.slots).toBe(slots);
  });
});

const PLAN: WindowPlan = { limit: 0.01, slots: 6, slotMs: 10_000, minErrors: 5 };
const BAD = 90;
const GOOD = 20;

/** Windows of 6,000 requests with these errors, slot by slot. */
function watched(errors: readonly number[], plan = PLAN): WindowState {
  let state = NO_WINDOWS;
  for (const e of errors) {
    for (let at = 0; at < plan.slots; at += 1) {
      state = addToWindows(plan, state, { n: 6000 / plan.slots, e: e / plan.slots });
    }
  }
  return state;
}

describe('the version that serves alone', () => {
  it.each([
    { when: 'it is well', errors: [GOOD, GOOD, GOOD, GOOD, GOOD], phase: 'continue', bad: 0 },
    { when: '2 of 5 windows are bad', errors: [BAD, GOOD, BAD, GOOD, GOOD], phase: 'continue', bad: 2 },
    { when: '3 of 5 windows are bad', errors: [BAD, GOOD, BAD, GOOD, BAD], phase: 'rollback', bad: 3 },
    { when: 'the first 3 windows are bad', errors: [BAD, BAD, BAD], phase: 'rollback', bad: 3 },
    { when: 'bad windows are long ago', errors: [BAD, BAD, GOOD, GOOD, GOOD, BAD], phase: 'continue', bad: 2 },
    { when: 'windows are at the limit', errors: [60, 60, 60, 60, 60], phase: 'continue', bad: 0 },
    { when: 'nothing is known yet', errors: [], phase: 'continue', bad: 0 },
  ])('$phase when $when', ({ errors, phase, bad }) => {
    expect(assessWindows(PLAN, watched(errors))).toMatchObject({ phase, bad });
  });

  it('says what was seen, and what could not be', () => {
    expect(assessWindows(PLAN, watched([BAD, BAD, BAD])).text).toBe(
      '3 of the last 3 windows of 60 s above 1.00 %, 3 of 5 roll back; no comparison was possible',
    );
  });

  it('few errors make no window bad', () => {
    let state = NO_WINDOWS;
    for (let at = 0; at < 30; at += 1) state = addToWindows(PLAN, state, { n: 2, e: at % 6 < 4 ? 1 : 0 });
    expect(assessWindows(PLAN, state)).toMatchObject({ phase: 'continue', bad: 0, windows: 5 });
  });

  it.each([
    { when: 'data are missing', counts: { n: null, e: 1 }, slots: 6, hold: 'no-data' },
    { when: 'data are no numbers', counts: { n: Number.NaN, e: 1 }, slots: 6, hold: 'no-data' },
    { when: 'no request comes', counts: { n: 0, e: 0 }, slots: 12, hold: 'no-canary-traffic' },
    { when: 'counts do not agree', counts: { n: 1, e: 5 }, slots: 6, hold: 'inconsistent-counts' },
  ])('holds when $when', ({ counts, slots, hold }) => {
    let state = watched([GOOD, BAD]);
    for (let at = 0; at < slots; at += 1) state = addToWindows(PLAN, state, counts);
    expect(assessWindows(PLAN, state)).toMatchObject({ phase: 'hold', hold, bad: 1 });
  });

  it('rolls back before it holds', () => {
    let state = watched([BAD, BAD, BAD]);
    for (let at = 0; at < 6; at += 1) state = addToWindows(PLAN, state, { n: null, e: null });
    expect(assessWindows(PLAN, state).phase).toBe('rollback');
  });

  it('a missing slot does not fill a window', () => {
    const counts = fc.array(fc.record({ n: fc.integer({ min: 1, max: 99 }), e: fc.constant(1) }), { maxLength: 40 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 40 }), (rows, at) => {
        const fill = (all: readonly { n: number | null; e: number | null }[]) =>
          all.reduce((state, row) => addToWindows(PLAN, state, row), NO_WINDOWS);
        const holed = fill([...rows.slice(0, at), { n: null, e: null }, ...rows.slice(at)]);
        const whole = fill(rows);
        expect(holed.windows).toEqual(whole.windows);
        expect(holed.open).toEqual(whole.open);
      }),
    );
  });
});
