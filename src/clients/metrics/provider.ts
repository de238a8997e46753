/** Every source of metrics behind one port. */
import { createPrometheusProvider, type PrometheusDeps } from './prometheus/provider.ts';
import type { MetricsProvider } from './port.ts';
import { createScrapeProvider, type ScrapeDeps } from './scrape-provider.ts';

export type MetricsProviderDeps = ScrapeDeps & PrometheusDeps;

export function createMetricsProvider(deps: MetricsProviderDeps): Required<MetricsProvider> {
  const scrape = createScrapeProvider(deps);
  const prometheus = createPrometheusProvider(deps);
  return {
    read: (request, signal) => (request.source.from === 'prometheus' ? prometheus : scrape).read(request, signal),
    async readRecord(request, signal) {
      return request.source.from === 'prometheus' ? prometheus.readRecord(request, signal) : undefined;
    },
    async readHistogramRecord(request, signal) {
      return request.source.from === 'prometheus' ? prometheus.readHistogramRecord(request, signal) : undefined;
    },
    async probe(request, signal) {
      return request.source.from === 'prometheus' ? prometheus.probe(request, signal) : undefined;
    },
  };
}
