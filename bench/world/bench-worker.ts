/** The worker process of a benchmark, seen from the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../../test/harness/e2e/processes.ts';

export interface BenchWorkerOptions {
  /** One pair of workers for each, all in one process. */
  readonly temporalNamespaces: readonly string[];
  readonly replicas: number;
  readonly podReadyMs: number;
  /** Where pods answer, by namespace of the cluster; `*` for all others. */
  readonly pods: Readonly<Record<string, string>>;
  readonly watchSlots: number;
}

export interface Usage {
  /** User and system time of all threads since the start. */
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
}

export type WorkerSays =
  | { readonly says: 'ready' }
  | ({ readonly says: 'usage' } & Usage)
  /** An undo, or the watch of a step, has begun in the worker. */
  | { readonly says: 'undo' | 'watching'; readonly workflowId: string; readonly atMs: number };

export interface BenchWorker {
  usage(): Promise<Usage>;
  /** By workflow: when its undo began, in Unix milliseconds. */
  readonly undos: ReadonlyMap<string, number>;
  /** By workflow: when it was watched first. */
  readonly watches: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const READY_MS = 90_000;

export async function startBenchWorker(
  folder: string,
  env: Readonly<Record<string, string>>,
  options: BenchWorkerOptions,
): Promise<BenchWorker> {
  const logFile = join(folder, 'worker.log');
  const output = openSync(logFile, 'a');
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('worker.ts', import.meta.url))], {
    env: { ...cleanEnvironment(), ...env, MAINSTAY_STATE_DIR: folder, MAINSTAY_BENCH: JSON.stringify(options) },
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  const told = { undo: new Map<string, number>(), watching: new Map<string, number>() };
  child.on('message', (message: WorkerSays) => {
    if (message.says !== 'undo' && message.says !== 'watching') return;
    const first = told[message.says];
    if (!first.has(message.workflowId)) first.set(message.workflowId, message.atMs);
  });
  try {
    await heard(child, 'ready', READY_MS);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`the worker did not get ready: ${readFileSync(logFile, 'utf8').slice(-2000)}`, { cause: error });
  }
  return {
    undos: told.undo,
    watches: told.watching,
    usage: async () => {
      const answer = heard(child, 'usage', 30_000);
      child.send('usage');
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function heard<S extends WorkerSays['says']>(
  child: ChildProcess,
  what: S,
  withinMs: number,
): Promise<Extract<WorkerSays, { says: S }>> {
  return new Promise((resolve, reject) => {
    const listen = (message: WorkerSays): void => {
      if (message.says !== what) return;
      done();
      resolve(message as Extract<WorkerSays, { says: S }>);
    };
    const gone = (): void => {
      done();
      reject(new Error(`the worker ended instead of saying ${what}`));
    };
    const late = setTimeout(() => {
      done();
      reject(new Error(`the worker did not say ${what} within ${withinMs / 1000} s`));
    }, withinMs);
    const done = (): void => {
      clearTimeout(late);
      child.off('message', listen);
      child.off('exit', gone);
    };
    child.on('message', listen);
    child.on('exit', gone);
  });
}
