/** Composition root: configuration -> clients -> activities -> workers of both queues -> run until told to stop. */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { Connection } from '@temporalio/client';
import { createActivities } from './activities/index.ts';
import { createLocalBuilds } from './clients/build/local-command.ts';
import { createKubernetesClients } from './clients/kubernetes/http-client.ts';
import { createScrapeProvider } from './clients/metrics/scrape-provider.ts';
import { createRegistryClient } from './clients/registry/http-client.ts';
import { createHttpRouteRouter } from './clients/router/http-route.ts';
import { loadCatalogue } from './config/load-catalogue.ts';
import { TASK_QUEUES } from './core/model/names.ts';
import { describeProblem } from './core/model/problem.ts';

export interface RunWorkerOptions {
  /** Watching slots: at least as many as deployments are in flight. Default 1,000. */
  readonly watchSlots?: number;
  /** Told once both queues are polled. */
  readonly onReady?: (facts: {
    readonly address: string;
    readonly namespace: string;
    readonly catalogue: string;
  }) => void;
  /** Where the worker says what it does; standard error by default. */
  readonly say?: (line: string) => void;
}

/** Polls both queues until SIGINT or SIGTERM, then hands its work over: shutdown grace 3 s. */
export async function runWorker(options: RunWorkerOptions = {}): Promise<void> {
  const say = options.say ?? ((line: string) => process.stderr.write(`${line}\n`));
  const level = (process.env.MAINSTAY_LOG_LEVEL ?? 'warn').toUpperCase();
  Runtime.install({
    logger: new DefaultLogger(isLevel(level) ? level : 'WARN'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const settings = loadClientConnectConfig();
  const address = settings.connectionOptions.address ?? 'localhost:7233';
  const namespace = settings.namespace ?? 'default';
  const connection = await NativeConnection.connect(settings.connectionOptions);
  const clientConnection = await Connection.connect(settings.connectionOptions);
  try {
    const client = new Client({ connection: clientConnection, namespace });
    const catalogue = await sayCatalogue(say);
    const kubernetes = createKubernetesClients();
    const activities = createActivities({
      client: () => client,
      loadCatalogue: () => loadCatalogue(),
      kubernetes,
      router: createHttpRouteRouter(kubernetes),
      metrics: createScrapeProvider({ kubernetes }),
      registry: createRegistryClient(),
      builds: createLocalBuilds({ stateDir: stateDir(), inherited: process.env }),
    });
    const bundle = await bundleWorkflowCode({ workflowsPath: workflowsPath(), logger: new DefaultLogger('ERROR') });
    const common: Omit<WorkerOptions, 'taskQueue'> = {
      connection,
      namespace,
      activities,
      shutdownGraceTime: '3s',
      shutdownForceTime: '10s',
      identity: `mainstay-${process.pid}@${process.env.HOSTNAME ?? 'worker'}`,
    };
    const workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue: TASK_QUEUES.main,
        workflowBundle: bundle,
        stickyQueueScheduleToStartTimeout: '2s',
        maxConcurrentActivityTaskExecutions: 200,
      }),
      Worker.create({
        ...common,
        taskQueue: TASK_QUEUES.watch,
        maxConcurrentActivityTaskExecutions: options.watchSlots ?? 1000,
      }),
    ]);
    const running = workers.map((worker) => worker.run());
    say(`worker: polling ${TASK_QUEUES.main} and ${TASK_QUEUES.watch} at ${address}, namespace ${namespace}`);
    options.onReady?.({ address, namespace, catalogue });
    await Promise.all(running);
  } finally {
    await clientConnection.close();
    await connection.close();
  }
}

/** A broken catalogue is told at once, but does not stop a worker: it may have to undo what runs. */
async function sayCatalogue(say: (line: string) => void): Promise<string> {
  const loaded = await loadCatalogue();
  if (loaded.outcome === 'loaded') {
    say(`worker: catalogue ${loaded.path}, digest ${loaded.digest.slice(0, 12)}`);
    return loaded.digest;
  }
  say(`worker: the catalogue ${loaded.path} is not usable; new deployments are refused until it is mended:`);
  for (const problem of loaded.problems) say(`  ${describeProblem(problem)}`);
  return '';
}

/** `.ts` from a clone, `.js` from the package. */
function workflowsPath(): string {
  const own = import.meta.url;
  return fileURLToPath(new URL(`./workflows/index.${own.endsWith('.ts') ? 'ts' : 'js'}`, own));
}

function stateDir(): string {
  const base =
    process.env.MAINSTAY_STATE_DIR ??
    join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'mainstay');
  mkdirSync(base, { recursive: true });
  return base;
}

function isLevel(level: string): level is 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' {
  return ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'].includes(level);
}
