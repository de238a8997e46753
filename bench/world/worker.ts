/**
 * The worker that is measured: workers, workflow code, activities and scrape are the product's own; cluster and registry
 * are in memory. It answers what it costs, and tells when an undo begins. Started by `startBenchWorker`.
 */
import { Client } from '@temporalio/client';
import { Runtime } from '@temporalio/worker';
import { Context } from '@temporalio/activity';
import { type Activities, createActivities } from '../../src/activities/index.ts';
import type { RegistryClient } from '../../src/clients/registry/port.ts';
import { createScrapeProvider } from '../../src/clients/metrics/scrape-provider.ts';
import { createTrafficRouter } from '../../src/clients/router/traffic-router.ts';
import { catalogueReader } from '../../src/config/load-catalogue.ts';
import { readSettings } from '../../src/config/settings.ts';
import { activityDeps } from '../../src/worker.ts';
import { connectWorker, type WorkerConnections } from '../../src/worker/connect.ts';
import { createWorkerLog } from '../../src/worker/logging.ts';
import { createWorkers, runAll } from '../../src/worker/run-workers.ts';
import { createFakeCluster } from './fake-cluster.ts';
import type { BenchWorkerOptions, WorkerSays } from './bench-worker.ts';

const DIGEST = (digit: string): string => `sha256:${digit.repeat(64)}`;

const options = JSON.parse(process.env.MAINSTAY_BENCH ?? '{}') as BenchWorkerOptions;
const read = readSettings();
if (!('settings' in read)) throw new Error(`settings: ${JSON.stringify(read.problems)}`);
const { settings } = read;
const log = createWorkerLog(settings);
Runtime.install({
  logger: log.logger,
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});

const kubernetes = createFakeCluster({
  replicas: options.replicas,
  image: `registry.example.com/crm-api@${DIGEST('1')}`,
  podReadyMs: options.podReadyMs,
  podsOf: (namespace) => options.pods[namespace] ?? options.pods['*'] ?? '127.0.0.1:9',
});
const registry: RegistryClient = {
  resolveTag: async () => DIGEST('2'),
  hasDigest: async () => true,
};

function tell(message: WorkerSays): void {
  process.send?.(message);
}

function activitiesFor(connections: WorkerConnections): Activities {
  const real = activityDeps(settings, connections, catalogueReader({ path: settings.cataloguePath }));
  const activities = createActivities({
    ...real,
    kubernetes,
    router: createTrafficRouter(kubernetes),
    metrics: createScrapeProvider({ kubernetes }),
    registry,
  });
  return {
    ...activities,
    restoreTraffic: (input) => {
      tellBegin('undo');
      return activities.restoreTraffic(input);
    },
    observeStep: (input) => {
      if (input.step === 0) tellBegin('watching');
      return activities.observeStep(input);
    },
  };
}

function tellBegin(says: 'undo' | 'watching'): void {
  tell({ says, workflowId: Context.current().info.workflowExecution?.workflowId ?? '', atMs: Date.now() });
}

const base = await connectWorker();
const workers = [];
for (const namespace of options.temporalNamespaces) {
  const client = new Client({ connection: base.client.connection, namespace });
  const connections = { ...base, namespace, client };
  workers.push(...(await createWorkers(connections, activitiesFor(connections), options.watchSlots)));
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  tell({ says: 'usage', cpuMs: (user + system) / 1000, rssMb: rss / 1024 ** 2, heapMb: heapUsed / 1024 ** 2 });
});
process.on('disconnect', () => process.exit(0));
const ended = runAll(workers, log.say);
tell({ says: 'ready' });
await ended;
