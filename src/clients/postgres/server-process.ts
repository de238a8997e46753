/** Starting, finding and ending the process of an embedded server. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../errors/coded-error.ts';
import { startTimeOf } from '../build/process-identity.mjs';
import type { Account } from './account.ts';

const FAST_SHUTDOWN_MS = 10_000;
const POLL_MS = 20;

/** What a server says of itself in its data directory. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** True when the process is there and no zombie. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  // Where there is no /proc, the signal has said all that can be known.
  return startTimeOf(pid) !== undefined || startTimeOf(process.pid) === undefined;
}

/** The server that runs on the cluster; undefined when postmaster.pid is absent, unfinished or of a process that is gone. */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!(pid > 0 && port > 0) || !isRunning(pid) || !isPostgres(pid)) return undefined;
  return { pid, port };
}

/** A pid in an old file may meanwhile be another program's. */
function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return true;
  }
}

/** Runs a program to its end and answers its standard output. Throws Unavailable with what it wrote to standard error. */
export async function runToEnd(
  program: string,
  argv: readonly string[],
  { account, cwd }: { readonly account: Account | undefined; readonly cwd: string },
): Promise<string> {
  const child = spawn(program, argv, {
    ...asAccount(account),
    cwd,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const code = await new Promise<number | string>((resolve, reject) => {
    child.on('error', (error) => reject(cannotRun(program, account, error)));
    child.on('close', (exit, signal) => resolve(exit ?? signal ?? 'unknown'));
  });
  if (code === 0) return said.stdout;
  throw new CodedError('Unavailable', `${program}: ended with ${code}: ${lastLines(said.stderr)}`);
}

export interface ServerSpec {
  readonly home: string;
  readonly bin: string;
  readonly account: Account | undefined;
  readonly port: number;
  readonly durable: boolean;
}

/** A server that was started and has not said yet that it is ready. */
export interface StartedServer {
  readonly pid: number;
  /** Undefined while it runs; else what it wrote last. */
  ended(): string | undefined;
  /** Fulfilled when the process ends. Keeps nothing alive. */
  readonly whenEnded: Promise<void>;
}

/** Starts the server in a session of its own: an interrupt from the terminal must not reach it. It outlives us. */
export async function spawnServer({ home, bin, account, port, durable }: ServerSpec): Promise<StartedServer> {
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    shared_buffers: '32MB',
    max_connections: 100,
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  const [cluster, log] = [join(home, 'cluster'), join(home, 'server.log')];
  return spawnPostgres({ bin, account, cluster, settings, cwd: home, log });
}

export interface PostgresProcess {
  /** Folder of the program `postgres`. */
  readonly bin: string;
  readonly account: Account | undefined;
  /** The data directory. */
  readonly cluster: string;
  /** Given on the command line: they win over every file. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly cwd: string;
  /** File that gets what it says; what stood in it is gone. */
  readonly log: string;
}

/** Starts `postgres` on a data directory, in a session of its own, detached from us. */
export async function spawnPostgres(wish: PostgresProcess): Promise<StartedServer> {
  const { account, log } = wish;
  const program = join(wish.bin, 'postgres');
  const argv = [
    '-D',
    wish.cluster,
    ...Object.entries(wish.settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ];
  const output = openSync(log, 'w', 0o600);
  try {
    const options = { ...asAccount(account), cwd: wish.cwd, env: cleanEnvironment(), detached: true };
    const child = spawn(program, argv, { ...options, stdio: ['ignore', output, output] });
    const pid = await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(cannotRun(program, account, error)));
      child.on('spawn', () => resolve(child.pid ?? 0));
    });
    child.unref();
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    const whenEnded = new Promise<void>((resolve) => (isOver() ? resolve() : child.once('exit', () => resolve())));
    return { pid, whenEnded, ended: () => (isOver() ? lastLines(readFileSync(log, 'utf8')) : undefined) };
  } finally {
    closeSync(output);
  }
}

const WATCH = 'read -r _; [ "$(head -n 1 "$2" 2>/dev/null)" = "$1" ] && kill -INT "$1"';

/**
 * Ends the server (fast shutdown) when this process is gone, however that came: a small shell waits for the end of a
 * pipe that only we hold. Answers how to call it off.
 */
export function endServerWithUs(pid: number, cluster: string, account: Account | undefined): () => void {
  const argv = ['-c', WATCH, 'sh', String(pid), join(cluster, 'postmaster.pid')];
  const options = { ...asAccount(account), cwd: '/', env: cleanEnvironment(), detached: true };
  const shell = spawn('/bin/sh', argv, { ...options, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as Socket).unref();
  return () => {
    shell.kill('SIGKILL');
    shell.stdin.destroy();
  };
}

/** Fast shutdown: sessions end, transactions roll back. Immediate shutdown when that takes longer than 10 s. */
export async function stopServer(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!isRunning(pid)) return;
    process.kill(pid, signal);
    const deadlineMs = Date.now() + FAST_SHUTDOWN_MS;
    while (isRunning(pid) && Date.now() < deadlineMs) await delay(POLL_MS);
  }
  if (isRunning(pid)) throw new CodedError('Unavailable', `embedded Postgres: process ${pid} does not end`);
}

function asAccount(account: Account | undefined): { readonly uid?: number; readonly gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/** PG* variables of the caller's shell are not meant for this server. */
function cleanEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function cannotRun(program: string, account: Account | undefined, error: Error): CodedError {
  const who = account ? ` as ${account.name}` : '';
  return new CodedError('Unavailable', `embedded Postgres: cannot run ${program}${who}: ${error.message}`, {
    cause: error,
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join('; ').slice(-600) || 'it said nothing';
}
