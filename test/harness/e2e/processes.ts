/** The programs of an end-to-end test: each started by this process, each ended by its pid. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { TASK_QUEUES } from '../../../src/core/model/names.ts';
import { requireTool } from '../tools.ts';
import { type Child, startChild } from './child.ts';
import { until } from './until.ts';

export const MAINSTAY = fileURLToPath(new URL('../../../bin/mainstay', import.meta.url));
const READY_MS = 90_000;

export interface DevServer {
  readonly address: string;
  readonly connection: Connection;
  /** As a crash would: nothing is said to anyone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A Temporal dev server on free ports with its own database; tried again should a port be taken meanwhile. */
export async function startDevServer(folder: string, namespaces: readonly string[]): Promise<DevServer> {
  let problem: unknown;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      return await startOnce(join(folder, `temporal-${attempt}`), namespaces);
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

async function startOnce(base: string, namespaces: readonly string[]): Promise<DevServer> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'];
  const child = startChild({
    name: 'the Temporal server',
    command: requireTool('temporal'),
    args: [...args, '--db-filename', `${base}.db`, ...namespaces.flatMap((name) => ['--namespace', name])],
    env: process.env,
    logFile: `${base}.log`,
  });
  try {
    const connection = await until('Temporal server', () => connected(child, address, namespaces), READY_MS);
    return {
      address,
      connection,
      kill: () => child.kill(),
      stop: async () => {
        await connection.close();
        await child.stop();
      },
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function connected(child: Child, address: string, namespaces: readonly string[]): Promise<Connection> {
  const end = child.ended();
  if (end !== undefined) throw new Error(`${end}: ${child.log().slice(-500)}`);
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    for (const namespace of ['default', ...namespaces]) {
      await connection.workflowService.describeNamespace({ namespace });
    }
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('no free port');
}

/** A worker process that can be killed and started again; `log` is kept over all its lives. */
export interface WorkerProcess {
  readonly pid: number;
  readonly log: () => string;
  /** `kill -9`: no handing over. Returns when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; returns when it is gone, with the time it took in milliseconds. */
  stop(): Promise<number>;
  /** A new process in its place; returns when it polls. */
  start(): Promise<void>;
}

export interface WorkerPlace {
  readonly folder: string;
  readonly name: string;
  readonly namespace: string;
  readonly server: DevServer;
  readonly env: Readonly<Record<string, string>>;
  /** Of `mainstay worker`. */
  readonly args?: readonly string[];
}

export async function startWorkerProcess({
  folder,
  name,
  namespace,
  server,
  env,
  args = [],
}: WorkerPlace): Promise<WorkerProcess> {
  const begin = (): Child =>
    startChild({
      name: `worker ${name}`,
      command: process.execPath,
      args: [MAINSTAY, 'worker', ...args],
      env: { ...cleanEnvironment(), ...env, MAINSTAY_STATE_DIR: join(folder, `state-${name}`) },
      logFile: join(folder, `worker-${name}.log`),
    });
  let child: Child | undefined;
  const worker: WorkerProcess = {
    get pid() {
      return child?.pid ?? 0;
    },
    log: () => child?.log() ?? '',
    kill: async () => child?.kill(),
    stop: async () => {
      const startMs = Date.now();
      await child?.stop();
      return Date.now() - startMs;
    },
    start: async () => {
      const started = begin();
      child = started;
      await until(`worker ${name}`, () => pollsEverything(started, server, namespace), READY_MS, started.log);
    },
  };
  try {
    await worker.start();
    return worker;
  } catch (error) {
    await worker.kill();
    throw error;
  }
}

const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;

/** The server itself knows who polls; a worker's identity holds its pid. */
async function pollsEverything(child: Child, { connection }: DevServer, namespace: string): Promise<boolean> {
  if (child.ended() !== undefined) throw new Error(`${child.ended()}`);
  const queues = [
    [TASK_QUEUES.main, WORKFLOW_TASKS],
    [TASK_QUEUES.main, ACTIVITY_TASKS],
    [TASK_QUEUES.watch, ACTIVITY_TASKS],
  ] as const;
  const polled = queues.map(async ([name, taskQueueType]) => {
    const answer = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType,
    });
    return (answer.pollers ?? []).some(({ identity }) => identity?.includes(`-${child.pid}@`));
  });
  return (await Promise.all(polled)).every(Boolean);
}

/** The environment without the settings of another Temporal or catalogue. */
export function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => (!name.startsWith('TEMPORAL_') || name.endsWith('_PATH')) && name !== 'MAINSTAY_CONFIG',
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), XDG_CONFIG_HOME: '/nowhere' };
}
