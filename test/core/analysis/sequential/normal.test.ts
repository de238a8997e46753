import { describe, expect, it } from 'vitest';
import { cappedNormal, normalProbability, poissonTail } from '../../../../src/core/analysis/sequential/normal.ts';

/** Reference values with 30 digits of working precision: x, Phi(x), Phi(-x). */
const PHI = [
  [0, 0.5, 0.5],
  [0.5, 0.6914624612740131, 0.3085375387259869],
  [1, 0.8413447460685429, 0.1586552539314571],
  [1.96, 0.9750021048517796, 0.02499789514822044],
  [2.5, 0.993790334674224, 0.006209665325776135],
  [2.999, 0.9986456634662729, 0.001354336533727106],
  [3, 0.9986501019683699, 0.001349898031630095],
  [3.001, 0.998654527174915, 0.001345472825084966],
  [4, 0.9999683287581669, 3.167124183311992e-5],
  [5, 0.9999997133484281, 2.866515718791939e-7],
  [6, 0.9999999990134124, 9.865876450376981e-10],
  [8, 0.9999999999999994, 6.220960574271784e-16],
  [12, 1, 1.776482112077679e-33],
  [20, 1, 2.753624118606234e-89],
] as const;

describe('the normal distribution', () => {
  it.each(PHI)('Phi at %d and below zero', (x, above, below) => {
    expect(Math.abs(normalProbability(x) - above)).toBeLessThan(1e-14);
    expect(Math.abs(normalProbability(-x) / below - 1)).toBeLessThan(1e-11);
  });

  it('has no value where there is none, and ends at 0 and 1', () => {
    expect(normalProbability(Number.NaN)).toBeNaN();
    expect(normalProbability(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(normalProbability(Number.POSITIVE_INFINITY)).toBe(1);
    expect(normalProbability(-50)).toBe(0);
  });

  it('never falls', () => {
    let before = 0;
    for (let x = -9; x <= 9; x += 0.003) {
      const now = normalProbability(x);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  it.each([
    { mean: 1, variance: 1, cap: 2.7, is: [0.981712209313, 0.924010849785] },
    { mean: 4, variance: 2, cap: 2.7, is: [2.56290755554, 0.160956156511] },
    { mean: -3, variance: 9, cap: 2.7, is: [-3.03316305337, 8.55142176932] },
    { mean: 1, variance: 0, cap: 2.7, is: [1, 0] },
    { mean: 3, variance: 0, cap: 2.7, is: [2.7, 0] },
    { mean: 1, variance: 1, cap: 50, is: [1, 1] },
    { mean: 100, variance: 1, cap: 2.7, is: [2.7, 0] },
  ])('min($cap, N($mean, $variance)) has mean and variance $is', ({ mean, variance, cap, is }) => {
    const found = cappedNormal({ mean, variance }, cap);
    expect(found.mean).toBeCloseTo(is[0] ?? Number.NaN, 9);
    expect(found.variance).toBeCloseTo(is[1] ?? Number.NaN, 9);
  });
});

describe('the Poisson distribution', () => {
  it.each([
    { mean: 5, least: 5, chance: 0.559506714934788 },
    { mean: 0.1, least: 5, chance: 7.667801686189311e-8 },
    { mean: 0.01, least: 1, chance: 0.009950166250831947 },
    { mean: 12, least: 20, chance: 0.02127976938302663 },
    { mean: 1000, least: 5, chance: 1 },
    { mean: 0, least: 5, chance: 0 },
    { mean: 3, least: 0, chance: 1 },
  ])('with mean $mean at least $least: $chance', ({ mean, least, chance }) => {
    expect(poissonTail(mean, least)).toBeCloseTo(chance, 13);
  });
});
