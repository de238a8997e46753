import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { EXAMPLE_REGION, type ExampleAws, startExampleAws } from './aws/example-company.ts';
import type { SandboxAws } from './aws/start-aws.ts';
import { type ApiServer, startApiServer } from './cluster/api/server.ts';
import { startControllers } from './cluster/controllers/start-controllers.ts';
import { createKubeClient } from './cluster/kube/kube-client.ts';
import { startNodeAgent } from './cluster/node/start-node-agent.ts';
import { type SandboxDatabase, startSandboxDatabase } from './database.ts';
import { SandboxFaults } from './faults/sandbox-faults.ts';
import { serviceFaultRules } from './faults/service-fault-rules.ts';
import { kubeConfigFor, kubeconfigText } from './kubeconfig.ts';
import { type Load, startLoad } from './load/load.ts';
import { listPods, observeSandbox } from './observe.ts';
import { onPort } from './preferred-port.ts';
import { startSandboxPrometheus } from './prometheus/start-prometheus.ts';
import { type Registry, startRegistry } from './registry/server.ts';
import { type Router, startRouter } from './router/server.ts';
import { seedExampleCompany } from './seed.ts';
import type { RunningStatus } from './status.ts';

/** Ports that are wished for; a taken one is replaced by any free one, an absent one too. */
export interface SandboxPorts {
  readonly api?: number;
  readonly registry?: number;
  readonly router?: number;
  readonly routerAdmin?: number;
  readonly prometheus?: number;
  readonly aws?: number;
}

