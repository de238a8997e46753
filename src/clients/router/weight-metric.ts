/** Reads one gauge per backend from a router's text exposition. */
import type { TrafficPlan } from '../../core/model/plan.ts';
import { fetchExposition } from '../metrics/scrape.ts';

/** Per cent by backend. Throws CodedError Unavailable, Timeout or BadResponse. */
export async function readGauge(
  metric: NonNullable<TrafficPlan['weightMetric']>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const samples = await fetchExposition(metric.url, signal);
  const gauge = new Map<string, number>();
  for (const sample of samples) {
    if (sample.name !== metric.name) continue;
    if (!Object.entries(metric.labels).every(([key, value]) => sample.labels[key] === value)) continue;
    const backend = sample.labels[metric.backendLabel];
    if (backend !== undefined) gauge.set(backend, sample.value);
  }
  return gauge;
}
