/** Where metrics are read from. One adapter a provider; core sees cumulative values only. */
import type { MetricSource, SeriesSelector } from '../../core/model/analysis.ts';
import type { ArmTargets } from '../../core/model/observe.ts';
import type { MetricReading } from '../../core/analysis/reading.ts';
import type { HistogramRecord, MetricRecord, RecordWindow } from '../../core/analysis/metric-record.ts';
import type { ProbedSeries } from '../../core/preflight/metrics-fact.ts';
import type { ClusterAddress } from '../kubernetes/port.ts';

export interface MetricsRequest {
  readonly source: MetricSource;
  readonly cluster: ClusterAddress;
  readonly namespace: string;
  readonly arms: ArmTargets;
  /** Series wanted, of every metric that reads this source. */
  readonly selectors: readonly SeriesSelector[];
  /** Time between two looks: data that are older at the look are said to be. */
  readonly everyMs?: number;
}

/** Which record of the stable arm is wanted. */
export interface RecordScope {
  readonly source: MetricSource;
  readonly cluster: ClusterAddress;
  readonly namespace: string;
  readonly stable: ArmTargets['stable'];
  /** Name of the stable Deployment: Pods that served in the window may be gone by now. */
  readonly deployment: string;
  /** Its end is moved back to a full bin that is stored whole. */
  readonly window: RecordWindow;
}

export interface RecordRequest extends RecordScope {
  readonly total: SeriesSelector;
  readonly errors: SeriesSelector;
}

export interface HistogramRecordRequest extends RecordScope {
  /** The cumulative buckets, with label `le`. */
  readonly buckets: SeriesSelector;
}

export interface MetricsProvider {
  /**
   * Cumulative values of each asked arm, with the instances that did not answer named one by one. An arm that could
   * not be read at all has a `failed` entry too: this throws only when it is cancelled, for a query that is wrong
   * (InvalidInput), or for one that gives a counter twice (AmbiguousMetric).
   */
  read(request: MetricsRequest, signal?: AbortSignal): Promise<MetricReading>;

  /**
   * Requests and errors of the stable arm minute by minute, from what the provider has kept. Left out by providers that
   * keep nothing. Undefined for a source that keeps nothing.
   *
   * @throws CodedError as a query does: Unavailable, Timeout, Throttled, Forbidden, NotFound, BadResponse, InvalidInput
   */
  readRecord?(request: RecordRequest, signal?: AbortSignal): Promise<MetricRecord | undefined>;

  /** The same by bucket bound, for a judge of slow requests. */
  readHistogramRecord?(request: HistogramRecordRequest, signal?: AbortSignal): Promise<HistogramRecord | undefined>;

  /**
   * What each selector gives for the stable arm, and how often it is scraped, in the order of the selectors. Undefined
   * for a source that cannot be asked.
   *
   * @throws CodedError as `readRecord`
   */
  probe?(request: MetricsRequest, signal?: AbortSignal): Promise<readonly ProbedSeries[] | undefined>;
}
