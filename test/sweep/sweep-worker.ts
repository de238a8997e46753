/** The process of the disturbed worker: can be killed and started again; its asks go to whoever conducts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../harness/e2e/processes.ts';
import type { Ask, Order, Reply, WorkerSays } from './protocol.ts';

const ENTRY = fileURLToPath(new URL('injected-worker.ts', import.meta.url));
const READY_MS = 90_000;

/** Answers `undefined` to leave the activity where it is: it waits for a kill. */
export type Conduct = (ask: Ask) => Promise<Order | undefined>;

export interface SweepWorker {
  /** `kill -9`; returns when it is gone. */
  kill(): Promise<void>;
  /** A new process; returns when it polls. */
  start(): Promise<void>;
}

export interface SweepWorkerPlace {
  readonly folder: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly conduct: Conduct;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function sweepWorker({ folder, name, env, conduct }: SweepWorkerPlace): SweepWorker {
  let child: ChildProcess | undefined;
  const logFile = join(folder, `worker-${name}.log`);
  return {
    kill: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child?.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
    start: async () => {
      const output = openSync(logFile, 'a');
      const started = spawn(process.execPath, ['--import', 'tsx', ENTRY], {
        env: { ...cleanEnvironment(), ...env, MAINSTAY_STATE_DIR: join(folder, `state-${name}`) },
        stdio: ['ignore', output, output, 'ipc'],
      });
      closeSync(output);
      running.add(started);
      started.once('exit', () => running.delete(started));
      child = started;
      await ready(started, conduct, () => readFileSync(logFile, 'utf8').slice(-2000));
    },
  };
}

function ready(child: ChildProcess, conduct: Conduct, log: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the worker did not get ready: ${log()}`)), READY_MS);
    child.once('exit', () => reject(new Error(`the worker ended: ${log()}`)));
    child.on('message', (message: WorkerSays) => {
      if ('ready' in message) {
        clearTimeout(late);
        resolve();
        return;
      }
      void conduct(message).then((order) => {
        const reply: Reply | undefined = order && { id: message.id, order };
        // It may have been killed meanwhile; then nobody waits.
        if (reply && child.connected) child.send(reply, () => undefined);
      });
    });
  });
}
