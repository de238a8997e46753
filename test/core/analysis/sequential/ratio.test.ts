import { describe, expect, it } from 'vitest';
import { estimateRatio } from '../../../../src/core/analysis/sequential/ratio.ts';

const counts = (nC: number, eC: number, nS: number, eS: number) => ({ nC, eC, nS, eS });

describe('the ratio of the arms', () => {
  it.each([
    { of: counts(6000, 48, 54_000, 108), v: 0.25, blocks: 10, ratio: 4, low: 2.31, high: 7 },
    { of: counts(6000, 48, 54_000, 108), v: 0, blocks: 10, ratio: 4, low: 2.87, high: 5.64 },
    { of: counts(100, 0, 900, 9), v: 0, blocks: 1, ratio: 0, low: 0.03, high: 8.14 },
  ])('$ratio, from $low to $high', ({ of, v, blocks, ratio, low, high }) => {
    const found = estimateRatio(of, v, blocks);
    expect(found?.ratio).toBeCloseTo(ratio, 12);
    expect(found?.low.toFixed(2)).toBe(low.toFixed(2));
    expect(found?.high.toFixed(2)).toBe(high.toFixed(2));
  });

  it.each([
    { when: 'the canary had no request', of: counts(0, 0, 900, 9) },
    { when: 'the stable arm had no request', of: counts(100, 1, 0, 0) },
    { when: 'the stable arm had no error', of: counts(100, 1, 900, 0) },
  ])('is none when $when', ({ of }) => {
    expect(estimateRatio(of, 0.1, 3)).toBeUndefined();
  });
});
