/** What is known of the stable arm before the first weight change, made ready for the judge and fixed for the release. */
import { planWindows, type WindowPlan } from './after-comparison.ts';
import { MIN_BINS, RECORD_BINS, SLOTS_PER_MINUTE, type SequentialOptions } from './constants.ts';
import { assessDispersion, type Bin, type Dispersion, type ShortRecord, usableBins } from './dispersion.ts';

/** From which time on a request counts as slow, where slow requests are judged instead of errors. */
export interface SlowBound {
  /** As the histogram writes it. */
  readonly le: string;
  /** In the histogram's unit. */
  readonly bound: number;
}

export interface MetricRecord {
  readonly dispersion: Dispersion | ShortRecord;
  /** Null without a usable record. */
  readonly windows: WindowPlan | null;
  /** Mean requests per second of the stable arm. */
  readonly rps: number;
  /** Where it comes from, in words: `4 min collected while preparing`. */
  readonly from: string;
  readonly slow?: SlowBound;
  /** Why the threshold decides although the record would do. */
  readonly standIn?: string;
}

/** By name of the metric. */
export type ReleaseRecords = Readonly<Record<string, MetricRecord>>;

/**
 * The record of one metric from its bins, oldest first. Each bin is 6 slots; the last 240 count.
 *
 * Example: 240 bins of 6,000 requests with 12 errors: v 0.01, r 0.002, cap 50, 100 requests/s.
 * Example: 9 bins: too short, no windows; `threshold` decides.
 */
export function planRecord(
  bins: readonly Bin[],
  options: SequentialOptions,
  from: string,
  slow?: SlowBound,
): MetricRecord {
  const recent = bins.slice(-RECORD_BINS);
  const dispersion = assessDispersion(recent, options);
  const used = usableBins(recent);
  const requests = used.reduce((sum, { n }) => sum + n, 0);
  const seconds = (used.length * SLOTS_PER_MINUTE * options.slotMs) / 1_000;
  return {
    dispersion,
    windows: dispersion.kind === 'usable' ? planWindows(recent, dispersion, options) : null,
    rps: seconds > 0 ? requests / seconds : 0,
    from,
    ...(slow && { slow }),
  };
}

/** Bins that a record has at least to be compared with. */
export const LEAST_BINS = MIN_BINS;
