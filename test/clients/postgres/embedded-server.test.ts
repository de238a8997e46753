import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pickAccount } from '../../../src/clients/postgres/account.ts';
import { type EmbeddedServer, startEmbeddedPostgres } from '../../../src/clients/postgres/embedded-server.ts';
import { isRunning, stopServer } from '../../../src/clients/postgres/server-process.ts';
import { makeReachableFolder, POSTGRES_CHOICES } from '../../harness/postgres.ts';
import { until } from '../../harness/until.ts';

const isRoot = process.getuid?.() === 0;
const SERVER_MODULE = fileURLToPath(new URL('../../../src/clients/postgres/embedded-server.ts', import.meta.url));

let template: string;
let folder: string;
let dataDir: string;
const started: EmbeddedServer[] = [];
const pids: number[] = [];

/** A cluster made once: most tests are not about how one is made, which takes most of a start. */
beforeAll(async () => {
  template = await makeReachableFolder();
  const server = await startEmbeddedPostgres({ dataDir: join(template, 'pg'), durable: false, endsWithUs: true });
  await server.close();
});

afterAll(async () => {
  await rm(template, { recursive: true, force: true });
});

beforeEach(async () => {
  folder = await makeReachableFolder();
  dataDir = join(folder, 'pg');
});

/** Puts a copy of the ready cluster where the server will look; owners are kept. */
function useReadyCluster(): void {
  execFileSync('cp', ['-a', join(template, 'pg'), dataDir]);
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
  for (const pid of pids.splice(0)) await stopServer(pid);
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedPostgres({ dataDir, durable: false, endsWithUs: true, ...options });
  started.push(server);
  return server;
}

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

