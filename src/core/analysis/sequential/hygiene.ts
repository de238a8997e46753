/** Slot by slot: what may be judged, and what must make the judge hold. */
import type { Slot } from '../../model/analysis.ts';
import { MAX_UNUSABLE_SLOTS, type CleanSlot } from '../slots.ts';
import { addCounts } from './block.ts';
import { MAX_IDLE_SLOTS } from './constants.ts';

export interface Hygiene {
  /** Slots dropped because a number was missing, NaN or negative. */
  readonly missing: number;
  readonly missingInRow: number;
  /** Sum of slots with more errors than requests: it is added to the next one. */
  readonly carried: CleanSlot | null;
  readonly carriedSlots: number;
  /** Set when what was carried did not come right within 6 slots, until a slot does. */
  readonly inconsistent: boolean;
  /** Slots in a row without a canary request while it was given traffic; missing slots neither count nor end the row. */
  readonly idleInRow: number;
}

export const NO_HYGIENE: Hygiene = {
  missing: 0,
  missingInRow: 0,
  carried: null,
  carriedSlots: 0,
  inconsistent: false,
  idleInRow: 0,
};

/** Why the judge holds for want of data, in words. */
export const UNUSABLE_TEXT = {
  'no-data': 'no data for 60 s',
  'no-canary-traffic': 'no request reached the canary for 2 min',
  'inconsistent-counts': 'more errors than requests were counted for 60 s',
} as const;
export type UnusableReason = keyof typeof UNUSABLE_TEXT;

/**
 * Takes one slot in. `slot` is what is to be judged now, with what was carried over (it then counts for the later
 * step); absent when the slot was dropped, or is carried over itself. The rules of `cleanSlots`, one slot at a time, so
 * that the state can travel.
 *
 * Example: (n 1, e 2) is carried over; (n 3, e 0) then gives (n 4, e 2).
 */
export function takeSlot(
  before: Hygiene,
  slot: Slot,
  weightPercent: number,
): { readonly hygiene: Hygiene; readonly slot?: CleanSlot } {
  const whole = wholeSlot(slot);
  if (!whole) {
    return { hygiene: { ...before, missing: before.missing + 1, missingInRow: before.missingInRow + 1 } };
  }
  const sum = before.carried ? { step: whole.step, ...addCounts(before.carried, whole) } : whole;
  const isConsistent = sum.eC <= sum.nC && sum.eS <= sum.nS;
  const carriedSlots = isConsistent ? 0 : before.carriedSlots + 1;
  const isTooMany = carriedSlots >= MAX_UNUSABLE_SLOTS;
  const hygiene: Hygiene = {
    missing: before.missing,
    missingInRow: 0,
    carried: isConsistent || isTooMany ? null : sum,
    carriedSlots: isTooMany ? 0 : carriedSlots,
    inconsistent: isTooMany || (before.inconsistent && !isConsistent),
    idleInRow: whole.nC === 0 && weightPercent > 0 ? before.idleInRow + 1 : 0,
  };
  return isConsistent ? { hygiene, slot: sum } : { hygiene };
}

/** Why there is nothing to go by now, in the order in which it is told. */
export function whyUnusable(hygiene: Hygiene): UnusableReason | undefined {
  if (hygiene.missingInRow >= MAX_UNUSABLE_SLOTS) return 'no-data';
  if (hygiene.idleInRow >= MAX_IDLE_SLOTS) return 'no-canary-traffic';
  return hygiene.inconsistent ? 'inconsistent-counts' : undefined;
}

function wholeSlot({ step, nC, eC, nS, eS }: Slot): CleanSlot | undefined {
  if (nC === null || eC === null || nS === null || eS === null) return undefined;
  return isCount(nC) && isCount(eC) && isCount(nS) && isCount(eS) ? { step, nC, eC, nS, eS } : undefined;
}

function isCount(count: number): boolean {
  return Number.isFinite(count) && count >= 0;
}
