import { expect, it } from 'vitest';
import { stableMinutes } from '../../../src/core/analysis/stable-minutes.ts';

const slotAt = (second: number, nS: number | null = 100, eS: number | null = 1) => ({
  step: 0,
  atMs: second * 1_000,
  nC: 0,
  eC: 0,
  nS,
  eS,
});

it('gives the whole minutes of a watch, and no minute of which something is missing', () => {
  const slots = Array.from({ length: 30 }, (_, at) => slotAt(at * 10, at === 14 ? null : 100));
  expect(stableMinutes(slots)).toEqual([
    { atMs: 60_000, n: 600, e: 6 },
    { atMs: 180_000, n: 600, e: 6 },
  ]);
});

it('gives nothing of a watch that was short', () => {
  expect(stableMinutes([slotAt(0), slotAt(10), slotAt(70)])).toEqual([]);
  expect(stableMinutes([])).toEqual([]);
});
