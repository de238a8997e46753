import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WeightedChoice, weightPercents } from '../../../src/sandbox/router/weighted-choice.ts';

function choose(weights: number[], times: number): (number | undefined)[] {
  const choice = new WeightedChoice(weights);
  return Array.from({ length: times }, () => choice.next());
}

it.each([
  { weights: [100], times: 3, chosen: [0, 0, 0] },
  { weights: [0, 100], times: 3, chosen: [1, 1, 1] },
  { weights: [5, 1, 1], times: 7, chosen: [0, 0, 1, 0, 2, 0, 0] },
  { weights: [1, 1], times: 4, chosen: [0, 1, 0, 1] },
  { weights: [0, 0], times: 2, chosen: [undefined, undefined] },
  { weights: [], times: 1, chosen: [undefined] },
])('weights $weights choose $chosen', ({ weights, times, chosen }) => {
  expect(choose(weights, times)).toEqual(chosen);
});

it('is exact after every whole cycle and never a request away from its share in between', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 500 }), (percent, times) => {
      const seen = choose([100 - percent, percent], times).filter((index) => index === 1).length;
      expect(Math.abs(seen - (times * percent) / 100)).toBeLessThan(1);
      if (times % 100 === 0) expect(seen).toBe((times * percent) / 100);
    }),
  );
});

it('says the percentages of any sum', () => {
  expect(weightPercents([3, 1])).toEqual([75, 25]);
  expect(weightPercents([0, 0])).toEqual([0, 0]);
});
