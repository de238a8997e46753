/** A program with its output in a file. It dies with the test process, and in its process group. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { until } from './until.ts';

const STOP_LIMIT_MS = 15_000;

export interface Child {
  readonly name: string;
  readonly pid: number;
  log(): string;
  /** Undefined while it runs; then how it ended, in words. */
  ended(): string | undefined;
  /** SIGKILL; returns when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, then SIGKILL; returns when it is gone. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

const running = new Set<ChildProcess>();
// A test process that is ended from outside must not leave servers behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function startChild({ name, command, args, env, logFile }: ChildOptions): Child {
  const output = openSync(logFile, 'a');
  const child = spawn(command, args, { env, stdio: ['ignore', output, output] });
  closeSync(output);
  running.add(child);
  let end: string | undefined;
  child.on('error', (error) => (end = error.message));
  child.on('exit', (code, signal) => {
    running.delete(child);
    end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  });
  const gone = (withinMs: number): Promise<boolean> => until(`${name} to end`, () => end !== undefined, withinMs);
  const kill = async (): Promise<void> => {
    if (end === undefined) child.kill('SIGKILL');
    await gone(STOP_LIMIT_MS);
  };
  return {
    name,
    pid: child.pid ?? 0,
    log: () => readFileSync(logFile, 'utf8'),
    ended: () => end,
    kill,
    stop: async () => {
      if (end === undefined) child.kill('SIGTERM');
      try {
        await gone(STOP_LIMIT_MS);
      } catch {
        await kill();
      }
    },
  };
}
