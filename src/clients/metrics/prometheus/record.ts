/** The stable arm minute by minute, from what the server has kept. */
import { type HistogramRecord, histogramRecordOf, type MetricRecord } from '../../../core/analysis/metric-record.ts';
import { type RangeSeries, recordOf, type RecordWindow } from '../../../core/analysis/metric-record.ts';
import type { SeriesSelector } from '../../../core/model/analysis.ts';
import type { PrometheusSource } from '../../../core/model/prometheus.ts';
import { type ArmScope, renderSeries, renderText } from './arm-scope.ts';
import type { PrometheusApi } from './http-api.ts';
import { existenceOf, promqlDuration, selectorOf } from './matchers.ts';
import { countersOf, ownedBy, type OwnedSeries, TARGET_LABELS } from './queried.ts';

export interface RecordQuestion {
  readonly api: PrometheusApi;
  readonly source: PrometheusSource;
  readonly scope: ArmScope;
  readonly window: RecordWindow;
}

/** Without errors the record has none only where the server knows what an error would look like. */
export async function readMetricRecord(
  question: RecordQuestion,
  { total, errors }: { readonly total: SeriesSelector; readonly errors: SeriesSelector },
  signal?: AbortSignal,
): Promise<MetricRecord> {
  const { window } = question;
  const [requests, failures] = await Promise.all([rangeOf(question, total, signal), rangeOf(question, errors, signal)]);
  if (failures.length === 0 && !(await isKnown(question, errors, signal))) return { bins: [], missing: window.bins };
  return recordOf(requests, failures, window);
}

export async function readHistogramRecord(
  question: RecordQuestion,
  buckets: SeriesSelector,
  signal?: AbortSignal,
): Promise<HistogramRecord> {
  const byBound: Record<string, RangeSeries[]> = {};
  for (const { le, ...series } of await rangeOf(question, buckets, signal)) (byBound[le ?? ''] ??= []).push(series);
  return histogramRecordOf(byBound, question.window);
}

/** At each bin's end the last sample, unless it is stale by then. */
async function rangeOf(
  { api, source, scope, window }: RecordQuestion,
  selector: SeriesSelector,
  signal?: AbortSignal,
): Promise<readonly OwnedSeries[]> {
  const { untilMs, bins, binMs } = window;
  const range = { fromMs: untilMs - bins * binMs, untilMs, stepMs: binMs };
  if ('promql' in selector) {
    const text = renderText(selector, scope);
    if ('missing' in text) return [];
    const answer = await api.queryRange(text.text, range, signal);
    return countersOf(answer.series, source, text.text);
  }
  const series = selectorOf(renderSeries(selector, scope), scope.matchers);
  const query = `last_over_time(${series}[${promqlDuration(source.server.staleAfterMs)}])`;
  const answer = await api.queryRange(query, range, signal);
  return answer.series.map((each) => ownedBy(each, source, TARGET_LABELS));
}

async function isKnown(
  { api, scope, window }: RecordQuestion,
  selector: SeriesSelector,
  signal?: AbortSignal,
): Promise<boolean> {
  if ('promql' in selector) return false;
  const span = promqlDuration(window.bins * window.binMs);
  const query = existenceOf(renderSeries(selector, scope), scope.matchers, span);
  if (query === undefined) return false;
  const { series } = await api.query(query, window.untilMs, ['vector'], signal);
  return (series[0]?.points[0]?.value ?? 0) > 0;
}
