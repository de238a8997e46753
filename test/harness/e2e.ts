/**
 * Everything as a person would have it: a Temporal dev server, the sandbox, worker processes, the command lines. One
 * folder a run; every port is free when it is asked for, every process is ended by its pid.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/sandbox/cluster/kube/kube-client.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { buildExample } from '../../src/sandbox/seed.ts';
import { type CommandEnd, type RunningCommand, startMainstay } from './command-line.ts';
import { type StageCatalogue, TestCatalogue } from './e2e/catalogue.ts';
import { cleanEnvironment, type DevServer, startDevServer, startWorkerProcess } from './e2e/processes.ts';
import type { WorkerProcess } from './e2e/processes.ts';
import { Stage } from './e2e/stage.ts';
import { requireTool } from './tools.ts';

export interface E2eOptions {
  /** Temporal namespaces besides `default`, each for workers of its own. */
  readonly namespaces?: readonly string[];
  /** Versions that are in the registry beforehand, besides v1.4.1, which serves. */
  readonly versions?: readonly string[];
  /** Settings of workers and commands besides those that every file has; by default they keep no ledger. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Start a worker in `default`; true when absent. */
  readonly worker?: boolean;
  /** A cluster in place of the sandbox's own; its files go into the folder given. */
  readonly cluster?: (stateDir: string) => Promise<ClusterParts>;
}

/** What of a sandbox everything here needs: the sandbox's parts around another Kubernetes API have it too. */
export type ClusterParts = Pick<Sandbox, 'kubeConfig' | 'kubeconfigPath' | 'registry' | 'router' | 'close'>;

export interface StageWish extends StageCatalogue {
  readonly replicas?: number;
  readonly rps?: number;
  /** Temporal namespace of its deployments. */
  readonly temporal?: string;
}

export interface E2e {
  readonly folder: string;
  readonly server: DevServer;
  /** Throws when the cluster is another one. */
  readonly sandbox: Sandbox;
  readonly kube: KubeClient;
  /** The worker of `default`. */
  readonly worker: WorkerProcess;
  readonly catalogue: TestCatalogue;
  stage(name: string, wish?: StageWish): Promise<Stage>;
  /** The reference by digest of a version that is in the registry. */
  image(version: string): string;
  startWorker(
    namespace: string,
    env?: Readonly<Record<string, string>>,
    args?: readonly string[],
  ): Promise<WorkerProcess>;
  client(namespace?: string): Client;
  startMainstay(args: readonly string[], namespace?: string): RunningCommand;
  mainstay(args: readonly string[], namespace?: string, extra?: Readonly<Record<string, string>>): Promise<CommandEnd>;
  temporal(args: readonly string[], namespace?: string): Promise<ToolEnd>;
  kubectl(args: readonly string[]): Promise<ToolEnd>;
  close(): Promise<void>;
}

export interface ToolEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const START_LIMIT_MS = 240_000;

/** One for all tests of a file or suite; ended at its end, also when it did not start in time. */
export function useE2e(options: E2eOptions = {}): () => E2e {
  const stops: Stop[] = [];
  let e2e: E2e | undefined;
  beforeAll(async () => {
    e2e = await startE2e(options, stops);
  }, START_LIMIT_MS);
  afterAll(() => endAll(stops), START_LIMIT_MS);
  return () => {
    if (e2e === undefined) throw new Error('used before it was started');
    return e2e;
  };
}

type Stop = () => Promise<unknown>;

async function endAll(stops: Stop[]): Promise<void> {
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop();
    } catch (error) {
      console.error(`while ending: ${String(error)}`); // the rest must end nevertheless
    }
  }
}

