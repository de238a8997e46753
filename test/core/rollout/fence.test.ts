import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessFence, compareFence, formatFence, parseFence } from '../../../src/core/rollout/fence.ts';

describe('assessFence', () => {
  it.each([
    { stamp: '5/3', mine: { term: 5, change: 4 }, says: 'open' },
    { stamp: '5/4', mine: { term: 5, change: 4 }, says: 'ours' },
    { stamp: '6/1', mine: { term: 5, change: 9 }, says: 'fenced' },
    { stamp: '5/5', mine: { term: 5, change: 4 }, says: 'fenced' },
    { stamp: '5/10', mine: { term: 5, change: 9 }, says: 'fenced' },
    { stamp: undefined, mine: { term: 5, change: 1 }, says: 'unstamped' },
    { stamp: 'hello', mine: { term: 5, change: 1 }, says: 'unstamped' },
    { stamp: '5/-1', mine: { term: 5, change: 1 }, says: 'unstamped' },
  ])('is $says on $stamp for $mine', ({ stamp, mine, says }) => {
    expect(assessFence(stamp, mine)).toBe(says);
  });

  it('orders all pairs as the text says', () => {
    const fence = fc.record({ term: fc.nat(2_000_000_000), change: fc.nat(1000) });
    fc.assert(
      fc.property(fence, fence, (a, b) => {
        expect(parseFence(formatFence(a))).toEqual(a);
        const order = compareFence(a, b);
        expect(assessFence(formatFence(a), b)).toBe(order > 0 ? 'fenced' : order === 0 ? 'ours' : 'open');
      }),
    );
  });
});
