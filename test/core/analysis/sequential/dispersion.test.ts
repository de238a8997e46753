import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessDispersion, type Bin } from '../../../../src/core/analysis/sequential/dispersion.ts';

type Pair = readonly [e: number, n: number];
const pattern = (count: number, ...pairs: readonly Pair[]): Bin[] =>
  Array.from({ length: count }, () => pairs.map(([e, n]) => ({ n, e }))).flat();
const same = (count: number, [e, n]: Pair): Pair[] => Array.from({ length: count }, () => [e, n] as const);

describe('dispersion of a record', () => {
  it.each([
    { id: 'D2', bins: pattern(20, [2, 1000]), v: '1.000000', r: '0.002000', block: 6, cap: '2.700000' },
    { id: 'D3', bins: pattern(60, [2, 1000]), v: '0.100000', r: '0.002000', block: 6, cap: '2.700000' },
    { id: 'D4', bins: pattern(240, [2, 1000]), v: '0.010000', r: '0.002000', block: 6, cap: '50.000000' },
    {
      id: 'D5',
      bins: pattern(60, [0, 1000], [4, 1000], [1, 1000], [3, 1000]),
      v: '0.127615',
      r: '0.002000',
      block: 6,
      cap: '3.918033',
    },
    {
      id: 'D6',
      bins: pattern(60, [0, 1000], [10, 1000], [2, 1000], [0, 1000]),
      v: '1.563459',
      r: '0.003000',
      block: 6,
      cap: '2.700000',
    },
    {
      id: 'D7',
      bins: pattern(24, ...same(5, [0, 1000]), ...same(5, [6, 1000])),
      v: '0.954610',
      r: '0.003000',
      block: 30,
      cap: '2.700000',
    },
    {
      id: 'D8',
      bins: pattern(12, [0, 500], [3, 1500], [0, 0], [9, 1000], [1, 1000]),
      v: '1.000000',
      r: '0.003250',
      block: 6,
      cap: '2.700000',
    },
    { id: 'D9', bins: pattern(240, [0, 1000]), v: '0.010000', r: '0.000000', block: 6, cap: '50.000000' },
    { id: 'D10', bins: pattern(15, [0, 1000], [30, 1000]), v: '1.000000', r: '0.015000', block: 6, cap: '2.700000' },
  ])('$id: v $v, r $r, block $block, cap $cap', ({ bins, v, r, block, cap }) => {
    const found = assessDispersion(bins);
    if (found.kind !== 'usable') throw new Error(`a usable record expected, ${found.bins} bins found`);
    expect(found.v.toFixed(6)).toBe(v);
    expect(found.r.toFixed(6)).toBe(r);
    expect(found.block).toBe(block);
    expect(found.cap.toFixed(6)).toBe(cap);
  });

  it('D1: 9 bins are too short', () => {
    expect(assessDispersion(pattern(9, [2, 1000]))).toEqual({ kind: 'too-short', bins: 9 });
  });

  it('takes the last 240 bins', () => {
    const found = assessDispersion([...pattern(50, [900, 1000]), ...pattern(240, [2, 1000])]);
    expect(found).toMatchObject({ kind: 'usable', r: 0.002, bins: 240 });
  });

  it.each([
    { when: 'without requests', bin: { n: 0, e: 0 } },
    { when: 'with requests that are no number', bin: { n: Number.NaN, e: 2 } },
    { when: 'with errors that are no number', bin: { n: 1000, e: Number.NaN } },
    { when: 'with negative errors', bin: { n: 1000, e: -1 } },
    { when: 'with negative requests', bin: { n: -1000, e: 0 } },
    { when: 'with infinite requests', bin: { n: Number.POSITIVE_INFINITY, e: 0 } },
  ])('leaves out a bin $when', ({ bin }) => {
    const bins = pattern(20, [0, 1000], [4, 1000]);
    expect(assessDispersion([...bins.slice(0, 11), bin, ...bins.slice(11)])).toEqual(assessDispersion(bins));
  });

  it('the floor falls as the record grows, and finite numbers come out', () => {
    const bin = fc.record({ n: fc.integer({ min: 1, max: 5000 }), e: fc.integer({ min: 0, max: 50 }) });
    fc.assert(
      fc.property(fc.array(bin, { minLength: 10, maxLength: 260 }), (bins) => {
        const found = assessDispersion(bins);
        if (found.kind !== 'usable') throw new Error('a usable record expected');
        expect(found.v).toBeGreaterThanOrEqual(found.bins >= 240 ? 0.01 : found.bins >= 60 ? 0.1 : 1);
        expect(found.cap).toBeGreaterThanOrEqual(2.7);
        expect([found.v, found.r, found.cap].every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