/** Starts it all; what was started is ended when a later part fails. */
export async function startE2e(options: E2eOptions = {}, stops: Stop[] = []): Promise<E2e> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-e2e-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const close = (): Promise<void> => endAll(stops);
  try {
    return await compose(folder, stops, close, options);
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  folder: string,
  stops: Stop[],
  close: () => Promise<void>,
  { namespaces = [], versions = ['v1.4.2'], worker: wantsWorker = true, cluster, settings }: E2eOptions,
): Promise<E2e> {
  const catalogue = new TestCatalogue(join(folder, 'mainstay.yaml'));
  const stateDir = join(folder, 'sandbox');
  let sandbox: Sandbox | undefined;
  const ownCluster = async (): Promise<ClusterParts> => (sandbox = await startSandbox({ stateDir, seed: false }));
  const starting = cluster ? cluster(stateDir) : ownCluster();
  const [server, parts] = await both(startDevServer(folder, namespaces), starting, stops);
  const kube = createKubeClient(parts.kubeConfig);
  stops.push(async () => kube.close());
  const images = new Map<string, string>();
  const repository = `${parts.registry.host}/crm-api`;
  await Promise.all(
    ['v1.4.1', ...versions].map(async (version) => {
      images.set(version, `${repository}@${await buildExample(version, repository)}`);
    }),
  );
  const env = (namespace: string): Record<string, string> => ({
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: namespace,
    MAINSTAY_CONFIG: catalogue.path,
    KUBECONFIG: parts.kubeconfigPath,
    MAINSTAY_REGISTRY: parts.registry.host,
    MAINSTAY_SANDBOX_ROUTER_ADMIN: parts.router.adminUrl,
    MAINSTAY_BY: 'release-manager',
    HOME: folder,
    MAINSTAY_LEDGER: 'off',
    ...settings,
  });
  const client = (namespace = 'default'): Client => new Client({ connection: server.connection, namespace });
  const image = (version: string): string => {
    const found = images.get(version);
    if (found === undefined) throw new Error(`version ${version} was not built for this file`);
    return found;
  };
  let workers = 0;
  const startWorker: E2e['startWorker'] = async (namespace, extra = {}, args = []) => {
    workers += 1;
    const place = { folder, name: `${namespace}-${workers}`, namespace, server, env: { ...env(namespace), ...extra } };
    const started = await startWorkerProcess({ ...place, args });
    stops.push(() => started.kill());
    return started;
  };
  const tool = (name: 'temporal' | 'kubectl', args: readonly string[], namespace = 'default'): Promise<ToolEnd> =>
    runTool(requireTool(name), args, { ...cleanEnvironment(), ...env(namespace) });
  return {
    folder,
    server,
    get sandbox() {
      if (sandbox === undefined) throw new Error('this cluster is not the sandbox');
      return sandbox;
    },
    kube,
    worker: wantsWorker ? await startWorker('default') : NO_WORKER,
    catalogue,
    image,
    startWorker,
    client,
    stage: async (name, { replicas, rps, temporal, ...wanted } = {}) => {
      catalogue.add(name, wanted);
      const at = {
        image: image('v1.4.1'),
        ...(replicas !== undefined && { replicas }),
        ...(rps !== undefined && { rps }),
      };
      const stage = await Stage.open(name, parts, kube, client(temporal), at);
      stops.push(() => stage.close());
      return stage;
    },
    startMainstay: (args, namespace = 'default') => {
      const command = startMainstay(args, env(namespace));
      stops.push(async () => command.child.kill('SIGKILL'));
      return command;
    },
    mainstay: (args, namespace = 'default', extra = {}) => startMainstay(args, { ...env(namespace), ...extra }).end,
    temporal: (args, namespace) => tool('temporal', args, namespace),
    kubectl: (args) => tool('kubectl', args),
    close,
  };
}

const NO_WORKER: WorkerProcess = {
  pid: 0,
  log: () => '',
  kill: () => Promise.resolve(),
  stop: () => Promise.resolve(0),
  start: () => Promise.reject(new Error('this file has no worker in default')),
};

async function both<T extends ClusterParts>(
  server: Promise<DevServer>,
  cluster: Promise<T>,
  stops: Stop[],
): Promise<[DevServer, T]> {
  const [first, second] = await Promise.allSettled([server, cluster]);
  if (first.status === 'fulfilled') stops.push(() => first.value.stop());
  if (second.status === 'fulfilled') stops.push(() => second.value.close());
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

function runTool(path: string, args: readonly string[], env: Record<string, string>): Promise<ToolEnd> {
  return new Promise((resolve) => {
    execFile(path, args, { env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}
