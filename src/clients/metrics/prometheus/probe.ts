/** Before a deployment: does the server know the series of the stable arm, and how often are they scraped? */
import { durationText } from '../../../core/analysis/format.ts';
import { selectorText } from '../../../core/analysis/reading.ts';
import type { SeriesSelector } from '../../../core/model/analysis.ts';
import type { PrometheusSource } from '../../../core/model/prometheus.ts';
import type { ProbedSeries } from '../../../core/preflight/metrics-fact.ts';
import type { ArmScope } from './arm-scope.ts';
import type { PrometheusApi } from './http-api.ts';
import { lastMs, type OwnedSeries, querySeries } from './queried.ts';

/** Enough to see two samples of what is scraped every two minutes. */
const PROBE_WINDOW_MS = 300_000;

/** @throws CodedError as a query does */
export async function probeSelector(
  api: PrometheusApi,
  source: PrometheusSource,
  selector: SeriesSelector,
  scope: ArmScope,
  atMs: number,
  signal?: AbortSignal,
): Promise<ProbedSeries> {
  const { staleAfterMs } = source.server;
  const at = { atMs, windowMs: Math.max(PROBE_WINDOW_MS, 2 * staleAfterMs) };
  const { series, isKnown, missing } = await querySeries(api, source, selector, scope, at, signal);
  const probed = { selector: selectorText(selector), series: 0, isZero: false, scrapeEveryMs: null };
  if (missing !== undefined) return { ...probed, needsCanary: true };
  if (series.length === 0) return { ...probed, isZero: isKnown };
  // The values of a text are of the time that was asked for.
  const fresh = series.filter((each) => atMs - lastMs(each) <= staleAfterMs);
  if (fresh.length === 0) {
    const ageMs = atMs - series.map(lastMs).reduce((left, right) => Math.max(left, right), 0);
    return { ...probed, absent: `samples that are ${durationText(ageMs)} old` };
  }
  const numbers = fresh.filter(({ points }) => !Number.isNaN(points.at(-1)?.value));
  if (numbers.length === 0) return { ...probed, absent: 'NaN' };
  const scrapeEveryMs = 'promql' in selector ? null : slowestScrapeMs(fresh);
  return { ...probed, series: numbers.length, scrapeEveryMs };
}

/** The longest of the processes' median times between two samples; null when none has two. */
export function slowestScrapeMs(series: readonly OwnedSeries[]): number | null {
  const medians = series.flatMap(({ points }) => {
    const gaps = points.slice(1).map((point, at) => point.atMs - (points[at]?.atMs ?? point.atMs));
    gaps.sort((left, right) => left - right);
    return gaps.length === 0 ? [] : [gaps[Math.floor(gaps.length / 2)] ?? 0];
  });
  return medians.length === 0 ? null : medians.reduce((left, right) => Math.max(left, right), 0);
}
