/** Composition root: settings -> clients -> activities -> workers of both queues -> run until told to stop. */
import { mkdirSync } from 'node:fs';
import { Runtime } from '@temporalio/worker';
import { type ActivityDeps, createActivities } from './activities/index.ts';
import { createAwsClients } from './clients/aws/aws-clients.ts';
import { createLocalBuilds } from './clients/build/local-command.ts';
import { createKubernetesClients } from './clients/kubernetes/http-client.ts';
import { createResourceClients } from './clients/kubernetes/resource-client.ts';
import { type LedgerRecorder, NO_LEDGER } from './clients/ledger/recorder.ts';
import { createMetricsProvider } from './clients/metrics/provider.ts';
import { createLedgerIncidents, createLedgerNotifier } from './clients/notify/ledger-notices.ts';
import { createAuthFileCredentials } from './clients/registry/auth-file.ts';
import { createRegistryClient } from './clients/registry/http-client.ts';
import { createTrafficRouter } from './clients/router/traffic-router.ts';
import { catalogueReader } from './config/load-catalogue.ts';
import { readSettings, type Settings } from './config/settings.ts';
import { TASK_QUEUES } from './core/model/names.ts';
import { describeProblem } from './core/model/problem.ts';
import { CodedError } from './errors/coded-error.ts';
import { restoreSuite } from './restore-suite/index.ts';
import { connectWorker, type WorkerConnections } from './worker/connect.ts';
import { keepLedger } from './worker/keep-ledger.ts';
import { temporarySecretOf } from './worker/temporary-secret.ts';
import { createWorkerLog } from './worker/logging.ts';
import { createWorkers, runAll, workerIdentity } from './worker/run-workers.ts';
import { sayCatalogue } from './worker/say-catalogue.ts';
import { sayCurrent, warnOfOrphans } from './worker/say-versions.ts';

export interface RunWorkerOptions {
  /** Watching slots: at least as many as deployments are in flight. Default 1,000. */
  readonly watchSlots?: number;
  /** Version of the code, for the Temporal server: running deployments stay with the build they began with. */
  readonly buildId?: string;
  /** Have new operations go to this build, once the server knows it. */
  readonly makeCurrent?: boolean;
  /** Told once both queues are polled. */
  readonly onReady?: (facts: {
    readonly address: string;
    readonly namespace: string;
    readonly catalogue: string;
  }) => void;
  /** Where the worker says what it does; standard error by default. */
  readonly say?: (line: string) => void;
}

/**
 * Polls both queues until SIGINT or SIGTERM, then hands its work over in less than 5 s. Throws a CodedError within
 * seconds: InvalidInput (settings), Unavailable (no Temporal server), NotFound (no such namespace).
 */
export async function runWorker(options: RunWorkerOptions = {}): Promise<void> {
  const settings = settingsOrThrow();
  const log = createWorkerLog(settings);
  const say = options.say ?? log.say;
  const runtime = Runtime.install({
    logger: log.logger,
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const connections = await connectWorker().catch(async (error: unknown) => {
    // A native core that nothing was connected with would keep the process from ending.
    await runtime.shutdown().catch(() => undefined);
    throw error;
  });
  const ledger = keepLedger(settings, say);
  try {
    const readCatalogue = catalogueReader({ path: settings.cataloguePath });
    const catalogue = await sayCatalogue(readCatalogue, say);
    const activities = createActivities(activityDeps(settings, connections, readCatalogue, ledger.recorder));
    const { buildId, watchSlots = 1000 } = options;
    const workers = await createWorkers(connections, activities, watchSlots, buildId);
    const stopped = new AbortController();
    const ended = runAll(workers, say).finally(() => stopped.abort());
    const { address, namespace } = connections;
    const as = buildId === undefined ? '' : ` as build ${buildId}`;
    say(`polling ${TASK_QUEUES.main} and ${TASK_QUEUES.watch} at ${address}, namespace ${namespace}${as}`);
    options.onReady?.({ address, namespace, catalogue });
    const told = await settled(tellVersions(connections, options, say, stopped.signal));
    // A build that cannot be made current ends the worker: whoever started it must know that nobody gives it work.
    if ('error' in told) for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    if ('error' in told) throw told.error;
  } finally {
    await ledger.close();
    await connections.close().catch(() => undefined);
  }
}

async function tellVersions(
  { connection, namespace, client }: WorkerConnections,
  { buildId, makeCurrent }: RunWorkerOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (buildId !== undefined && makeCurrent === true) {
    await sayCurrent({ connection, namespace }, { buildId, identity: workerIdentity() }, say, signal);
  }
  await warnOfOrphans({ connection, namespace, client }, buildId, say);
}

async function settled(work: Promise<void>): Promise<{ readonly error: unknown } | Record<string, never>> {
  try {
    await work;
    return {};
  } catch (error) {
    return { error };
  }
}

function settingsOrThrow(): Settings {
  const read = readSettings();
  if ('settings' in read) {
    mkdirSync(read.settings.stateDir, { recursive: true });
    return read.settings;
  }
  throw new CodedError('InvalidInput', `settings: ${read.problems.map(describeProblem).join('; ')}`);
}

/** The real clients behind every activity; benchmarks replace some of them by fakes. */
export function activityDeps(
  settings: Settings,
  { client }: WorkerConnections,
  readCatalogue: ActivityDeps['loadCatalogue'],
  ledger: LedgerRecorder = NO_LEDGER,
): ActivityDeps {
  const kubernetes = createKubernetesClients();
  const aws = createAwsClients();
  return {
    client: () => client,
    loadCatalogue: readCatalogue,
    kubernetes,
    resources: createResourceClients(),
    router: createTrafficRouter(kubernetes),
    metrics: createMetricsProvider({ kubernetes }),
    registry: createRegistryClient({
      insecureHosts: settings.insecureRegistries,
      credentials: createAuthFileCredentials(settings.registryAuthFile),
    }),
    builds: createLocalBuilds({ stateDir: settings.stateDir, inherited: process.env }),
    ledger,
    notifier: createLedgerNotifier(ledger),
    incidents: createLedgerIncidents(ledger),
    aws,
    suite: restoreSuite,
    temporarySecret: temporarySecretOf(settings, { awsSecrets: aws.secrets }),
  };
}
