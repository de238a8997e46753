import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessGate } from '../../../../src/core/analysis/sequential/gate-verdict.ts';
import { addSlot, FRESH_STATE, type SequentialState } from '../../../../src/core/analysis/sequential/state.ts';
import { assessLook, isRollback, isStepPassed } from '../../../../src/core/analysis/sequential/verdict.ts';
import type { Slot } from '../../../../src/core/model/analysis.ts';
import { afterSlots, missing, plan, RECORDS, slot, times, watch, type RecordName } from './fixtures.ts';

const counts = fc
  .record({ nC: fc.integer({ min: 0, max: 500 }), nS: fc.integer({ min: 0, max: 2000 }), pC: chance(), pS: chance() })
  .map(({ nC, nS, pC, pS }) => ({ nC, eC: Math.floor(nC * pC), nS, eS: Math.floor(nS * pS) }));
const goodSlot = counts.map((one): Slot => ({ step: 0, atMs: 0, ...one }));
const steppedSlots = fc.array(fc.tuple(goodSlot, fc.integer({ min: 0, max: 9 })), { maxLength: 60 }).map((rows) => {
  let step = 0;
  return rows.map(([one, turn]): Slot => {
    if (turn === 0) step += 1;
    return { ...one, step };
  });
});
const brokenCount = fc.constantFrom(null, Number.NaN, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
const brokenSlot = fc
  .tuple(goodSlot, fc.constantFrom('nC', 'eC', 'nS', 'eS'), brokenCount)
  .map(([one, key, value]): Slot => ({ ...one, [key]: value }));
const record = fc.constantFrom<RecordName>('P', 'Q', 'Z', 'X');

function chance() {
  return fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 0.05, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
}

function evidenceOf(of: RecordName, state: SequentialState): number {
  return assessLook(plan(RECORDS[of]), state, 10).evidence ?? Number.NaN;
}

describe('the judge', () => {
  it('does not mind how the counts of a block fall into its slots', () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(counts, cuts), { minLength: 1, maxLength: 8 }), (blocks) => {
        let whole = FRESH_STATE;
        let cut = FRESH_STATE;
        for (const [one, at] of blocks) {
          whole = afterSlots(plan(), [{ step: 0, atMs: 0, ...one }, ...times(5, [0, 0, 0, 0, 0])], whole);
          cut = afterSlots(plan(), splitSlot(one, at), cut);
          expect(evidenceOf('P', cut)).toBe(evidenceOf('P', whole));
        }
        expect(cut.gate).toEqual(whole.gate);
      }),
    );
  });

  it('does not mind how many slots there were in a block that a new step ended', () => {
    fc.assert(
      fc.property(fc.array(fc.array(counts, { minLength: 1, maxLength: 6 }), { maxLength: 8 }), (steps) => {
        const split = steps.flatMap((rows, step) => rows.map((one): Slot => ({ step, atMs: 0, ...one })));
        const merged = steps.map(
          (rows, step): Slot => ({
            step,
            atMs: 0,
            nC: sum(rows.map((one) => one.nC)),
            eC: sum(rows.map((one) => one.eC)),
            nS: sum(rows.map((one) => one.nS)),
            eS: sum(rows.map((one) => one.eS)),
          }),
        );
        expect(evidenceOf('Z', afterSlots(plan(RECORDS.Z), split))).toBe(
          evidenceOf('Z', afterSlots(plan(RECORDS.Z), merged)),
        );
      }),
    );
  });

  it('adds no evidence for what is missing', () => {
    fc.assert(
      fc.property(
        record,
        fc.array(fc.oneof(goodSlot, brokenSlot, fc.constant(missing)), { maxLength: 60 }),
        (of, slots) => {
          const judge = plan(RECORDS[of]);
          const holed = afterSlots(judge, slots);
          const whole = afterSlots(judge, slots.filter(isWhole));
          expect(evidenceOf(of, holed)).toBe(evidenceOf(of, whole));
          expect({ ...holed, hygiene: null }).toEqual({ ...whole, hygiene: null });
          expect(holed.hygiene.missing).toBe(slots.length - slots.filter(isWhole).length);
        },
      ),
    );
  });

  it('adds no evidence where the canary had no request', () => {
    fc.assert(
      fc.property(record, steppedSlots, (of, slots) => {
        const none = slots.map((one) => ({ ...one, nC: 0, eC: 0 }));
        const nothing = slots.map((one) => ({ ...one, nC: 0, eC: 0, nS: 0, eS: 0 }));
        const evidence = evidenceOf(of, afterSlots(plan(RECORDS[of]), none));
        expect(evidence).toBe(evidenceOf(of, afterSlots(plan(RECORDS[of]), nothing)));
        expect(evidence).toBeLessThan(0.5);
      }),
    );
  });

  it('is not changed by a journey of its state through JSON', () => {
    fc.assert(
      fc.property(record, fc.array(fc.oneof(goodSlot, brokenSlot), { maxLength: 60 }), fc.nat(60), (of, slots, at) => {
        const judge = plan(RECORDS[of]);
        const before = afterSlots(judge, slots.slice(0, at));
        const back = JSON.parse(JSON.stringify(before)) as SequentialState;
        expect(back).toEqual(before);
        const rest = slots.slice(at);
        expect(afterSlots(judge, rest, back)).toEqual(afterSlots(judge, rest, before));
        expect(watch(judge, rest, { from: back }).last).toEqual(watch(judge, slots).last);
      }),
    );
  });

  it('keeps its state small', () => {
    fc.assert(
      fc.property(record, steppedSlots, (of, slots) => {
        const state = afterSlots(plan(RECORDS[of]), [...slots, ...slots, ...slots]);
        expect(JSON.stringify(state).length).toBeLessThan(3_000);
      }),
    );
  });

  it('rolls back by itself at the looks that say so to people', () => {
    fc.assert(
      fc.property(record, steppedSlots, (of, slots) => {
        const judge = plan(RECORDS[of]);
        const state = afterSlots(judge, slots);
        expect(isRollback(judge, state)).toBe(assessLook(judge, state, 10).phase === 'rollback');
      }),
    );
  });

  it('says rollback before hold, and hold before continue', () => {
    fc.assert(
      fc.property(record, steppedSlots, fc.integer({ min: 0, max: 8 }), (of, slots, gone) => {
        const judge = plan(RECORDS[of]);
        const look = watch(judge, [...slots, ...Array<Slot>(gone).fill(missing)]).last;
        const crossed = (look.evidence ?? Number.NaN) >= look.limit && look.canary.e >= judge.options.minErrors;
        if (crossed) expect(look).toMatchObject({ phase: 'rollback' });
        else if (gone >= 6) expect(look).toMatchObject({ phase: 'hold', hold: 'no-data' });
        else expect(look.phase).toBe(look.hold ? 'hold' : 'continue');
        expect(look.hold === undefined).toBe(look.phase !== 'hold');
      }),
    );
  });

  it('passes nothing on numbers that are none', () => {
    fc.assert(
      fc.property(record, fc.array(brokenSlot, { minLength: 1, maxLength: 60 }), (of, slots) => {
        const judge = plan(RECORDS[of]);
        const state = afterSlots(judge, slots);
        const look = assessLook(judge, state, 10);
        expect(isStepPassed(look, judge.options, true)).toBe(false);
        expect(assessGate(judge, state, look, 0).phase).toBe('hold');
        expect(look.phase).not.toBe('rollback');
      }),
    );
  });

  it('sees a worse canary in a later slot no later than without its errors', () => {
    fc.assert(
      fc.property(record, steppedSlots, fc.integer({ min: 1, max: 50 }), (of, slots, more) => {
        const judge = plan(RECORDS[of]);
        const before = afterSlots(judge, slots);
        const next = (eC: number) => evidenceOf(of, addSlot(judge, before, slot([99, 100, eC, 900, 1]), 10));
        expect(next(1 + more)).toBeGreaterThanOrEqual(next(1));
      }),
    );
  });
});

/** A block's counts in six slots; errors come with their requests. */
function splitSlot(one: { nC: number; eC: number; nS: number; eS: number }, cuts: readonly number[]): Slot[] {
  const shares = (total: number): number[] => {
    const ends = [...cuts.map((cut) => Math.floor(cut * total)).sort((a, b) => a - b), total];
    return ends.map((end, at) => end - (ends[at - 1] ?? 0));
  };
  const [canary, stable] = [shares(one.nC), shares(one.nS)];
  let [leftC, leftS] = [one.eC, one.eS];
  return canary.map((nC, at): Slot => {
    const nS = stable[at] ?? 0;
    const [eC, eS] = [Math.min(nC, leftC), Math.min(nS, leftS)];
    leftC -= eC;
    leftS -= eS;
    return { step: 0, atMs: 0, nC, eC, nS, eS };
  });
}

function isWhole({ nC, eC, nS, eS }: Slot): boolean {
  return [nC, eC, nS, eS].every((value) => value !== null && Number.isFinite(value) && value >= 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
