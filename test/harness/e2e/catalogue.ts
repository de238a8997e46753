/** The example's catalogue with short steps, one environment (and namespace of the cluster) a scenario. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { checkCatalogue } from '../../../src/contracts/catalogue.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/crm/', import.meta.url));

interface Entry {
  [key: string]: unknown;
}
interface Example {
  apiVersion: string;
  environments: Record<string, Entry>;
  services: { 'crm-api': Entry & { traffic: Entry; environments: Record<string, Entry> } };
}

/** What a scenario wants different: merged over the short settings, one level deep. */
export interface StageCatalogue {
  readonly strategy?: Entry;
  readonly analysis?: Entry;
  readonly deadlines?: Entry;
  readonly intervals?: Entry;
  readonly build?: Entry;
  readonly approvals?: Entry;
  /** Left out, the service has none: most scenarios have no database. */
  readonly migrations?: Entry;
  readonly preflight?: Entry;
  readonly workload?: Entry;
  /** Instead of the example's HTTPRoute; whole. */
  readonly traffic?: Entry;
  /** Where its deployments go instead of the sandbox: a cluster that is away. */
  readonly cluster?: Entry;
  /** Bound of the latency; far away when absent, because a busy machine is slow without any bad version. */
  readonly latency?: string;
}

const SHORT = {
  strategy: {
    steps: [
      { weight: 10, duration: '4s' },
      { weight: 25, duration: '3s' },
      { weight: 100, duration: '3s' },
    ],
    bake: '3s',
  },
  analysis: { interval: '1s', count: 2, failureLimit: 1, minRequests: 2 },
  deadlines: {
    noData: '20s',
    foreignChange: '5s',
    confirmWeight: '30s',
    ready: '45s',
    queue: '3m',
    pause: '3m',
  },
  intervals: { look: '500ms', observerHeartbeat: '4s', mutatorHeartbeat: '3s', ownershipQuestion: '5s' },
} as const;

/** Written whole each time a scenario is added: workers read the file anew for every deployment. */
export class TestCatalogue {
  readonly path: string;
  readonly #stages = new Map<string, StageCatalogue>();

  constructor(path: string) {
    this.path = path;
    this.#write();
  }

  add(stage: string, wanted: StageCatalogue): void {
    this.#stages.set(stage, wanted);
    this.#write();
  }

  #write(): void {
    const example = parse(readFileSync(`${EXAMPLE}mainstay.yaml`, 'utf8')) as Example;
    const { migrations: _unused, ...service } = example.services['crm-api'];
    const demo = service.environments.demo as { traffic: { weightMetric: Entry } };
    const environment = example.environments.demo as Entry;
    const stages = [...this.#stages];
    const short = (name: string, wanted: StageCatalogue): Entry => ({
      strategy: { ...SHORT.strategy, ...wanted.strategy },
      analysis: { ...SHORT.analysis, metrics: metricsWith(service, wanted.latency ?? '> 9s'), ...wanted.analysis },
      deadlines: { ...SHORT.deadlines, ...wanted.deadlines },
      intervals: { ...SHORT.intervals, ...wanted.intervals },
      build: { kind: 'image', repository: '${MAINSTAY_REGISTRY}/crm-api', ...wanted.build },
      traffic: wanted.traffic ?? {
        ...demo.traffic,
        weightMetric: { ...demo.traffic.weightMetric, labels: { namespace: name, route: 'crm-api' } },
      },
      ...(wanted.migrations && { migrations: wanted.migrations }),
      ...(wanted.approvals && { approvals: wanted.approvals }),
      ...(wanted.preflight && { preflight: wanted.preflight }),
      ...(wanted.workload && { workload: wanted.workload }),
    });
    const environments = stages.map(([name, { cluster }]) => {
      return [name, { ...environment, namespace: name, ...(cluster && { cluster }) }] as const;
    });
    const text = JSON.stringify({
      apiVersion: example.apiVersion,
      environments: { ...Object.fromEntries(environments), demo: environment },
      services: {
        'crm-api': {
          ...service,
          build: { ...(service.build as Entry), directory: EXAMPLE },
          environments: Object.fromEntries(stages.map(([name, wanted]) => [name, short(name, wanted)])),
        },
      },
    });
    // Replaced in one move: a worker must never read half of it.
    writeFileSync(`${this.path}.part`, text);
    renameSync(`${this.path}.part`, this.path);
    // One scenario's mistake would be refused as everybody's.
    const checked = checkCatalogue(JSON.parse(text));
    if ('problems' in checked) throw new Error(`the test's catalogue: ${JSON.stringify(checked.problems)}`);
  }
}

interface Metric extends Entry {
  readonly name: string;
  readonly judge: Entry;
}

function metricsWith(service: Entry, latency: string): readonly Metric[] {
  const { metrics } = service.analysis as { metrics: readonly Metric[] };
  return metrics.map((metric) =>
    metric.name === 'latency-p99' ? { ...metric, judge: { ...metric.judge, fail: latency } } : metric,
  );
}

/** The example's own build, run by the worker; `command` replaces it. */
export function localBuild(command: readonly string[] = ['node', 'build.mjs']): Entry {
  return {
    kind: 'localCommand',
    command,
    directory: EXAMPLE,
    timeout: '2m',
    repository: '${MAINSTAY_REGISTRY}/crm-api',
  };
}
