import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RoutingTable } from './routing-table.ts';

/** Which series a request belongs to. `backend` is the Service name; empty when no route or no backend was found. */
export interface RequestLabels {
  readonly namespace: string;
  readonly route: string;
  readonly backend: string;
}

const LABELS = ['namespace', 'route', 'backend'] as const;

/** The router's counters, in an own registry: several routers may live in one process. */
export class RouterMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'router_requests_total',
    help: 'Requests by the backend chosen and the code the client saw (499: the client went away first).',
    labelNames: [...LABELS, 'code'],
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: 'router_request_duration_seconds',
    help: 'Time from the request to the last byte of the answer.',
    labelNames: LABELS,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });
  readonly #weights = new Gauge({
    name: 'router_backend_weight',
    help: 'Percent of a route that the data plane gives a backend now; the highest of its rules.',
    labelNames: LABELS,
    registers: [this.#registry],
  });

  /** Counts one request, once it is answered. */
  count(labels: RequestLabels, code: number, seconds: number): void {
    this.#requests.inc({ ...labels, code: String(code) });
    this.#durations.observe({ ...labels }, seconds);
  }

  /** Shows the weights of the table that requests meet from now on. */
  showWeights(table: RoutingTable): void {
    this.#weights.reset();
    const percents = new Map<string, { labels: RequestLabels; percent: number }>();
    for (const { namespace, route, backends } of table.rules) {
      for (const { name, weightPercent } of backends) {
        const key = `${namespace}/${route}/${name}`;
        const percent = Math.max(weightPercent, percents.get(key)?.percent ?? 0);
        percents.set(key, { labels: { namespace, route, backend: name }, percent });
      }
    }
    for (const { labels, percent } of percents.values()) this.#weights.set({ ...labels }, percent);
  }

  /** Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
