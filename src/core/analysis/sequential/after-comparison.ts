/** At 100 % and in the bake nobody is left to compare with: the new version is held against its predecessor's record. */
import type { Slot } from '../../model/analysis.ts';
import { countText, durationText, valueText } from '../format.ts';
import { MIN_BINS_FOR_BURSTS, SLOTS_PER_MINUTE, type SequentialOptions } from './constants.ts';
import { poolBins, usableBins, type Bin, type Dispersion } from './dispersion.ts';
import { NO_HYGIENE, takeSlot, UNUSABLE_TEXT, whyUnusable, type Hygiene, type UnusableReason } from './hygiene.ts';

/** Windows that are looked at, and bad ones among them that roll back. */
export const WINDOWS = 5;
export const MAX_BAD_WINDOWS = 3;

export interface WindowPlan {
  /** Error ratio that a window may have, 0..1. */
  readonly limit: number;
  /** Length of a window in slots: 60 s, or 5 min where the record's bursts last. */
  readonly slots: number;
  readonly slotMs: number;
  readonly minErrors: number;
}

/**
 * Limit of a window: the highest of the objective, twice the record's ratio, and the record's 99th percentile (the
 * window of rank `ceil(0.99 W)` of W, ascending; only with 60 bins or more). The percentile keeps a service whose own
 * bad minutes are above the objective from being rolled back for one of them.
 */
export function planWindows(
  record: readonly Bin[],
  dispersion: Dispersion,
  options: Pick<SequentialOptions, 'minErrors' | 'mustDetect' | 'longBlockSlots' | 'slotMs'>,
): WindowPlan {
  const lasting = dispersion.block === options.longBlockSlots;
  const bins = usableBins(record);
  const windows = lasting ? poolBins(bins) : bins;
  const ratios = windows.map(({ n, e }) => e / n).sort((left, right) => left - right);
  const high = bins.length >= MIN_BINS_FOR_BURSTS ? (ratios[Math.ceil(0.99 * ratios.length) - 1] ?? 0) : 0;
  return {
    limit: Math.max(options.mustDetect.objective ?? 0, 2 * dispersion.r, high),
    slots: lasting ? options.longBlockSlots : SLOTS_PER_MINUTE,
    slotMs: options.slotMs,
    minErrors: options.minErrors,
  };
}

/** Plain JSON, small enough for a heartbeat. */
export interface WindowState {
  readonly version: 1;
  readonly open: { readonly n: number; readonly e: number; readonly slots: number };
  /** Last 5 closed windows, oldest first. */
  readonly windows: readonly Bin[];
  readonly hygiene: Hygiene;
}

export const NO_WINDOWS: WindowState = {
  version: 1,
  open: { n: 0, e: 0, slots: 0 },
  windows: [],
  hygiene: NO_HYGIENE,
};

/** State after one more slot of the version that serves alone; null is missing. Missing slots do not fill a window. */
export function addToWindows(
  plan: WindowPlan,
  before: WindowState,
  counts: { readonly n: number | null; readonly e: number | null },
): WindowState {
  const raw: Slot = { step: 0, atMs: 0, nC: counts.n, eC: counts.e, nS: 0, eS: 0 };
  const { hygiene, slot } = takeSlot(before.hygiene, raw, 100);
  if (!slot) return { ...before, hygiene };
  const open = { n: before.open.n + slot.nC, e: before.open.e + slot.eC, slots: before.open.slots + 1 };
  if (open.slots < plan.slots) return { ...before, hygiene, open };
  const windows = [...before.windows, { n: open.n, e: open.e }].slice(-WINDOWS);
  return { ...before, hygiene, windows, open: NO_WINDOWS.open };
}

/** `e / n` above the limit, and enough errors; no window is bad for lack of data. */
export function isWindowBad(plan: WindowPlan, { n, e }: Bin): boolean {
  return e >= plan.minErrors && e / n > plan.limit;
}

export interface WindowVerdict {
  readonly phase: 'rollback' | 'hold' | 'continue';
  readonly hold?: UnusableReason;
  readonly bad: number;
  readonly windows: number;
  readonly limit: number;
  readonly text: string;
}

/**
 * Rollback when 3 of the last 5 windows are bad. A shock from outside cannot be told from the release here, which the
 * text says.
 *
 * Example: limit 1 %, windows of 6,000 requests with 90, 20, 90, 20, 90 errors: 3 are bad, rollback.
 * Example: windows of 100 requests with 4 errors each: too few to call one bad, continue.
 */
export function assessWindows(plan: WindowPlan, state: WindowState): WindowVerdict {
  const bad = state.windows.filter((window) => isWindowBad(plan, window)).length;
  const hold = bad >= MAX_BAD_WINDOWS ? undefined : whyUnusable(state.hygiene);
  const minutes = durationText(plan.slots * plan.slotMs);
  const seen = `${bad} of the last ${countText(state.windows.length, 'window')} of ${minutes} above ${valueText(plan.limit, '%')}`;
  return {
    phase: bad >= MAX_BAD_WINDOWS ? 'rollback' : hold ? 'hold' : 'continue',
    ...(hold ? { hold } : {}),
    bad,
    windows: state.windows.length,
    limit: plan.limit,
    text: [
      ...(hold ? [UNUSABLE_TEXT[hold]] : []),
      `${seen}, ${MAX_BAD_WINDOWS} of ${WINDOWS} roll back`,
      'no comparison was possible',
    ].join('; '),
  };
}
