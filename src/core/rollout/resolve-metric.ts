import { resolveSampling } from '../catalogue/sampling.ts';
import type { MetricPlan, MetricQuery, ScrapeSource, SeriesSelector } from '../model/analysis.ts';
import { type MetricUnit, boundExpected, parseBound } from '../model/bound.ts';
import {
  type MetricEntry,
  type QueryEntry,
  type ServiceEntry,
  type SourceEntry,
  type TrafficEntry,
  defaultUnit,
} from '../model/catalogue.ts';

/** One metric with bounds as numbers and its sampling written out. */
export function resolveMetric(
  metric: MetricEntry,
  { analysis: shared, traffic }: Pick<ServiceEntry, 'analysis' | 'traffic'>,
  shortestStepMs: number,
): MetricPlan {
  const unit = metric.unit ?? defaultUnit(metric.query);
  const { judge } = metric;
  return {
    name: metric.name,
    source: resolveSource(metric.source, traffic),
    query: resolveQuery(metric.query),
    judge: {
      judge: 'threshold',
      ...(judge.pass !== undefined && { pass: boundOf(judge.pass, unit) }),
      ...(judge.fail !== undefined && { fail: boundOf(judge.fail, unit) }),
      ...resolveSampling(judge, shared, shortestStepMs),
    },
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
function resolveSource(source: SourceEntry, traffic: TrafficEntry): ScrapeSource {
  if (source.from === 'pods') return source;
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
    case 'value':
      return { kind: 'value', gauge: selector(query.gauge), relativeToStable: query.relativeToStable ?? false };
  }
}

function selector(entry: {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}): SeriesSelector {
  return { name: entry.name, labels: entry.labels ?? {} };
}
