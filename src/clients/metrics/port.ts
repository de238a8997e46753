/** Where metrics are read from. One adapter a provider; core sees cumulative values only. */
import type { ScrapeSource, SeriesSelector } from '../../core/model/analysis.ts';
import type { ArmTargets } from '../../core/model/observe.ts';
import type { MetricReading } from '../../core/analysis/reading.ts';
import type { ClusterAddress } from '../kubernetes/port.ts';

export interface MetricsRequest {
  readonly source: ScrapeSource;
  readonly cluster: ClusterAddress;
  readonly namespace: string;
  readonly arms: ArmTargets;
  /** Series wanted, of every metric that reads this source. */
  readonly selectors: readonly SeriesSelector[];
}

export interface MetricsProvider {
  /**
   * Cumulative values of each asked arm, with the instances that did not answer named one by one. An arm that could
   * not be read at all has a `failed` entry too: this throws only when it is cancelled, or for a selector that is no
   * regular expression (InvalidInput).
   */
  read(request: MetricsRequest, signal?: AbortSignal): Promise<MetricReading>;
}
