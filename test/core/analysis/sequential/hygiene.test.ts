import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_HYGIENE, takeSlot, whyUnusable, type Hygiene } from '../../../../src/core/analysis/sequential/hygiene.ts';
import { cleanSlots, type CleanSlot } from '../../../../src/core/analysis/slots.ts';
import type { Slot } from '../../../../src/core/model/analysis.ts';
import { missing, slot, times } from './fixtures.ts';

function takeAll(slots: readonly Slot[], weightPercent = 10) {
  let hygiene: Hygiene = NO_HYGIENE;
  const taken: CleanSlot[] = [];
  for (const one of slots) {
    const found = takeSlot(hygiene, one, weightPercent);
    hygiene = found.hygiene;
    if (found.slot) taken.push(found.slot);
  }
  return { hygiene, taken };
}

const good = slot([0, 10, 1, 90, 1]);
const idle = slot([0, 0, 0, 100, 1]);
const tooManyErrors = slot([0, 1, 2, 90, 1]);
const many = (count: number, one: Slot): Slot[] => Array.from({ length: count }, () => one);

describe('slots that cannot be judged', () => {
  it.each([
    { when: '5 missing slots', slots: many(5, missing), hold: undefined },
    { when: '6 missing slots', slots: many(6, missing), hold: 'no-data' },
    { when: 'data that came back', slots: [...many(9, missing), good], hold: undefined },
    { when: '11 slots without canary requests', slots: many(11, idle), hold: undefined },
    { when: '12 slots without canary requests', slots: many(12, idle), hold: 'no-canary-traffic' },
    {
      when: '12 slots without canary requests with a gap',
      slots: [...many(6, idle), missing, ...many(6, idle)],
      hold: 'no-canary-traffic',
    },
    { when: '12 of them after one request', slots: [...many(11, idle), good, ...many(11, idle)], hold: undefined },
    { when: '5 slots with more errors than requests', slots: many(5, tooManyErrors), hold: undefined },
    { when: '6 slots with more errors than requests', slots: many(6, tooManyErrors), hold: 'inconsistent-counts' },
    { when: 'counts that came right', slots: [...many(6, tooManyErrors), good], hold: undefined },
  ])('$when: hold $hold', ({ slots, hold }) => {
    expect(whyUnusable(takeAll(slots).hygiene)).toBe(hold);
  });

  it('no request of a canary without weight is no fault', () => {
    expect(whyUnusable(takeAll(many(20, idle), 0).hygiene)).toBeUndefined();
  });

  it.each([
    { n: null, e: 0 },
    { n: 10, e: null },
    { n: Number.NaN, e: 0 },
    { n: 10, e: Number.NaN },
    { n: -1, e: 0 },
    { n: 10, e: -1 },
    { n: Number.POSITIVE_INFINITY, e: 0 },
  ])('drops and counts $e errors of $n requests in either arm', ({ n, e }) => {
    const canary = takeAll([{ ...good, nC: n, eC: e }]);
    const stable = takeAll([{ ...good, nS: n, eS: e }]);
    for (const { hygiene, taken } of [canary, stable]) {
      expect(taken).toEqual([]);
      expect(hygiene.missing).toBe(1);
    }
  });

  it('carries errors over to the requests they belong to', () => {
    const { taken } = takeAll([slot([0, 1, 2, 90, 0]), missing, slot([1, 3, 0, 90, 1])]);
    expect(taken).toEqual([{ step: 1, nC: 4, eC: 2, nS: 180, eS: 1 }]);
  });

  it('gives the same slots and counts as the rules for a whole list', () => {
    const count = fc.option(fc.constantFrom(Number.NaN, -1, 0, 1, 2, 3, 10), { nil: null });
    const any = fc.record({ step: fc.constant(0), atMs: fc.constant(0), nC: count, eC: count, nS: count, eS: count });
    const whole = fc.record({
      step: fc.integer({ min: 0, max: 1 }),
      atMs: fc.constant(0),
      nC: fc.integer({ min: 0, max: 4 }),
      eC: fc.integer({ min: 0, max: 4 }),
      nS: fc.integer({ min: 0, max: 4 }),
      eS: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(any, whole, fc.constant(missing)), { maxLength: 40 }), (slots) => {
        const list = cleanSlots(slots);
        const { hygiene, taken } = takeAll(slots, 0);
        expect(taken).toEqual(list.slots);
        expect(hygiene.missing).toBe(list.missing);
        expect(whyUnusable(hygiene)).toBe(list.hold);
      }),
    );
  });

  it('takes good slots as they are', () => {
    expect(takeAll(times(3, [2, 10, 1, 90, 1])).taken).toHaveLength(3);
  });
});
