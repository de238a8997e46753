/** Slots are pooled into blocks before they are judged: bursts shorter than a block are then one observation. */
import type { CleanSlot } from '../slots.ts';

/** Requests and errors of canary and stable. */
export type Counts = Omit<CleanSlot, 'step'>;

export interface Block extends CleanSlot {
  /** Slots that it holds. */
  readonly slots: number;
}

export const NO_COUNTS: Counts = { nC: 0, eC: 0, nS: 0, eS: 0 };

export function addCounts(left: Counts, right: Counts): Counts {
  return { nC: left.nC + right.nC, eC: left.eC + right.eC, nS: left.nS + right.nS, eS: left.eS + right.eS };
}

/**
 * Adds a slot to the open block. A block ends when it holds `length` slots, or when the step changes: a new weight was
 * asked for, and the share of the requests with it. A full block stays open until the next slot comes, so that a look
 * at its end is a look at what was seen, without the mass that enters with the next block.
 */
export function cutBlocks(
  open: Block | null,
  slot: CleanSlot,
  length: number,
): { readonly closed: Block | null; readonly open: Block } {
  const { step, nC, eC, nS, eS } = slot;
  if (open === null) return { closed: null, open: { step, slots: 1, nC, eC, nS, eS } };
  if (open.step !== step || open.slots >= length) return { closed: open, open: { step, slots: 1, nC, eC, nS, eS } };
  return {
    closed: null,
    open: {
      step,
      slots: open.slots + 1,
      nC: open.nC + nC,
      eC: open.eC + eC,
      nS: open.nS + nS,
      eS: open.eS + eS,
    },
  };
}
