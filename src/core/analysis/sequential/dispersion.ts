/** How much the stable arm's error ratio swings by itself, from what is known of it before the first weight change. */
import {
  ERROR_DEFAULTS,
  MIN_BINS,
  MIN_BINS_FOR_BURSTS,
  POOLED_BINS,
  RECORD_BINS,
  type SequentialOptions,
} from './constants.ts';

/** 60 s of the stable arm: requests and errors. Oldest first in a record. */
export interface Bin {
  readonly n: number;
  readonly e: number;
}

/** All numbers are fixed for the release and stand in every verdict. */
export interface Dispersion {
  readonly kind: 'usable';
  /** Squared coefficient of variation of the true error ratio from minute to minute (or from 5 to 5 minutes). */
  readonly v: number;
  /** The record's error ratio, 0..1. */
  readonly r: number;
  /** Length of a block, in slots. */
  readonly block: number;
  /** Most evidence that one block may bring, in natural logarithm. */
  readonly cap: number;
  /** Bins with requests. */
  readonly bins: number;
}

/** Too little is known for a comparison: `threshold` decides. */
export interface ShortRecord {
  readonly kind: 'too-short';
  readonly bins: number;
}

export type BlockRules = Pick<SequentialOptions, 'blockSlots' | 'longBlockSlots' | 'capFloor' | 'capScale'>;

/** Pooled dispersion above which bursts are taken to last, if it is also not explained by bursts of a minute. */
const LASTING_BURSTS = 0.02;

/**
 * Dispersion of the last 240 bins. The excess of the squared residuals over what Poisson counts would show, as part of
 * the squared expectations (method of moments for an overdispersed Poisson count), with a floor that rises where the
 * record is short. A pooled record that is nearly as uneven as its minutes has bursts that last: blocks are 5 min then,
 * so that a burst ends within one. Bins without requests, or with a number that is none, are left out.
 *
 * Example: 240 x (n 1000, e 2) has no excess: v is the floor 0.01, r 0.002, blocks of 6 slots, cap 0.5 / 0.01 = 50.
 * Example: 24 x (5 bins with 0 errors, 5 bins with 6): pooled v 0.954610, blocks of 30 slots, cap 2.7.
 */
export function assessDispersion(record: readonly Bin[], rules: BlockRules = ERROR_DEFAULTS): Dispersion | ShortRecord {
  const bins = usableBins(record);
  const count = bins.length;
  if (count < MIN_BINS) return { kind: 'too-short', bins: count };
  const { n, e } = sumBins(bins);
  const r = e / n;
  const floor = count >= RECORD_BINS ? 0.01 : count >= MIN_BINS_FOR_BURSTS ? 0.1 : 1;
  const minute = Math.max(floor, squaredVariation(bins));
  const pooled = count >= MIN_BINS_FOR_BURSTS ? squaredVariation(poolBins(bins)) : 0;
  const lasting = pooled > LASTING_BURSTS && POOLED_BINS * pooled > 2 * minute;
  const v = lasting ? Math.max(floor, pooled) : minute;
  return {
    kind: 'usable',
    v,
    r,
    block: lasting ? rules.longBlockSlots : rules.blockSlots,
    cap: count >= RECORD_BINS ? Math.max(rules.capFloor, rules.capScale / v) : rules.capFloor,
    bins: count,
  };
}

/** The last 240 bins that have requests. */
export function usableBins(record: readonly Bin[]): readonly Bin[] {
  return record.slice(-RECORD_BINS).filter(({ n, e }) => Number.isFinite(n) && n > 0 && Number.isFinite(e) && e >= 0);
}

/** Bins in order by five; what is left over at the end is dropped. */
export function poolBins(bins: readonly Bin[]): readonly Bin[] {
  const pooled: Bin[] = [];
  for (let at = 0; at + POOLED_BINS <= bins.length; at += POOLED_BINS) {
    pooled.push(sumBins(bins.slice(at, at + POOLED_BINS)));
  }
  return pooled;
}

function sumBins(bins: readonly Bin[]): Bin {
  return bins.reduce((sum, bin) => ({ n: sum.n + bin.n, e: sum.e + bin.e }), { n: 0, e: 0 });
}

function squaredVariation(bins: readonly Bin[]): number {
  const count = bins.length;
  const { n, e } = sumBins(bins);
  if (count < 2 || e === 0) return 0;
  const r = e / n;
  let excess = 0;
  let scale = 0;
  for (const bin of bins) {
    const expected = r * bin.n;
    excess += (bin.e - expected) ** 2 - (expected * (count - 1)) / count;
    scale += expected ** 2;
  }
  return Math.max(0, ((excess / scale) * count) / (count - 1));
}
