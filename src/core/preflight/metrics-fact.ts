/** What a metrics server told of the series a plan wants, before anything is changed. */
import type { Seen } from '../model/observe.ts';

export interface ProbedSeries {
  /** The selector or text, for people. */
  readonly selector: string;
  /** Series found for the stable arm. */
  readonly series: number;
  /** True when there are none because nothing was counted yet: the metric has the labels. */
  readonly isZero: boolean;
  /** What stands in place of series, where something does: old samples, NaN. */
  readonly absent?: string;
  /** Time between two samples, of the slowest process; null where it is not known. */
  readonly scrapeEveryMs: number | null;
  /** A text that speaks of the canary: it can be asked when there is one. */
  readonly needsCanary?: boolean;
}

/** One metric of the plan: its series, or why the query can never do. */
export interface MetricFact {
  readonly name: string;
  readonly found: Seen<{ readonly series: readonly ProbedSeries[] } | { readonly wrong: string }>;
}
