/** Starting one postmaster on one data directory, and knowing when it is ready. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '../../../../clients/postgres/account.ts';
import { freePort } from '../../../../clients/postgres/free-port.ts';
import {
  endServerWithUs,
  isRunning,
  type StartedServer,
  spawnPostgres,
} from '../../../../clients/postgres/server-process.ts';
import { CodedError } from '../../../../errors/coded-error.ts';
import { asAdmin } from './admin.ts';
import { endImmediately, endOrphans } from './processes.ts';
import { fixedSettings } from './settings.ts';

export interface LaunchWish {
  readonly bin: string;
  readonly account: Account | undefined;
  readonly dataDir: string;
  readonly cwd: string;
  readonly log: string;
  readonly password: string;
  /** Asked for first; another one when it is taken. */
  readonly port?: number | undefined;
  /** Beyond what every server has, on the command line. */
  readonly settings?: Readonly<Record<string, string>>;
  /** `readOnly` for a replica, which stays in recovery. */
  readonly readyWhen: 'writable' | 'readOnly';
  readonly limitMs: number;
}

export interface Launched {
  readonly server: StartedServer;
  readonly port: number;
  /** Until called, the server ends with this process, however that ends. */
  readonly callOff: () => void;
}

const POLL_MS = 20;
const ATTEMPTS = 8;
const PORT_TAKEN = /address already in use|could not bind|could not create any TCP\/IP sockets/i;
/** Shared memory of a postmaster that was killed, until its last backend is gone. */
const STILL_HELD = /pre-existing shared memory block|lock file "postmaster\.pid" already exists/i;

/**
 * Starts the server and returns when it can be written to (a replica: read from). A port that was taken meanwhile is
 * replaced by another.
 *
 * @throws CodedError Unavailable with its last words when it ends, or is not ready in time; nothing then runs.
 */
export async function launch(wish: LaunchWish): Promise<Launched> {
  const deadlineMs = Date.now() + wish.limitMs;
  let seen = 'nothing yet';
  for (let attempt = 0; attempt < ATTEMPTS && Date.now() < deadlineMs; attempt++) {
    await endOrphans(wish.dataDir);
    const port = await portFor(wish.port, attempt);
    if (port === undefined) continue;
    const settings = { ...fixedSettings(port), ...wish.settings };
    const { bin, account, cwd, log } = wish;
    const server = await spawnPostgres({ bin, account, cwd, log, settings, cluster: wish.dataDir });
    const callOff = endServerWithUs(server.pid, wish.dataDir, account);
    const outcome = await untilReady(wish, server, port, deadlineMs);
    if (outcome === undefined) return { server, port, callOff };
    callOff();
    seen = outcome;
    if (!PORT_TAKEN.test(seen) && !STILL_HELD.test(seen)) break;
    await delay(50);
  }
  throw new CodedError('Unavailable', `Postgres in ${wish.dataDir}: expected it to start, found: ${seen}`);
}

/** The wished port is waited for a little: a connection of someone may hold it for a moment. */
async function portFor(wished: number | undefined, attempt: number): Promise<number | undefined> {
  if (wished === undefined || attempt > 3) return freePort();
  try {
    return await freePort(wished);
  } catch {
    await delay(100);
    return undefined;
  }
}

/** Undefined when it is ready, else why not; it does not run then. */
async function untilReady(
  wish: LaunchWish,
  server: StartedServer,
  port: number,
  deadlineMs: number,
): Promise<string | undefined> {
  let seen = 'no answer';
  while (Date.now() < deadlineMs) {
    const lastWords = server.ended();
    if (lastWords !== undefined) return reasonIn(await readFile(wish.log, 'utf8').catch(() => '')) ?? lastWords;
    const answer = await ask(port, wish.password);
    if ('problem' in answer) seen = answer.problem;
    else if (answer.folder !== wish.dataDir) seen = `port ${port} serves ${answer.folder}`;
    else if (answer.isInRecovery && wish.readyWhen === 'writable') seen = 'still in recovery';
    else return undefined;
    await delay(POLL_MS);
  }
  if (isRunning(server.pid)) await endImmediately(wish.dataDir);
  return `${seen} after ${wish.limitMs / 1000} s`;
}

/** What ended it: the lines behind are only how it shut down. What it told those who asked too early is no reason. */
function reasonIn(log: string): string | undefined {
  const grave = log
    .split('\n')
    .filter((line) => /(FATAL|PANIC|could not bind)/.test(line) && !/the database system is/.test(line));
  return grave.length > 0 ? grave.slice(-3).join('; ').slice(0, 600) : undefined;
}

type Answer = { readonly problem: string } | { readonly folder: string; readonly isInRecovery: boolean };

async function ask(port: number, password: string): Promise<Answer> {
  try {
    return await asAdmin(
      { port, password },
      async (client) => {
        const { rows } = await client.query<{ folder: string; recovering: boolean }>(
          `SELECT current_setting('data_directory') AS folder, pg_is_in_recovery() AS recovering`,
        );
        return { folder: rows[0]?.folder ?? '', isInRecovery: rows[0]?.recovering ?? true };
      },
      2_000,
    );
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
