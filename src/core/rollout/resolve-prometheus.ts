import type { PrometheusEntry, PrometheusSourceEntry } from '../model/catalogue.ts';
import { durationMs } from '../model/duration.ts';
import type { PrometheusArms, PrometheusServer, PrometheusSource } from '../model/prometheus.ts';

export const DEFAULT_PROMETHEUS = { timeout: '5s', lag: '10s', staleAfter: '2m' } as const;

/** The source of a metric with its server; every default written out. */
export function resolvePrometheusSource(source: PrometheusSourceEntry, server: PrometheusEntry): PrometheusSource {
  return {
    from: 'prometheus',
    server: resolveServer(server),
    arms: resolveArms(source.arms),
    labels: source.labels ?? {},
  };
}

function resolveServer({ url, auth, headers, timeout, lag, staleAfter }: PrometheusEntry): PrometheusServer {
  return {
    url,
    ...(auth && { auth }),
    headers: headers ?? {},
    timeoutMs: durationMs(timeout ?? DEFAULT_PROMETHEUS.timeout),
    lagMs: durationMs(lag ?? DEFAULT_PROMETHEUS.lag),
    staleAfterMs: durationMs(staleAfter ?? DEFAULT_PROMETHEUS.staleAfter),
  };
}

function resolveArms(arms: PrometheusSourceEntry['arms']): PrometheusArms {
  if (arms === undefined) return { by: 'pods', label: 'pod' };
  return arms.by === 'pods' ? { by: 'pods', label: arms.label ?? 'pod' } : arms;
}
