import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type DaemonFinding,
  findDaemon,
  isAlive,
  logFile,
  readDaemonState,
  stateFile,
} from '../../sandbox/daemon-state.ts';
import type { SandboxStatus } from '../../sandbox/status.ts';
import { CommandError } from '../command-error.ts';
import { stateOption } from './control-client.ts';

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 15_000;

export interface UpOptions {
  readonly stateDir: string;
  readonly rps: number;
  readonly watchWindow?: number;
  readonly seed: boolean;
  readonly prometheus?: boolean;
  readonly aws?: boolean;
  /** Seconds of the sandbox for a second of AWS. */
  readonly awsClock?: number;
  /** Told each new step of the start. */
  readonly onStep: (step: string) => void;
}

/** Starts the daemon detached, or finds the one that runs, and waits until it is ready. Throws CommandError. */
export async function bringUp(
  options: UpOptions,
): Promise<{ readonly status: SandboxStatus; readonly wasRunning: boolean }> {
  const { stateDir, onStep } = options;
  const before = await settled(stateDir, onStep);
  if (before.kind === 'running' && before.status.phase === 'ready') return { status: before.status, wasRunning: true };
  if (before.kind === 'stale') onStep(`the sandbox that ran here (pid ${before.pid}) is gone; starting a new one`);
  const wasRunning = before.kind === 'running' || before.kind === 'silent';
  const daemon = wasRunning ? undefined : startDaemon(options);

  const deadlineMs = Date.now() + START_LIMIT_MS;
  let step = '';
  while (Date.now() < deadlineMs) {
    // Asked before the look: a daemon that ends between the two must not pass for one that never was.
    const hasEnded = daemon?.hasEnded() ?? true;
    const found = await findDaemon(stateDir);
    if (found.kind === 'running') {
      const isOurs = found.status.pid === daemon?.pid;
      // Ours came too late, and may still be loading: left alone it would take the folder when the other one ends.
      if (!isOurs) await daemon?.end();
      if (found.status.phase === 'ready') return { status: found.status, wasRunning: !isOurs };
      if (found.status.step !== step) onStep(found.status.step);
      step = found.status.step;
    }
    // Another `up` may have taken the folder a moment before ours: then its daemon is waited for.
    if (hasEnded && (found.kind === 'none' || found.kind === 'stale'))
      throw failedStart(stateDir, daemon?.logStart ?? 0);
    await delay(100);
  }
  throw new CommandError('unavailable', `the sandbox is not ready after ${START_LIMIT_MS / 1000} s (${step})`, [
    `tail ${logFile(stateDir)}`,
    `mainstay sandbox down${stateOption(stateDir)}`,
  ]);
}

/** What is there once a sandbox that is just ending has ended. */
async function settled(stateDir: string, onStep: (step: string) => void): Promise<DaemonFinding> {
  const found = await findDaemon(stateDir);
  if (found.kind !== 'running' || found.status.phase !== 'stopping') return found;
  onStep(`waiting for the sandbox that is ending (pid ${found.status.pid})`);
  await hasGone(found.status.pid, STOP_LIMIT_MS);
  return findDaemon(stateDir);
}

/** Ends the daemon and with it all pods. False when none ran. Throws CommandError when it cannot be ended. */
export async function takeDown(stateDir: string): Promise<boolean> {
  const found = await findDaemon(stateDir);
  if (found.kind === 'none') return false;
  if (found.kind === 'stale') {
    await rm(stateFile(stateDir), { force: true });
    return false;
  }
  const pid = found.kind === 'running' ? found.status.pid : found.pid;
  process.kill(pid, 'SIGTERM');
  if (await hasGone(pid, STOP_LIMIT_MS)) return true;
  // Pods cannot outlive the daemon, however it ends.
  process.kill(pid, 'SIGKILL');
  if (!(await hasGone(pid, 2000))) throw new CommandError('unavailable', `the sandbox (pid ${pid}) does not end`);
  if ((await readDaemonState(stateDir))?.pid === pid) await rm(stateFile(stateDir), { force: true });
  return true;
}

function startDaemon({ stateDir, rps, watchWindow, seed, prometheus, aws, awsClock }: UpOptions) {
  mkdirSync(stateDir, { recursive: true });
  const log = openSync(logFile(stateDir), 'a');
  const logStart = statSync(logFile(stateDir)).size;
  const args = ['--state', stateDir, '--rps', String(rps)];
  if (watchWindow !== undefined) args.push('--watch-window', String(watchWindow));
  if (!seed) args.push('--no-seed');
  if (prometheus === true) args.push('--prometheus');
  if (aws === true) args.push('--aws');
  if (awsClock !== undefined) args.push('--aws-clock', String(awsClock));
  const child = spawn(process.execPath, [...daemonEntry(), ...args], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let hasEnded = false;
  child.on('exit', () => (hasEnded = true));
  child.on('error', () => (hasEnded = true));
  child.unref();
  const end = async (): Promise<void> => {
    if (hasEnded || child.pid === undefined) return;
    child.kill('SIGTERM');
    await hasGone(child.pid, STOP_LIMIT_MS);
  };
  return { pid: child.pid, logStart, hasEnded: () => hasEnded, end };
}

/** From a clone the sources run through tsx; from a package the compiled code runs. */
function daemonEntry(): string[] {
  const isSource = import.meta.url.endsWith('.ts');
  const entry = fileURLToPath(new URL(`../../sandbox/daemon.${isSource ? 'ts' : 'js'}`, import.meta.url));
  return isSource ? ['--import', import.meta.resolve('tsx'), entry] : [entry];
}

function failedStart(stateDir: string, logStart: number): CommandError {
  const lines = readFileSync(logFile(stateDir)).subarray(logStart).toString().trimEnd().split('\n');
  const reason =
    lines.findLast((line) => line.includes(' failed: '))?.split(' failed: ')[1] ?? lines.at(-1) ?? 'no word';
  return new CommandError('unavailable', `the sandbox did not start: ${reason}`, [`tail ${logFile(stateDir)}`]);
}

async function hasGone(pid: number, limitMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + limitMs;
  while (Date.now() < deadlineMs) {
    if (!isAlive(pid)) return true;
    await delay(50);
  }
  return !isAlive(pid);
}
