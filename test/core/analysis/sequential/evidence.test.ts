import { describe, expect, it } from 'vitest';
import {
  currentEvidence,
  logMeanExp,
  shareAlpha,
  spentAlpha,
  START_MASSES,
} from '../../../../src/core/analysis/sequential/evidence.ts';
import { FRESH_STATE, stateFrom } from '../../../../src/core/analysis/sequential/state.ts';
import type { Slot } from '../../../../src/core/model/analysis.ts';
import { plan, RECORDS, times, watch, type RecordName } from './fixtures.ts';

interface Vector {
  readonly id: string;
  readonly of: RecordName;
  readonly slots: readonly Slot[];
  readonly evidence: string;
  readonly rollback?: readonly [slot: number, evidence: string];
}

const VECTORS: readonly Vector[] = [
  { id: 'E1', of: 'P', slots: [], evidence: '-0.287682' },
  { id: 'E2', of: 'P', slots: times(1, [0, 100, 0, 900, 0]), evidence: '-0.287682' },
  { id: 'E3', of: 'P', slots: times(1, [0, 100, 2, 900, 2]), evidence: '1.096014' },
  { id: 'E4', of: 'P', slots: times(6, [0, 100, 2, 900, 2]), evidence: '10.053939', rollback: [4, '6.342646'] },
  { id: 'E5', of: 'P', slots: times(7, [0, 100, 2, 900, 2]), evidence: '12.003336', rollback: [4, '6.342646'] },
  { id: 'E6', of: 'Q', slots: times(12, [0, 100, 2, 900, 2]), evidence: '4.409926' },
  { id: 'E7', of: 'Q', slots: times(30, [0, 100, 2, 900, 2]), evidence: '12.325508', rollback: [13, '5.669571'] },
  { id: 'E8', of: 'P', slots: times(60, [0, 100, 0, 900, 2]), evidence: '-4.958967' },
  {
    id: 'E9',
    of: 'P',
    slots: [...times(60, [0, 100, 0, 900, 2]), ...times(12, [0, 100, 2, 900, 2])],
    evidence: '16.458866',
    rollback: [66, '4.869937'],
  },
  {
    id: 'E10',
    of: 'Z',
    slots: [...times(8, [0, 100, 1, 900, 2]), ...times(8, [1, 250, 3, 750, 2])],
    evidence: '6.103183',
    rollback: [15, '5.430060'],
  },
  { id: 'E11', of: 'P', slots: times(6, [0, 10, 1, 90, 0]), evidence: '11.031797', rollback: [5, '8.952888'] },
  { id: 'E12', of: 'P', slots: times(3, [0, 20, 1, 180, 0]), evidence: '4.872170' },
  { id: 'E13', of: 'Z', slots: times(6, [0, 100, 10, 900, 90]), evidence: '-1.530471' },
  { id: 'E14', of: 'X', slots: times(36, [0, 100, 1, 900, 2]), evidence: '3.463062' },
  {
    id: 'E15',
    of: 'P',
    slots: [...times(3, [0, 0, 0, 100, 1]), ...times(3, [0, 10, 1, 90, 0])],
    evidence: '3.644875',
  },
];

describe('evidence over blocks', () => {
  it.each(VECTORS)('$id $of: L $evidence, rollback $rollback', ({ of, slots, evidence, rollback }) => {
    const found = watch(plan(RECORDS[of]), slots);
    expect(found.last.evidence?.toFixed(6)).toBe(evidence);
    const first = found.rollback && [found.rollback.slot, found.rollback.evidence?.toFixed(6)];
    expect(first).toEqual(rollback);
  });

  it('the worked example: one open block, leading delta 5, no verdict yet', () => {
    const counts = { nC: 1000, eC: 8, nS: 9000, eS: 18 };
    const found = currentEvidence(START_MASSES, counts, RECORDS.P, 1);
    expect(found.evidence.toFixed(6)).toBe('2.514102');
    expect(found.leadingDelta).toBe(5);
  });

  it('stays finite through days of harm and of quiet', () => {
    const bad = watch(plan(RECORDS.P), times(1000, [0, 1000, 900, 9000, 0]));
    expect(Number.isFinite(bad.last.evidence)).toBe(true);
    const quiet = watch(plan(RECORDS.P), times(1000, [0, 1000, 0, 9000, 900]), { from: bad.state });
    expect(Number.isFinite(quiet.last.evidence)).toBe(true);
    expect(quiet.state.masses.every(Number.isFinite)).toBe(true);
  });

  it('is not overflown by large logarithms', () => {
    expect(logMeanExp([2000, 2000])).toBeCloseTo(2000, 9);
    expect(logMeanExp([Number.NEGATIVE_INFINITY, 0])).toBeCloseTo(Math.log(0.5), 12);
    expect(logMeanExp([Number.NEGATIVE_INFINITY])).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('alpha', () => {
  it.each([
    { minutes: 0, spent: 0.0075 },
    { minutes: 60, spent: 0.01 },
    { minutes: 120, spent: 0.0125 },
  ])('$spent is spent after $minutes min', ({ minutes, spent }) => {
    expect(spentAlpha(0.01, minutes, RECORDS.P)).toBeCloseTo(spent, 12);
    expect(spentAlpha(0.01, minutes / 5, RECORDS.X)).toBeCloseTo(spent, 12);
  });

  it.each([
    { weights: [1], shares: [0.01] },
    { weights: [1, 1], shares: [0.005, 0.005] },
    { weights: [3, 1], shares: [0.0075, 0.0025] },
  ])('is shared by $weights as $shares', ({ weights, shares }) => {
    expect(shareAlpha(0.01, weights)).toEqual(shares);
  });
});

describe('a state from elsewhere', () => {
  it.each([null, undefined, 1, {}, { version: 2 }, 'x'])('%o is none', (value) => {
    expect(stateFrom(value)).toBeUndefined();
  });

  it('is taken back as it was written', () => {
    expect(stateFrom(JSON.parse(JSON.stringify(FRESH_STATE)))).toEqual(FRESH_STATE);
  });
});
