import { describe, expect, it } from 'vitest';
import { ERROR_DEFAULTS } from '../../../../src/core/analysis/sequential/constants.ts';
import { assessGate } from '../../../../src/core/analysis/sequential/gate-verdict.ts';
import { assessLook } from '../../../../src/core/analysis/sequential/verdict.ts';
import type { Slot } from '../../../../src/core/model/analysis.ts';
import { afterSlots, missing, plan, RECORDS, times, type RecordName } from './fixtures.ts';

const MINUTE = 60_000;

interface Vector {
  readonly id: string;
  readonly of: RecordName;
  readonly slots: readonly Slot[];
  readonly evidence: string;
  readonly phase: 'pass' | 'hold';
}

const VECTORS: readonly Vector[] = [
  { id: 'G1', of: 'P', slots: times(18, [0, 20, 0, 180, 0]), evidence: '2.167984', phase: 'hold' },
  { id: 'G2', of: 'P', slots: times(20, [0, 20, 0, 180, 0]), evidence: '2.499357', phase: 'pass' },
  { id: 'G3', of: 'P', slots: times(60, [0, 100, 0, 900, 2]), evidence: '54.304664', phase: 'pass' },
  { id: 'G4', of: 'P', slots: times(60, [0, 100, 1, 900, 2]), evidence: '-4.434021', phase: 'hold' },
  { id: 'G5', of: 'Q', slots: times(60, [0, 100, 0, 900, 2]), evidence: '6.725875', phase: 'pass' },
  { id: 'G6', of: 'P', slots: times(30, [0, 500, 5, 500, 5]), evidence: '14.087839', phase: 'pass' },
  { id: 'G7', of: 'P', slots: times(12, [0, 100, 2, 0, 0]), evidence: '-0.688123', phase: 'hold' },
];

function ask(judge: ReturnType<typeof plan>, slots: readonly Slot[], waitedMs = 0) {
  const state = afterSlots(judge, slots);
  return assessGate(judge, state, assessLook(judge, state, 10), waitedMs);
}

describe('the gate before 100 %', () => {
  it.each(VECTORS)('$id $of: G $evidence, $phase', ({ of, slots, evidence, phase }) => {
    const found = ask(plan(RECORDS[of]), slots);
    expect(found.evidence?.toFixed(6)).toBe(evidence);
    expect(found.phase).toBe(phase);
  });

  it('without an objective the stable arm must show something to compare with', () => {
    const without = plan(RECORDS.P, { mustDetect: { ratio: 2 } });
    expect(ask(without, times(60, [0, 100, 0, 900, 0])).phase).toBe('hold');
    expect(ask(without, times(60, [0, 100, 0, 900, 2])).phase).toBe('pass');
  });

  it('is not kept: errors after a pass close it again', () => {
    const good = times(20, [0, 20, 0, 180, 0]);
    expect(ask(plan(), good).phase).toBe('pass');
    expect(ask(plan(), [...good, ...times(2, [0, 20, 2, 180, 0])]).phase).toBe('hold');
  });

  it.each([
    { waitedMs: 29 * MINUTE, phase: 'hold' },
    { waitedMs: 30 * MINUTE, phase: 'low-traffic' },
  ])('says $phase after $waitedMs ms without enough evidence', ({ waitedMs, phase }) => {
    const found = ask(plan(), times(18, [0, 20, 0, 180, 0]), waitedMs);
    expect(found.phase).toBe(phase);
    expect(found.text).toContain('gate evidence 2.2 of 2.3 needed after 360 canary requests');
    expect(found.text).toContain("a ratio of 2 times stable's and at least 1 %");
  });

  it('holds while data are missing, also with enough evidence', () => {
    const slots = [...times(20, [0, 20, 0, 180, 0]), ...Array<Slot>(6).fill(missing)];
    expect(ask(plan(), slots)).toMatchObject({ phase: 'hold', text: expect.stringContaining('no data for 60 s') });
  });

  it('never passes a canary that is to be rolled back', () => {
    const lenient = plan(RECORDS.P, { mustDetect: { ratio: 50, objective: 0.9 } });
    const found = ask(lenient, times(30, [0, 1000, 40, 9000, 18]));
    expect(found.evidence ?? 0).toBeGreaterThan(10);
    expect(found).toMatchObject({ phase: 'hold', text: expect.stringContaining('the canary is rolled back') });
  });

  it('leaves the answer to others when the record is too short', () => {
    const found = ask(plan({ kind: 'too-short', bins: 9 }), times(60, [0, 100, 0, 900, 2]));
    expect(found).toMatchObject({ phase: 'no-comparison', text: 'record too short (9 of 10 min)' });
  });

  it('beta moves the limit', () => {
    expect(ask(plan(RECORDS.P, { beta: 0.12 }), times(18, [0, 20, 0, 180, 0])).phase).toBe('pass');
    expect(ERROR_DEFAULTS.beta).toBe(0.1);
  });
});
