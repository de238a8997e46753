import { sequentialOptionsOf, thresholdOf } from '../catalogue/judge.ts';
import { resolveSampling } from '../catalogue/sampling.ts';
import type { MetricPlan, MetricQuery, MetricSource, SeriesSelector } from '../model/analysis.ts';
import { type MetricUnit, boundExpected, parseBound } from '../model/bound.ts';
import {
  type MetricEntry,
  type PrometheusEntry,
  type QueryEntry,
  type SelectorEntry,
  type ServiceEntry,
  type SourceEntry,
  defaultUnit,
} from '../model/catalogue.ts';
import type { TrafficEntry } from '../model/traffic-entry.ts';
import { resolvePrometheusSource } from './resolve-prometheus.ts';

/** What metrics have in common in one environment. */
export interface MetricSurroundings extends Pick<ServiceEntry, 'analysis' | 'traffic'> {
  /** The environment's; the one of the analysis goes over it. */
  readonly prometheus?: PrometheusEntry | undefined;
}

/** One metric with bounds as numbers and its sampling written out. */
export function resolveMetric(
  metric: MetricEntry,
  { analysis: shared, traffic, prometheus }: MetricSurroundings,
  shortestStepMs: number,
): MetricPlan {
  const unit = metric.unit ?? defaultUnit(metric.query);
  const judge = thresholdOf(metric);
  const sequential = sequentialOptionsOf(metric, shared);
  return {
    name: metric.name,
    source: resolveSource(metric.source, traffic, shared.prometheus ?? prometheus),
    query: resolveQuery(metric.query),
    judge: {
      judge: 'threshold',
      ...(judge.pass !== undefined && { pass: boundOf(judge.pass, unit) }),
      ...(judge.fail !== undefined && { fail: boundOf(judge.fail, unit) }),
      ...resolveSampling(judge, shared, shortestStepMs),
    },
    ...(sequential && { sequential: { options: sequential } }),
    dryRun: metric.dryRun ?? false,
    unit,
  };
}

function boundOf(written: string, unit: MetricUnit) {
  const bound = parseBound(written, unit);
  if (bound === undefined) throw new Error(`bound ${JSON.stringify(written)}: expected ${boundExpected(unit)}`);
  return bound;
}

/** A router is described once, with the weights it shows; a metric may still name another. */
function resolveSource(
  source: SourceEntry,
  traffic: TrafficEntry,
  prometheus: PrometheusEntry | undefined,
): MetricSource {
  if (source.from === 'pods') return source;
  if (source.from === 'prometheus') {
    if (prometheus === undefined) throw new Error('prometheus source: expected a server');
    return resolvePrometheusSource(source, prometheus);
  }
  const url = source.url ?? traffic.weightMetric?.url;
  const backendLabel = source.backendLabel ?? traffic.weightMetric?.backendLabel;
  if (url === undefined || backendLabel === undefined) throw new Error('router source: expected url and backendLabel');
  return { from: 'router', url, backendLabel, labels: source.labels ?? traffic.weightMetric?.labels ?? {} };
}

function resolveQuery(query: QueryEntry): MetricQuery {
  switch (query.kind) {
    case 'errorRatio':
      return { kind: 'errorRatio', total: selector(query.total), errors: selector(query.errors) };
    case 'quantile':
      return { kind: 'quantile', histogram: selector(query.histogram), quantile: query.quantile };
    case 'slowRatio':
      return {
        kind: 'slowRatio',
        histogram: selector(query.histogram),
        ...(query.slowerThan !== undefined && { slowerThan: query.slowerThan }),
      };
    case 'value':
      return {
        kind: 'value',
        gauge: selector(query.gauge, 'value'),
        relativeToStable: query.relativeToStable ?? false,
      };
  }
}

function selector({ name, labels, promql }: SelectorEntry, gives: 'counters' | 'value' = 'counters'): SeriesSelector {
  if (promql !== undefined) return { promql, gives };
  if (name === undefined) throw new Error('selector: expected name or promql');
  return { name, labels: labels ?? {} };
}
