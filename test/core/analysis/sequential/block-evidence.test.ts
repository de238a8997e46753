import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockEvidence } from '../../../../src/core/analysis/sequential/block-evidence.ts';
import { DELTAS } from '../../../../src/core/analysis/sequential/constants.ts';
import { RECORDS } from './fixtures.ts';

const block = (nC: number, eC: number, nS: number, eS: number) => ({ nC, eC, nS, eS });

describe('evidence of one block', () => {
  it.each([
    { id: 'B1', of: 'P', counts: block(1000, 2, 9000, 18), d: 2, phi: '1.036000', x: '-0.501843' },
    { id: 'B2', of: 'P', counts: block(1000, 8, 9000, 18), d: 5, phi: '1.036000', x: '3.983808' },
    { id: 'B3', of: 'Q', counts: block(1000, 8, 9000, 18), d: 5, phi: '4.600000', x: '0.897223' },
    { id: 'B4', of: 'Z', counts: block(1000, 8, 9000, 0), d: 5, phi: '1.900000', x: '2.700000' },
    { id: 'B5', of: 'Q', counts: block(1000, 40, 9000, 360), d: 2, phi: '73.000000', x: '-0.142441' },
    { id: 'B6', of: 'Q', counts: block(1000, 80, 9000, 18), d: 64, phi: '4.600000', x: '2.700000' },
    { id: 'B9', of: 'Z', counts: block(5000, 20, 5000, 10), d: 2, phi: '3.500000', x: '0.485426' },
    { id: 'B10', of: 'Z', counts: block(100, 0, 900, 0), d: 2, phi: '1.090000', x: '0.000000' },
    { id: 'B11', of: 'P', counts: block(1000, 8, 9000, 18), d: 2, phi: '1.036000', x: '2.001314', tolerance: 1.5 },
  ] as const)('$id $of, delta $d: phi $phi, x $x', ({ of, counts, d, phi, x, ...rest }) => {
    const found = blockEvidence(counts, RECORDS[of], 'tolerance' in rest ? rest.tolerance : undefined);
    expect(found?.phi.toFixed(6)).toBe(phi);
    expect(plainZero(found?.x[DELTAS.indexOf(d)]).toFixed(6)).toBe(x);
  });

  it.each([
    { id: 'B7', when: 'the canary had no request', counts: block(0, 0, 9000, 18) },
    { id: 'B8', when: 'the stable arm had no request', counts: block(1000, 3, 0, 0) },
  ])('$id: none when $when', ({ counts }) => {
    expect(blockEvidence(counts, RECORDS.P)).toBeUndefined();
  });

  it('the worked example: every delta', () => {
    const found = blockEvidence(block(1000, 8, 9000, 18), RECORDS.P)?.x.map((x) => x.toFixed(6));
    expect(found).toEqual(
      '1.103417 1.906541 2.960534 3.907855 3.983808 2.740538 -1.585762 -8.648431 -17.773811'.split(' '),
    );
  });

  it('a shock that both arms feel weighs less than one that the canary feels alone', () => {
    const alone = blockEvidence(block(1000, 80, 9000, 18), { ...RECORDS.Z, cap: 1000 });
    const both = blockEvidence(block(1000, 80, 9000, 360), { ...RECORDS.Z, cap: 1000 });
    expect(alone?.phi).toBeCloseTo(1.9, 12);
    expect(both?.phi).toBeGreaterThan(10);
  });

  it('is finite and under the cap for any counts', () => {
    const count = fc.integer({ min: 0, max: 1e7 });
    fc.assert(
      fc.property(
        count,
        count,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (nC, nS, pC, pS) => {
          const found = blockEvidence(block(nC, Math.floor(nC * pC), nS, Math.floor(nS * pS)), RECORDS.Z, 1.5);
          expect(found === undefined).toBe(nC === 0 || nS === 0);
          for (const x of found?.x ?? []) {
            expect(Number.isFinite(x)).toBe(true);
            expect(x).toBeLessThanOrEqual(2.7);
          }
        },
      ),
    );
  });
});

/** `-0` prints as `-0.000000`. */
function plainZero(x: number | undefined): number {
  return x === undefined ? Number.NaN : x + 0;
}
