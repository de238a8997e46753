import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxStatus } from './status.ts';

/** What stands in `<stateDir>/sandbox.json` while a daemon runs there. */
export interface DaemonState {
  readonly pid: number;
  readonly startedAt: string;
  /** URL of the control server; absent for the moments until it listens. */
  readonly control?: string;
}

/** The daemon of a state folder, as found from outside. */
export type DaemonFinding =
  | { readonly kind: 'none' }
  /** The process is gone, or is another one by now: nobody runs here. */
  | { readonly kind: 'stale'; readonly pid: number }
  /** The process lives but does not answer: just starting, or hanging. */
  | { readonly kind: 'silent'; readonly pid: number; readonly startedAt: string }
  | { readonly kind: 'running'; readonly status: SandboxStatus };

const PROBE_TIMEOUT_MS = 3000;
/** Until a daemon listens; afterwards a live pid that does not answer is another program's. */
const START_GRACE_MS = 15_000;

export function stateFile(stateDir: string): string {
  return join(stateDir, 'sandbox.json');
}

export function logFile(stateDir: string): string {
  return join(stateDir, 'daemon.log');
}

export async function readDaemonState(stateDir: string): Promise<DaemonState | undefined> {
  try {
    const state = JSON.parse(await readFile(stateFile(stateDir), 'utf8')) as DaemonState;
    return Number.isInteger(state.pid) ? state : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes the folder for this process. Throws when a live daemon has it; what a dead one left is removed first. Two
 * daemons that start at once cannot both succeed.
 */
export async function claimStateDir(stateDir: string, state: DaemonState): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await createWhole(stateDir, state)) return;
    const found = await findDaemon(stateDir);
    if (found.kind === 'running') throw new Error(`a sandbox already runs in ${stateDir} (pid ${found.status.pid})`);
    if (found.kind === 'silent') throw new Error(`a sandbox is starting or hanging in ${stateDir} (pid ${found.pid})`);
    await rm(stateFile(stateDir), { force: true });
  }
  throw new Error(`cannot take ${stateFile(stateDir)}: it comes back each time it is removed`);
}

/** False when the file exists. Linking a finished file is atomic: nobody ever reads a state that is half written. */
async function createWhole(stateDir: string, state: DaemonState): Promise<boolean> {
  const temporary = `${stateFile(stateDir)}.${state.pid}`;
  await writeFile(temporary, JSON.stringify(state));
  try {
    await link(temporary, stateFile(stateDir));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Replaces the state whole; only the daemon that claimed the folder may do so. */
export async function writeDaemonState(stateDir: string, state: DaemonState): Promise<void> {
  const temporary = `${stateFile(stateDir)}.part`;
  await writeFile(temporary, JSON.stringify(state));
  await rename(temporary, stateFile(stateDir));
}

/** Gives the folder back, if it is still this process's. */
export async function releaseStateDir(stateDir: string, pid: number): Promise<void> {
  if ((await readDaemonState(stateDir))?.pid === pid) await rm(stateFile(stateDir), { force: true });
}

/** Looks for the daemon of a folder, and asks it who it is: a pid alone may belong to another program by now. */
export async function findDaemon(stateDir: string): Promise<DaemonFinding> {
  const state = await readDaemonState(stateDir);
  if (!state) return { kind: 'none' };
  if (!isAlive(state.pid)) return { kind: 'stale', pid: state.pid };
  if (state.control === undefined)
    return isYoung(state) ? { kind: 'silent', ...state } : { kind: 'stale', pid: state.pid };
  try {
    const response = await fetch(`${state.control}/status`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const status = (await response.json()) as SandboxStatus;
    return status.pid === state.pid ? { kind: 'running', status } : { kind: 'stale', pid: state.pid };
  } catch (error) {
    // Nobody listens there: the daemon is gone and its pid was given to another program. A timeout means it hangs.
    const isTimeout = error instanceof Error && error.name === 'TimeoutError';
    return isTimeout ? { kind: 'silent', ...state } : { kind: 'stale', pid: state.pid };
  }
}

/** True while a process of this number exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isYoung({ startedAt }: DaemonState): boolean {
  return Date.now() - Date.parse(startedAt) < START_GRACE_MS;
}