describe.each(POSTGRES_CHOICES)('$name', (choice) => {
  const binaries = choice.binaries === undefined ? {} : { binaries: choice.binaries };

  it('starts on loopback with a password of its own, keeps data, and ends', async () => {
    const first = await start(binaries);
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    expect(first.adopted).toBe(false);
    expect(await ask(first.url, 'SHOW listen_addresses')).toBe('127.0.0.1');
    expect(await ask(first.url, 'SHOW fsync')).toBe('off');
    await expect(ask(first.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(first.home, 'password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(first.home, 'cluster'))).mode & 0o777).toBe(0o700);

    await first.close();
    expect(isRunning(first.pid)).toBe(false);
    const second = await start({ ...binaries, durable: true });
    expect(second).toMatchObject({ adopted: false });
    expect(await ask(second.url, 'SELECT n FROM kept')).toBe(7);
    expect(await ask(second.url, 'SHOW fsync')).toBe('on');
  });
});

it('is adopted while it runs, and ends with the last of its users', async () => {
  useReadyCluster();
  const first = await start();
  const second = await start();
  expect(second).toMatchObject({ adopted: true, pid: first.pid, port: first.port, url: first.url });
  await first.close();
  await first.close();
  expect(await ask(second.url, 'SELECT 1')).toBe(1);
  await second.close();
  expect(isRunning(first.pid)).toBe(false);
});

it('is one server when several start it at the same moment', async () => {
  const all = await Promise.all([start(), start(), start()]);
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
  expect(all.filter(({ adopted }) => !adopted)).toHaveLength(1);
  expect((await readdir(all[0]?.home ?? '')).sort()).toEqual(['cluster', 'password', 'server.log', 'users']);
});

/** Starts the server in a process of its own, which then waits to be killed. */
async function startElsewhere(endsWithUs: boolean): Promise<{ pid: number; server: number; kill(): void }> {
  const options = JSON.stringify({ dataDir, durable: false, endsWithUs });
  const script = `import { startEmbeddedPostgres } from ${JSON.stringify(SERVER_MODULE)};
    const { pid } = await startEmbeddedPostgres(${options});
    console.log(pid);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const server = await until(
    'the other process names the server',
    () => Number(/^(\d+)\n/.exec(said)?.[1]) || undefined,
  );
  pids.push(server);
  return { pid: child.pid ?? 0, server, kill: () => child.kill('SIGKILL') };
}

it('survives a kill -9 of its starter, and the next one adopts it and may end it', async () => {
  useReadyCluster();
  const other = await startElsewhere(false);
  other.kill();
  await until('the starter is gone', () => !isRunning(other.pid) || undefined);
  const server = await start();
  expect(server).toMatchObject({ adopted: true, pid: other.server });
  await server.close();
  expect(isRunning(other.server)).toBe(false);
});

it('ends with a starter that was killed with -9, when that was asked for', async () => {
  useReadyCluster();
  const other = await startElsewhere(true);
  other.kill();
  await until('the server ended', () => !isRunning(other.server) || undefined);
});

it('comes up after a kill -9 of the server, also when its pid is another program now', async () => {
  useReadyCluster();
  const first = await start();
  await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  process.kill(first.pid, 'SIGKILL');
  await until('the server is gone', () => !isRunning(first.pid) || undefined);
  const file = join(first.home, 'cluster', 'postmaster.pid');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(process.pid)));
  const second = await start();
  expect(second.adopted).toBe(false);
  expect(await ask(second.url, 'SELECT n FROM kept')).toBe(7);
});

it('makes the cluster anew when a first start was killed in the middle', async () => {
  const half = join(dataDir, 'new-999999999-abcd');
  await mkdir(half, { recursive: true });
  await writeFile(join(half, 'PG_VERSION'), '18');
  const server = await start();
  expect(await ask(server.url, 'SELECT 1')).toBe(1);
  expect(await readdir(server.home)).not.toContain('new-999999999-abcd');
});

it('says when the wished port is taken, and when the data are of another version', async () => {
  useReadyCluster();
  const taken: Server = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  taken.close();

  const server = await start();
  await server.close();
  await writeFile(join(server.home, 'cluster', 'PG_VERSION'), '9\n');
  await expect(start()).rejects.toMatchObject({
    code: 'PreconditionFailed',
    message: expect.stringMatching(/expected one of version 18, found version 9/),
  });
});

it('says what the server wrote last when it does not start', async () => {
  useReadyCluster();
  const server = await start();
  await server.close();
  await writeFile(join(server.home, 'cluster', 'postgresql.conf'), 'no_such_setting = 1\n');
  await expect(startEmbeddedPostgres({ dataDir, durable: false, startLimitMs: 700 })).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringMatching(/no_such_setting/),
  });
});

describe.runIf(isRoot)('as root', () => {
  it('runs as another account, and moves a folder that it cannot walk to', async () => {
    const hidden = join(folder, 'hidden');
    await mkdir(hidden, { mode: 0o700 });
    const server = await start({ dataDir: join(hidden, 'pg') });
    try {
      expect((await stat(`/proc/${server.pid}`)).uid).not.toBe(0);
      expect(server.isElsewhere).toBe(true);
      expect(server.home).toMatch(/^\/var\/lib\/mainstay\/postgres-[0-9a-f]{12}$/);
      expect(await ask(server.url, 'SELECT 1')).toBe(1);
    } finally {
      await server.close();
      await rm(server.home, { recursive: true, force: true });
    }
  });

  it('works for an ordinary user', async () => {
    await chmod(folder, 0o777);
    const options = JSON.stringify({ dataDir, durable: false });
    const script = `import { startEmbeddedPostgres } from ${JSON.stringify(SERVER_MODULE)};
      const server = await startEmbeddedPostgres(${options});
      const { stat } = await import('node:fs/promises');
      console.log((await stat('/proc/' + server.pid)).uid);
      await server.close();`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      uid: 65_534,
      gid: 65_534,
      env: { ...process.env, HOME: folder, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    expect(`${code}: ${said.trim()}`).toBe('0: 65534');
  });
});

it.each([
  {
    when: 'there is a postgres',
    passwd: 'root:x:0:0::/:/bin/sh\npostgres:x:70:71::/:/bin/sh\nnobody:x:99:98::/:/bin/sh',
    uid: 70,
    gid: 71,
  },
  { when: 'there is only a nobody', passwd: 'root:x:0:0::/:/bin/sh\nnobody:x:99:98::/:/bin/sh', uid: 99, gid: 98 },
  { when: 'postgres is another name of root', passwd: 'postgres:x:0:0::/:/bin/sh', uid: 65_534, gid: 65_534 },
  { when: 'no list can be read', passwd: '', uid: 65_534, gid: 65_534 },
])('picks uid $uid when $when', ({ passwd, uid, gid }) => {
  expect(pickAccount(passwd)).toMatchObject({ uid, gid });
});
