import type { Slot } from '../model/analysis.ts';
import type { TimedBin } from './record-watch.ts';

const MINUTE_MS = 60_000;

/**
 * Whole minutes of the stable arm in a watch, for the record that the next release is compared with. The first and the
 * last minute are left out, as they were not watched whole; so is a minute of which a count is missing.
 */
export function stableMinutes(slots: readonly Slot[]): readonly TimedBin[] {
  const minutes = new Map<number, { n: number; e: number; isWhole: boolean }>();
  for (const { atMs, nS, eS } of slots) {
    const minute = Math.floor(atMs / MINUTE_MS);
    const sum = minutes.get(minute) ?? { n: 0, e: 0, isWhole: true };
    minutes.set(minute, {
      n: sum.n + (nS ?? 0),
      e: sum.e + (eS ?? 0),
      isWhole: sum.isWhole && nS !== null && eS !== null,
    });
  }
  return [...minutes]
    .slice(1, -1)
    .filter(([, { isWhole }]) => isWhole)
    .map(([minute, { n, e }]) => ({ atMs: minute * MINUTE_MS, n, e: Math.min(n, e) }));
}
