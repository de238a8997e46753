import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll } from 'vitest';
import { type EmbeddedServer, startEmbeddedPostgres } from '../../src/clients/postgres/embedded-server.ts';

export interface PostgresChoice {
  readonly name: string;
  /** Folder of initdb and postgres; the packaged ones when left out. */
  readonly binaries?: string;
}

/** The packaged server; with `npm run test:postgres` the one on PATH too, where there is one. */
export const POSTGRES_CHOICES: readonly PostgresChoice[] = [
  { name: 'packaged Postgres' },
  ...(process.env.MAINSTAY_TEST_ALL_POSTGRES ? onPath() : []),
];

export interface TestDatabase {
  readonly name: string;
  /** With the password of a superuser. */
  readonly url: string;
  /** The server of this test process. */
  readonly server: EmbeddedServer;
  /** One statement over a connection of its own. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

interface SharedServer {
  readonly folder: string;
  readonly server: EmbeddedServer;
}

const servers = new Map<string, Promise<SharedServer>>();

/** A fresh, empty database on a server that all tests of this process share; it ends with the test file. */
export async function openDatabase(choice: PostgresChoice = { name: 'packaged Postgres' }): Promise<TestDatabase> {
  const key = choice.binaries ?? '';
  const shared = servers.get(key) ?? startShared(choice);
  servers.set(key, shared);
  const { server } = await shared;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await queryOnce(server.url, `CREATE DATABASE ${name}`);
  const url = server.url.replace(/postgres$/, name);
  return { name, url, server, query: (text, values) => queryOnce(url, text, values) };
}

/** A temporary folder that another account can walk into: as root, Postgres runs as one. */
export async function makeReachableFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-postgres-'));
  await chmod(folder, 0o755);
  return folder;
}

async function startShared({ binaries }: PostgresChoice): Promise<SharedServer> {
  const folder = await makeReachableFolder();
  const common = { dataDir: join(folder, 'server'), durable: false, endsWithUs: true };
  return { folder, server: await startEmbeddedPostgres({ ...common, ...(binaries ? { binaries } : {}) }) };
}

afterAll(async () => {
  for (const shared of servers.values()) {
    const started = await shared.catch(() => undefined);
    await started?.server.close();
    if (started) await rm(started.folder, { recursive: true, force: true });
  }
  servers.clear();
});

async function queryOnce<Row extends pg.QueryResultRow>(url: string, text: string, values?: unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

function onPath(): PostgresChoice[] {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const program = join(folder, 'postgres');
    if (!folder || !existsSync(program)) continue;
    const binaries = dirname(realpathSync(program));
    if (existsSync(join(binaries, 'initdb'))) return [{ name: `Postgres of ${binaries}`, binaries }];
  }
  return [];
}
