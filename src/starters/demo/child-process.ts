/** Programs that the demo starts: each writes to a log of its own, and is ended by its pid, however the demo ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../command-error.ts';

const STOP_LIMIT_MS = 8_000;

export interface RunningChild {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Undefined while it runs; then how it ended, in words. */
  ended(): string | undefined;
  /** Asks it to end, then insists; returns when it is gone. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

/** In a process group of its own: Ctrl-C reaches the demo alone, which then ends everything in order. */
export function startChild({ name, command, args, env, logFile }: ChildOptions): RunningChild {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let end: string | undefined;
  child.on('error', (error) => (end = error.message));
  child.on('exit', (code, signal) => (end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  return { name, pid: child.pid ?? 0, logFile, ended: () => end, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  const isGone = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  if (isGone()) return;
  child.kill('SIGTERM');
  const deadlineMs = Date.now() + STOP_LIMIT_MS;
  while (!isGone() && Date.now() < deadlineMs) await delay(50);
  if (!isGone()) child.kill('SIGKILL');
}

/** Waits until a child is ready; throws a CommandError with the end of its log when it ends or takes too long. */
export async function untilReady(
  child: RunningChild,
  isReady: () => Promise<boolean>,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!(await isReady())) {
    signal.throwIfAborted();
    const end = child.ended();
    if (end !== undefined) throw notReady(child, end);
    if (Date.now() > deadlineMs) throw notReady(child, `is not ready after ${limitMs / 1000} s`);
    await delay(150, undefined, { signal });
  }
}

function notReady(child: RunningChild, what: string): CommandError {
  const lines = readFileSync(child.logFile, 'utf8').trimEnd().split('\n').slice(-5);
  return new CommandError('unavailable', `${child.name} ${what}`, [...lines, `its log: ${child.logFile}`]);
}