export interface SandboxOptions {
  /** Images, pod folders, logs and the kubeconfig; created when absent. Images outlive the sandbox. */
  readonly stateDir: string;
  readonly ports?: SandboxPorts;
  /** Requests per second sent to the example company once it is ready; 0 when absent. */
  readonly rps?: number;
  /** How many events a watch of the Kubernetes API may go back before it gets 410. */
  readonly apiWatchWindow?: number;
  /** Starts a real Prometheus too, which must be installed. */
  readonly prometheus?: boolean;
  /** Starts a Postgres server with a database for the example company. */
  readonly database?: boolean;
  /**
   * Starts an AWS endpoint too: the company's database is an RDS instance in it then, whether or not a database was asked
   * for. `clockFactor`: seconds here for a second there, 0.01 when absent.
   */
  readonly aws?: boolean | { readonly clockFactor?: number };
  /** Creates the example company and waits until it is served; true when absent. */
  readonly seed?: boolean;
  /** Told what is being done, one line at a time. */
  readonly onPhase?: (phase: string) => void;
  /** Told of problems that the parts get over by themselves. */
  readonly reportProblem?: (part: string, problem: Error) => void;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface Sandbox {
  /** Absolute. */
  readonly stateDir: string;
  readonly kubeconfigPath: string;
  readonly kubeConfig: KubeConfig;
  readonly api: ApiServer;
  readonly registry: Registry;
  readonly router: Router;
  readonly load: Load;
  /** Address of Prometheus; absent when it was not asked for. */
  readonly prometheusUrl?: string;
  /** URL of the example company's database, with its password; absent when it was not asked for, or could not start. */
  readonly databaseUrl?: string;
  /** Absent when it was not asked for. */
  readonly aws?: SandboxAws;
  readonly faults: SandboxFaults;
  status(): Promise<RunningStatus>;
  /** Ends everything, also the processes of all pods. May be called twice. */
  close(): Promise<void>;
}

/** The hostname under which the example company's route is reached. */
export const EXAMPLE_HOST = 'crm.example.com';

/**
 * Starts a whole sandbox in this process: Kubernetes API, controllers, node agent, registry, router, load generator,
 * and the example company in it. What was started is ended again when a later part fails.
 *
 * @throws Error that names the part and what it lacked.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const stops: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= endAll(stops);
    return closing;
  };
  try {
    return await compose(options, stops, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  options: SandboxOptions,
  stops: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<Sandbox> {
  const { ports = {}, rps = 0, apiWatchWindow, seed = true, onPhase = () => undefined, signal } = options;
  const { reportProblem = () => undefined } = options;
  const stateDir = resolve(options.stateDir);
  await mkdir(stateDir, { recursive: true });

  // Beside everything else: it takes a second, and only the seed needs it.
  const awsStarting = options.aws ? withAws(options, stateDir, reportProblem) : undefined;
  // Awaited below; a failure before that must not end the process.
  awsStarting?.catch(() => undefined);
  stops.push(async () => (await awsStarting?.catch(() => undefined))?.aws.close());
  const databaseStarting =
    options.database === true && !awsStarting ? withDatabase(stateDir, reportProblem) : undefined;
  stops.push(async () => (await databaseStarting)?.close());
  onPhase('starting registry, Kubernetes API and router');
  const registry = await onPort(ports.registry, (port) => startRegistry({ stateDir, port }));
  stops.push(registry.close);
  const watchWindow = apiWatchWindow === undefined ? {} : { watchWindow: apiWatchWindow };
  const api = await onPort(ports.api, (port) => startApiServer({ port, ...watchWindow }));
  stops.push(api.close);
  const kubeconfigPath = join(stateDir, 'kubeconfig');
  await writeFile(kubeconfigPath, kubeconfigText(api.url));
  const kubeConfig = kubeConfigFor(api.url);
  const client = createKubeClient(kubeConfig);
  stops.push(client.close);

  // Two ports, each of which may be taken: the router asks for the wished ones, then for any.
  const router = await onPort(ports.router, (port) =>
    onPort(ports.routerAdmin, (adminPort) =>
      startRouter({ kubeConfig, port, adminPort, reportProblem: (problem) => reportProblem('router', problem) }),
    ),
  );
  stops.push(router.close);
  const node = await startNodeAgent({ kubeConfig, stateDir, registryHost: registry.host, reportProblem });
  stops.push(node.close);
  // Last in, first out: no controller replaces the pods that the node agent ends.
  const controllers = await startControllers({ kubeConfig, reportProblem });
  stops.push(controllers.close);
  await router.synced;

  // Known to the faults before it has started.
  const started: { example?: ExampleAws } = {};
  const faults = new SandboxFaults({
    aws: () => started.example?.aws.faults,
    api: api.faults,
    registry: registry.faults,
    router: router.faults,
    setServiceFaults: async (wanted) => {
      const rules = await serviceFaultRules(wanted, registry);
      const before = node.listFaults();
      // New ones first: a pod must not be well for the moment in between.
      for (const rule of rules) node.setFault(rule);
      for (const { id } of before) node.clearFaults(id);
    },
  });
  const prometheus = options.prometheus === true ? await withPrometheus(options, stateDir, api, router) : undefined;
  if (prometheus) stops.push(prometheus.close);
  if (awsStarting) onPhase('starting AWS: the database as an RDS instance');
  const example = await awsStarting;
  if (example) started.example = example;
  const databaseUrl = example?.databaseUrl ?? (await databaseStarting)?.url;
  if (seed) {
    const cluster = { kubeConfig, client, registryHost: registry.host, routerPort: router.port };
    await seedExampleCompany({
      ...cluster,
      onPhase,
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      ...(signal ? { signal } : {}),
    });
  }
  const load = startLoad({ target: router.url, rps, host: EXAMPLE_HOST });
  stops.push(load.close);
  const told = {
    ...(prometheus ? { prometheusUrl: prometheus.url } : {}),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(example ? { aws: example.aws, awsRegion: EXAMPLE_REGION } : {}),
  };
  const parts = { stateDir, kubeconfigPath, kubeConfig, api, registry, router, load, faults, ...told };
  return { ...parts, status: () => observeSandbox(parts), close };
}

/** Without it the sandbox is of use all the same; the migrations of its company are then refused, with the reason. */
async function withDatabase(
  stateDir: string,
  reportProblem: (part: string, problem: Error) => void,
): Promise<SandboxDatabase | undefined> {
  try {
    return await startSandboxDatabase({ stateDir });
  } catch (error) {
    reportProblem('database', error instanceof Error ? error : new Error(String(error)));
    return undefined;
  }
}

function withAws(
  { aws, ports }: SandboxOptions,
  stateDir: string,
  reportProblem: (part: string, problem: Error) => void,
): Promise<ExampleAws> {
  const clock = typeof aws === 'object' && aws.clockFactor !== undefined ? { clockFactor: aws.clockFactor } : {};
  return onPort(ports?.aws, (port) =>
    // Every upload is a file of the log that is kept: seldom enough for an afternoon.
    startExampleAws({
      stateDir: join(stateDir, 'aws'),
      port,
      logUploadMs: 30_000,
      nightlyBackups: true,
      reportProblem,
      ...clock,
    }),
  );
}

function withPrometheus(
  { ports, onPhase }: SandboxOptions,
  stateDir: string,
  api: ApiServer,
  router: Router,
): ReturnType<typeof startSandboxPrometheus> {
  onPhase?.('starting Prometheus');
  const { adminUrl: routerAdminUrl } = router;
  return startSandboxPrometheus({ stateDir, port: ports?.prometheus, pods: () => listPods(api), routerAdminUrl });
}

/** Ends the parts in reverse order; one that fails does not keep the others alive. */
async function endAll(stops: (() => Promise<void> | void)[]): Promise<void> {
  const problems: unknown[] = [];
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop();
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length > 0) throw new AggregateError(problems, 'some parts of the sandbox did not end cleanly');
}
