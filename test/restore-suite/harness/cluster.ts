/** One Postgres server on a folder of its own, for tests that stop it, copy the folder, harm it and start it again. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Account, serverAccount } from '../../../src/clients/postgres/account.ts';
import { endServerWithUs, isRunning, runToEnd, stopServer } from '../../../src/clients/postgres/server-process.ts';
import type { Programs } from './programs.ts';

const START_LIMIT_MS = 60_000;
const POLL_MS = 10;

/** Nothing here must outlive a crash of the machine, and small pools start faster. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  max_connections: '30',
  autovacuum: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  wal_level: 'logical',
  max_logical_replication_workers: '0',
};

export interface ClusterOptions {
  readonly programs: Programs;
  readonly checksums: boolean;
}

export interface Started {
  /** URL of the superuser on a database of the cluster. */
  url(database: string, user?: string): string;
  query<Row extends pg.QueryResultRow>(database: string, text: string): Promise<Row[]>;
  /** Many statements over one connection, each in its own transaction. */
  run(database: string, statements: readonly string[]): Promise<void>;
  /** Of the postmaster: the sessions' times end in it. */
  readonly pid: number;
}

const MEMORY = '/dev/shm';
const ROOM_BYTES = 2e9;

/** A temporary folder the account of Postgres can walk into; in memory where there is room, for a copy is a thousand files. */
export async function makeRoom(): Promise<string> {
  const memory = await statfs(MEMORY).catch(() => undefined);
  const place = memory && memory.bavail * memory.bsize > ROOM_BYTES ? MEMORY : tmpdir();
  const room = await mkdtemp(join(place, 'mainstay-restore-suite-'));
  await chmod(room, 0o755);
  // Memory that nobody frees: also when this process ends by an error, or by a signal that it turns into an exit.
  process.once('exit', () => rmSync(room, { recursive: true, force: true }));
  return room;
}

export class Cluster {
  /** The data directory. */
  readonly data: string;
  readonly home: string;
  readonly options: ClusterOptions;
  #account: Account | undefined;
  #pid: number | undefined;
  #callOff: () => void = () => undefined;

  private constructor(home: string, options: ClusterOptions) {
    this.home = home;
    this.data = join(home, 'data');
    this.options = options;
  }

  /** initdb in a new folder; not started. */
  static async create(home: string, options: ClusterOptions): Promise<Cluster> {
    const cluster = await Cluster.#at(home, options);
    const { bin, major } = options.programs;
    const checksums = options.checksums ? '--data-checksums' : major >= 18 ? '--no-data-checksums' : undefined;
    const argv = ['-D', cluster.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    await runToEnd(join(bin, 'initdb'), checksums ? [...argv, checksums] : argv, {
      account: cluster.#account,
      cwd: home,
    });
    return cluster;
  }

  /** The files of a stopped cluster in a new folder. */
  async copy(home: string): Promise<Cluster> {
    if (this.#pid !== undefined) throw new Error(`${this.data}: expected a stopped server before it is copied`);
    const copy = await Cluster.#at(home, this.options);
    // The program, not node:fs: a data directory has a thousand files, and it keeps their owner and mode.
    await runToEnd('cp', ['-a', this.data, copy.data], { account: undefined, cwd: home });
    return copy;
  }

  static async #at(home: string, options: ClusterOptions): Promise<Cluster> {
    await mkdir(home, { recursive: true });
    const cluster = new Cluster(home, options);
    cluster.#account = await serverAccount('/none');
    if (cluster.#account) await chown(home, cluster.#account.uid, cluster.#account.gid);
    return cluster;
  }

  /** Answers when it takes connections. Throws with the end of the server's log when it does not start. */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<Started> {
    const port = await freePort();
    const all: Record<string, string> = { ...SETTINGS, ...settings, port: String(port) };
    const argv = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const log = join(this.home, 'log');
    const output = openSync(log, 'w');
    const child = spawn(join(this.options.programs.bin, 'postgres'), ['-D', this.data, ...argv], {
      ...(this.#account ? { uid: this.#account.uid, gid: this.#account.gid } : {}),
      cwd: this.home,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
    const pid = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('spawn', () => resolve(child.pid ?? 0));
    });
    this.#pid = pid;
    this.#callOff = endServerWithUs(pid, this.data, this.#account);
    const url = (database: string, user = 'postgres') =>
      `postgres://${user}:unused@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    const deadlineMs = Date.now() + START_LIMIT_MS;
    for (;;) {
      try {
        await withClient(url('postgres'), (client) => client.query('SELECT 1'));
        break;
      } catch (error) {
        if (child.exitCode !== null || Date.now() > deadlineMs) {
          await this.stop();
          throw new Error(`${this.data} does not start: ${readFileSync(log, 'utf8').slice(-1500)}`, { cause: error });
        }
        await delay(POLL_MS);
      }
    }
    return {
      url,
      pid,
      query: (database, text) => withClient(url(database), async (client) => (await client.query(text)).rows),
      run: (database, statements) => withClient(url(database), (client) => runAll(client, statements)),
    };
  }

  /** Fast shutdown, so that every page is on disk. Stopped already is fine. */
  async stop(): Promise<void> {
    const pid = this.#pid;
    this.#pid = undefined;
    this.#callOff();
    if (pid !== undefined && isRunning(pid)) await stopServer(pid);
  }

  /** Immediate stop: for a copy whose folder is removed anyway, and which may be too harmed for a checkpoint. */
  async remove(): Promise<void> {
    const pid = this.#pid;
    this.#pid = undefined;
    this.#callOff();
    if (pid !== undefined && isRunning(pid)) {
      process.kill(pid, 'SIGQUIT');
      const deadlineMs = Date.now() + 10_000;
      while (isRunning(pid) && Date.now() < deadlineMs) await delay(POLL_MS);
      if (isRunning(pid)) await stopServer(pid);
    }
    await rm(this.home, { recursive: true, force: true });
  }

  log(): string {
    return readFileSync(join(this.home, 'log'), 'utf8');
  }

  /** A file in the data directory that the server can read. */
  async put(path: string, text: string): Promise<void> {
    await writeFile(join(this.data, path), text, { mode: 0o600 });
    if (this.#account) await chown(join(this.data, path), this.#account.uid, this.#account.gid);
  }
}

async function runAll(client: pg.Client, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    try {
      await client.query(statement);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)} in: ${statement}`, { cause: error });
    }
  }
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'restore suite test' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
