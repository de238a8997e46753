/** The servers of a sweep: one Temporal server, one sandbox, a disturbed worker for each crew. */
import { type E2e, startE2e } from '../harness/e2e.ts';
import { type ClusterObserver, startObserver } from './observer.ts';
import { type Conduct, type SweepWorker, sweepWorker } from './sweep-worker.ts';

/** The first two are deployed in turn; the third is what someone else puts there. */
export const VERSIONS = ['v1.4.1', 'v1.4.2', 'v1.5.1-slow'] as const;

export const STEP_MS = 1_500;
export const WEIGHTS = [50, 100] as const;

/** One read from the router; one from the pods that also the bake, which has nothing to compare with, cannot do without. */
const METRICS = [
  {
    name: 'error-ratio',
    source: { from: 'router' },
    query: {
      kind: 'errorRatio',
      total: { name: 'router_requests_total' },
      errors: { name: 'router_requests_total', labels: { code: '~5..' } },
    },
    judge: { kind: 'threshold', fail: '> 1%' },
  },
  {
    name: 'checkout-success',
    source: { from: 'pods', port: 8080, path: '/metrics' },
    query: { kind: 'value', gauge: { name: 'crm_checkout_success_ratio' } },
    judge: { kind: 'threshold', fail: '< 0.5' },
  },
];

/** Short enough that a point takes seconds. */
export const LANE = {
  replicas: 1,
  rps: 6,
  strategy: { steps: WEIGHTS.map((weight) => ({ weight, duration: `${STEP_MS}ms` })), bake: `${STEP_MS}ms` },
  analysis: { interval: '700ms', count: 1, failureLimit: 0, minRequests: 1, metrics: METRICS },
  deadlines: { noData: '12s', foreignChange: '4s', confirmWeight: '60s', ready: '60s', queue: '3m', pause: '3m' },
  intervals: { look: '300ms', observerHeartbeat: '4s', mutatorHeartbeat: '3s', ownershipQuestion: '5s' },
} as const;

export interface SweepWorld {
  readonly e2e: E2e;
  readonly observer: ClusterObserver;
  /** No pod of the namespace shows metrics, until the answer is called. */
  blind(namespace: string): Promise<() => Promise<void>>;
  startWorker(temporal: string, conduct: Conduct): Promise<SweepWorker>;
  close(): Promise<void>;
}

/** @param crews Temporal namespaces, each for a worker of its own: one that is killed disturbs no other */
export async function startWorld(crews: readonly string[]): Promise<SweepWorld> {
  const stops: (() => Promise<unknown>)[] = [];
  const e2e = await startE2e({ namespaces: crews, versions: VERSIONS.slice(1), worker: false }, stops);
  const observer = await startObserver(e2e.sandbox.kubeConfig, e2e.kube);
  const workers: SweepWorker[] = [];
  const { faults } = e2e.sandbox;
  let switching: Promise<unknown> = Promise.resolve();
  // One after the other: each change sets the whole list of faults.
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const changed = switching.then(change);
    switching = changed.catch(() => undefined);
    return changed;
  };
  return {
    e2e,
    observer,
    blind: async (namespace) => {
      const { id } = await inTurn(() => faults.add({ kind: 'service', namespace, noMetrics: true }));
      return async () => void (await inTurn(() => faults.remove(id)));
    },
    startWorker: async (temporal, conduct) => {
      const { sandbox, server, catalogue, folder } = e2e;
      const env = {
        TEMPORAL_ADDRESS: server.address,
        TEMPORAL_NAMESPACE: temporal,
        MAINSTAY_CONFIG: catalogue.path,
        KUBECONFIG: sandbox.kubeconfigPath,
        MAINSTAY_REGISTRY: sandbox.registry.host,
        MAINSTAY_SANDBOX_ROUTER_ADMIN: sandbox.router.adminUrl,
        HOME: folder,
      };
      const worker = sweepWorker({ folder, name: temporal, env, conduct });
      workers.push(worker);
      await worker.start();
      return worker;
    },
    close: async () => {
      for (const worker of workers) await worker.kill();
      await observer.close();
      await e2e.close();
    },
  };
}
