/** What a router's text exposition says of weights: one gauge per backend. */
import type { BackendWeight } from '../../core/model/operation.ts';
import type { HttpRoutePlan } from '../../core/model/plan.ts';
import { sharePercent } from '../../core/rollout/route.ts';
import { fetchExposition } from '../metrics/scrape.ts';
import type { AppliedWeights } from './port.ts';

type WeightMetric = NonNullable<HttpRoutePlan['weightMetric']>;

/** The data plane may round weights; half a per cent is the most it may differ by. */
const TOLERANCE_PERCENT = 0.5;

/** Per cent by backend. Throws CodedError Unavailable, Timeout or BadResponse. */
export async function readGauge(metric: WeightMetric, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
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

/** Per cent of one backend; null when the gauge does not tell it, or there is none. */
export async function gaugePercent(
  metric: WeightMetric | undefined,
  backend: string,
  signal?: AbortSignal,
): Promise<number | null> {
  if (metric === undefined) return null;
  const percent = (await readGauge(metric, signal)).get(backend);
  return percent !== undefined && Number.isFinite(percent) ? percent : null;
}

/**
 * Holds what the gauge tells against the weights that are wanted; a backend it tells besides must be at 0. The gauge has
 * one value a backend for the whole object: nothing follows from that of a backend which stands in a rule of others too.
 */
export async function confirmByGauge(
  metric: WeightMetric,
  backends: readonly BackendWeight[],
  elsewhere: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<AppliedWeights> {
  const gauge = await readGauge(metric, signal);
  const observed = backends.map((each) => ({
    service: each.service,
    percent: gauge.get(each.service) ?? Number.NaN,
  }));
  const wrong = sharePercent(backends).find((want) => {
    if (elsewhere.has(want.service)) return false;
    const seen = gauge.get(want.service);
    // A backend at 0 may be left out by the data plane; any other must be told.
    return seen === undefined ? want.percent > 0 : !(Math.abs(seen - want.percent) <= TOLERANCE_PERCENT);
  });
  const stray = [...gauge].find(
    ([service, percent]) =>
      percent > TOLERANCE_PERCENT && !elsewhere.has(service) && !backends.some((each) => each.service === service),
  );
  if (wrong)
    return {
      confirmed: false,
      observed,
      says: `the router applies ${gauge.get(wrong.service) ?? 'nothing'} % to ${wrong.service}, asked ${wrong.percent} %`,
    };
  if (stray) return { confirmed: false, observed, says: `the router still sends ${stray[1]} % to ${stray[0]}` };
  return { confirmed: true, observed, says: 'the router applies the weights' };
}
