/** The example company's catalogue, with services and environments enough, for workers that scrape fake pods. */
import { writeFileSync } from 'node:fs';
import { checkCatalogue } from '../../src/contracts/catalogue.ts';

export interface BenchCatalogue {
  readonly services: readonly string[];
  readonly environments: readonly string[];
  /** One step of the default ladder (10, 25, 50, 75, 100 %), and the bake. */
  readonly stepMs: number;
  /** How often a metric is judged; with the default of ten samples a step. */
  readonly intervalMs: number;
  readonly intervals: {
    readonly lookMs: number;
    readonly observerHeartbeatMs: number;
    readonly mutatorHeartbeatMs: number;
    readonly ownershipQuestionMs: number;
  };
  /** What an environment wants different. */
  readonly lookMsOf?: Readonly<Record<string, number>>;
}

/** Writes the file; throws with every problem when the catalogue is none. */
export function writeCatalogue(path: string, wanted: BenchCatalogue): void {
  const catalogue = {
    apiVersion: 'mainstay.dev/v1',
    environments: Object.fromEntries(wanted.environments.map((name) => [name, { cluster: {}, namespace: name }])),
    services: Object.fromEntries(wanted.services.map((name) => [name, serviceOf(name, wanted)])),
  };
  const checked = checkCatalogue(catalogue);
  if ('problems' in checked) throw new Error(`the benchmark's catalogue: ${JSON.stringify(checked.problems)}`);
  writeFileSync(path, JSON.stringify(catalogue, undefined, 1));
}

function serviceOf(name: string, { stepMs, intervalMs, intervals, lookMsOf }: BenchCatalogue): object {
  const ms = (value: number): string => `${Math.round(value)}ms`;
  const pods = { from: 'pods', port: 8080, path: '/metrics' };
  const latency = { histogram: { name: 'http_request_duration_seconds' }, quantile: 0.99 };
  const overrides: Record<string, object> = {};
  for (const [each, lookMs] of Object.entries(lookMsOf ?? {})) overrides[each] = { intervals: { look: ms(lookMs) } };
  return {
    workload: { deployment: name, container: 'api' },
    build: { kind: 'image', repository: 'registry.example.com/crm-api' },
    strategy: {
      kind: 'canary',
      steps: [10, 25, 50, 75, 100].map((weight) => ({ weight, duration: ms(stepMs) })),
      bake: ms(stepMs),
    },
    traffic: { kind: 'httpRoute', route: name, stableService: name, port: 80 },
    analysis: {
      interval: ms(intervalMs),
      metrics: [
        {
          name: 'error-ratio',
          source: pods,
          query: {
            kind: 'errorRatio',
            total: { name: 'http_requests_total' },
            errors: { name: 'http_requests_total', labels: { code: '~5..' } },
          },
          judge: { kind: 'threshold', fail: '> 1%' },
        },
        {
          name: 'latency-p99',
          source: pods,
          query: { kind: 'quantile', ...latency },
          judge: { kind: 'threshold', fail: '> 2s' },
        },
        {
          name: 'checkout-success',
          source: pods,
          query: { kind: 'value', gauge: { name: 'crm_checkout_success_ratio' }, relativeToStable: true },
          judge: { kind: 'threshold', fail: '< 95%' },
        },
      ],
      minRequests: 1,
    },
    intervals: {
      look: ms(intervals.lookMs),
      observerHeartbeat: ms(intervals.observerHeartbeatMs),
      mutatorHeartbeat: ms(intervals.mutatorHeartbeatMs),
      ownershipQuestion: ms(intervals.ownershipQuestionMs),
    },
    environments: overrides,
  };
}
