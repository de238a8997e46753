/** What a scrape brings to the judge: cumulative values by arm, process and series. Numbers here may be NaN or infinite. */
import type { Arm, MetricPlan, MetricQuery, SeriesSelector } from '../model/analysis.ts';

export interface SeriesReading {
  /** Identity of the series within its instance: short, the same on every look. A histogram's buckets share one. */
  readonly id: string;
  /** Bucket bound, as text, of a histogram's series. */
  readonly le?: string;
  readonly value: number;
}

/** The series that one selector picks from one instance. */
export interface SelectorReading {
  /**
   * True when absence means zero: the metric is declared there, or has series that carry every label of the selector.
   * False when the instance knows no such metric or label, so that nothing may be concluded from an empty list.
   */
  readonly known: boolean;
  readonly series: readonly SeriesReading[];
}

/** One process that answered: a pod, or the router. */
export interface InstanceReading {
  readonly instance: string;
  /** Creation time of the pod; null when not told. */
  readonly createdAtMs: number | null;
  /** In the order of the metric's selectors. */
  readonly selectors: readonly SelectorReading[];
}

/** One arm as a metric sees it. `failed` and `without` name who did not answer, and who has no metrics. */
export interface ArmReading {
  /** Every instance that exists, also those that did not answer; null when that is not known. */
  readonly listed: readonly string[] | null;
  readonly answered: readonly InstanceReading[];
  readonly failed: readonly { readonly instance: string; readonly problem: string }[];
  readonly without: readonly string[];
  /** How it shows that those in `without` have none: `answers 404` when left out. */
  readonly absence?: string;
  /** Something a person should know of this reading, which changes no number: how old it is. */
  readonly note?: string;
}

export type MetricReading = Readonly<Partial<Record<Arm, ArmReading>>>;

/** One look at the metrics: for each metric of the plan, by name. */
export type MetricReadings = Readonly<Record<string, MetricReading>>;

/** What has to be read for a metric; `read` gives its answers in this order. */
export function selectorsOf(query: MetricQuery): readonly SeriesSelector[] {
  switch (query.kind) {
    case 'errorRatio':
      return [query.total, query.errors];
    case 'quantile':
    case 'slowRatio':
      return [bucketsOf(query.histogram)];
    case 'value':
      return [query.gauge];
  }
}

/** The cumulative buckets of a histogram; a text asks for them itself. */
function bucketsOf(histogram: SeriesSelector): SeriesSelector {
  return 'promql' in histogram ? histogram : { name: `${histogram.name}_bucket`, labels: histogram.labels };
}

/** `http_requests_total{route="/api"}`, for people. */
export function selectorText(selector: SeriesSelector): string {
  if ('promql' in selector) return selector.promql;
  const labels = Object.entries(selector.labels).map(([key, value]) =>
    value.startsWith('~') ? `${key}=~"${value.slice(1)}"` : `${key}="${value}"`,
  );
  return labels.length === 0 ? selector.name : `${selector.name}{${labels.join(',')}}`;
}

/** The metric whose counts are kept as slots of both arms: the first error ratio of the plan. */
export function slotMetric(metrics: readonly MetricPlan[]): MetricPlan | undefined {
  return metrics.find((metric) => metric.query.kind === 'errorRatio');
}
