/** The demo's worker: a process of its own, so that one may kill it and see what happens. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSession } from '../session.ts';
import { workerPresence } from '../worker-presence.ts';
import { type RunningChild, startChild, untilReady } from './child-process.ts';

const START_LIMIT_MS = 60_000;
const ROOT = new URL('../../../', import.meta.url);
export const DEMO_CATALOGUE = fileURLToPath(new URL('examples/crm/mainstay.yaml', ROOT));
export const MAINSTAY = fileURLToPath(new URL('bin/mainstay', ROOT));

export async function startWorker(folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<RunningChild> {
  const worker = spawnWorker(folder, env);
  try {
    await untilReady(worker, polls, { limitMs: START_LIMIT_MS, signal });
    return worker;
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

/** Folder of its builds and its release ledger. */
export function workerState(folder: string): string {
  return join(folder, 'worker');
}

export function spawnWorker(folder: string, env: NodeJS.ProcessEnv): RunningChild {
  return startChild({
    name: 'the worker',
    command: process.execPath,
    args: [MAINSTAY, 'worker'],
    env: { ...env, MAINSTAY_STATE_DIR: workerState(folder) },
    logFile: join(folder, 'worker.log'),
  });
}

async function polls(): Promise<boolean> {
  const session = await openSession();
  try {
    return (await workerPresence(session)).polls;
  } finally {
    await session.close();
  }
}
