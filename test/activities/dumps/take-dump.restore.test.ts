import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPruneDumps } from '../../../src/activities/dumps/prune-dumps.ts';
import { createTakeDump } from '../../../src/activities/dumps/take-dump.ts';
import type { DumpFacts, TakeDumpResult } from '../../../src/activities/dumps/types.ts';
import { createVerifyDump } from '../../../src/activities/dumps/verify-dump.ts';
import type { KubernetesClient } from '../../../src/clients/kubernetes/port.ts';
import type { PgToolsPlaces } from '../../../src/clients/pg-tools/find-pg-tools.ts';
import { dumpFolder } from '../../../src/core/dumps/dump-place.ts';
import type { DatabasePlan } from '../../../src/core/model/database.ts';
import { activityContext } from '../activity-context.ts';
import { createMemoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { openDatabase, type TestDatabase } from '../../harness/postgres.ts';
import { until } from '../../harness/until.ts';

const BIN = '/usr/lib/postgresql/15/bin';
const HAS_15 = existsSync(join(BIN, 'pg_dump')) && existsSync(join(BIN, 'initdb'));
if (!HAS_15 && process.env.CI) throw new Error(`Postgres 15 with pg_dump is required in CI, in ${BIN}`);
const ONLY_15: PgToolsPlaces = { environment: { MAINSTAY_PG_BIN_15: BIN }, systemFolders: [] };
const NO_CLUSTER = () => ({}) as KubernetesClient;
const MARK = { operation: 'dump/production/crm/1', run: 'run-1' };
const NOMINAL = Date.parse('2026-11-01T02:00:00Z');
const DAY = 86_400_000;

const SCHEMA = `
  CREATE SCHEMA "odd schema";
  CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric NOT NULL, note text);
  INSERT INTO orders (total, note) SELECT n, md5(n::text) || repeat(md5((n * 7)::text), 12) FROM generate_series(1, 20000) n;
  CREATE TABLE "odd schema"."TABLE DATA of mine" (a int, "b c" text);
  CREATE TABLE events (at date NOT NULL, kind text) PARTITION BY RANGE (at);
  CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE VIEW big_orders AS SELECT * FROM orders WHERE total > 100;
  CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders;
  CREATE UNLOGGED TABLE scratch (id serial);
  CREATE SEQUENCE invoice_numbers;
  CREATE EXTENSION IF NOT EXISTS pgcrypto;
  SELECT lo_create(0);
`;

describe.skipIf(!HAS_15)('a dump of Postgres 15', () => {
  let database: TestDatabase;
  const folders: string[] = [];

  beforeAll(async () => {
    database = await openDatabase({ name: 'Postgres 15', binaries: BIN });
    await database.query(SCHEMA);
  });
  afterAll(async () => {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  });

  it('is streamed to S3, listable, whole, and restores', async () => {
    const memory = createMemoryStore();
    const dumped = mustBeDumped(await take(memory, planOf(database)));
    expect(dumped).toMatchObject({
      adopted: false,
      notes: [],
      dump: { relations: 10, pgDumpVersion: expect.stringMatching(/^15\./) },
    });
    const archive = memory.objects.get(`backups/${dumped.dump.archive.key}`) ?? Buffer.alloc(0);
    expect(archive.subarray(0, 5).toString()).toBe('PGDMP');
    expect(dumped.dump.archive).toMatchObject({ bytes: archive.length, sha256: shaOf(archive) });
    expect(await verify(memory, planOf(database), dumped.dump)).toMatchObject({
      outcome: 'verified',
      says: expect.stringContaining('10 relations'),
    });

    const other = await openDatabase({ name: 'Postgres 15', binaries: BIN });
    execFileSync(join(BIN, 'pg_restore'), ['--no-owner', `--dbname=${other.url}`], {
      input: archive,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    expect(await other.query('SELECT count(*)::int AS n, sum(total)::int AS total FROM orders')).toEqual([
      { n: 20000, total: 200010000 },
    ]);
  });

  it('is adopted by a second run, and made anew when its manifest was never written', async () => {
    const memory = createMemoryStore();
    const plan = planOf(database);
    memory.faults.refusePut = /manifest\.json$/;
    await expect(take(memory, plan)).rejects.toMatchObject({ type: 'Unavailable' });
    const second = mustBeDumped(await take(memory, plan));
    expect(second.adopted).toBe(false);
    expect(mustBeDumped(await take(memory, plan))).toMatchObject({
      adopted: true,
      dump: { archive: second.dump.archive },
    });
    expect([...memory.objects.keys()].sort()).toEqual([
      `backups/${second.dump.archive.key}`,
      `backups/${second.dump.manifest.key}`,
    ]);
  });

  it('survives a lost reply at its very end', async () => {
    const memory = createMemoryStore();
    memory.faults.loseUploadReply = true;
    const { dump } = mustBeDumped(await take(memory, planOf(database)));
    expect(await verify(memory, planOf(database), dump)).toMatchObject({ outcome: 'verified' });
  });

  it('leaves neither parts nor a process when S3 fails or it is cancelled in the middle', async () => {
    const memory = createMemoryStore();
    Object.assign(memory.faults, { failUploadAfter: 100_000, leaveUpload: true });
    await expect(take(memory, planOf(database))).rejects.toMatchObject({ type: 'Unavailable' });
    const environment = activityContext();
    let told = 0;
    memory.faults.onUpload = (bytes) => {
      if (bytes > 200_000 && (told += 1) === 1) environment.cancel();
    };
    await expect(take(memory, planOf(database), MARK, environment)).rejects.toThrow(/CANCEL|abort/i);
    expect([...memory.open]).toEqual([]);
    expect([...memory.objects]).toEqual([]);
    await until('no pg_dump', async () => ((await sessions(database)).length === 0 ? true : undefined));
  });

  it('is tried again when the server goes away in the middle', async () => {
    const memory = createMemoryStore();
    let killed: Promise<unknown> | undefined;
    // Held back until its session is ended: a fast machine has everything in the pipe already.
    memory.faults.onUpload = (bytes) => {
      if (bytes > 100_000) killed ??= terminate(database);
    };
    const slow = await slowDump(folders);
    await expect(take(memory, planOf(database), MARK, activityContext(), slow)).rejects.toMatchObject({
      type: 'Unavailable',
    });
    await killed;
    expect([...memory.open]).toEqual([]);
    expect([...memory.objects]).toEqual([]);
  });

  it('says what is wrong with a password, and shows none; nor does a command line', async () => {
    const plan = planOf(database);
    process.env.TEST_DUMP_WRONG = database.url.replace(/:[^:@/]+@/, ':not-the-one@');
    const refused = await take(createMemoryStore(), { ...plan, connection: 'env:TEST_DUMP_WRONG' });
    expect(refused).toMatchObject({
      outcome: 'couldNotDump',
      reasonCode: 'refused',
      reason: expect.stringContaining('28P01'),
    });
    expect(JSON.stringify(refused)).not.toContain('not-the-one');

    const script = await fakeDump(
      folders,
      'tr "\\0" " " < /proc/$PPID/cmdline >> "$0.seen"; echo "$@" >> "$0.seen"; echo PGDMP',
    );
    await take(createMemoryStore(), plan, MARK, activityContext(), script.places);
    const seen = readFileSync(script.seen, 'utf8');
    const secret = decodeURIComponent(new URL(database.url).password);
    expect(seen).toContain('--format=custom');
    expect(seen).not.toContain(secret);
  });

  it('of a role that may not read everything is refused, by the name of the table', async () => {
    await database.query(
      `CREATE ROLE reader_${database.name} LOGIN PASSWORD 'x'; GRANT SELECT ON orders TO reader_${database.name}`,
    );
    process.env.TEST_DUMP_READER = database.url.replace(/\/\/[^@]+@/, `//reader_${database.name}:x@`);
    const refused = await take(createMemoryStore(), { ...planOf(database), connection: 'env:TEST_DUMP_READER' });
    expect(refused).toMatchObject({ outcome: 'couldNotDump', reason: expect.stringMatching(/permission denied for/) });
  });

  it('that is damaged, cut, or lacks a table is found', async () => {
    const memory = createMemoryStore();
    const plan = planOf(database);
    const { dump } = mustBeDumped(await take(memory, plan));
    const name = `backups/${dump.archive.key}`;
    const whole = memory.objects.get(name) ?? Buffer.alloc(0);
    const verifyAs = (body: Buffer) => {
      memory.objects.set(name, body);
      return verify(memory, plan, { ...dump, archive: { ...dump.archive, bytes: body.length, sha256: shaOf(body) } });
    };
    memory.objects.set(name, whole.subarray(0, -1));
    expect(await verify(memory, plan, dump)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('sha256'),
    });
    expect(await verifyAs(whole.subarray(0, whole.length / 2))).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/cannot read all of it/),
    });
    expect(await verifyAs(Buffer.from('no archive'))).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/cannot list it/),
    });
    await database.query('CREATE TABLE made_later (id int)');
    const { dump: later } = mustBeDumped(await take(memory, plan, { ...MARK, run: 'later' }));
    await database.query('DROP TABLE made_later');
    memory.objects.set(`backups/${later.archive.key}`, whole);
    expect(
      await verify(memory, plan, {
        ...later,
        archive: { ...later.archive, bytes: whole.length, sha256: shaOf(whole) },
      }),
    ).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('lacks table public.made_later, rows of public.made_later'),
    });
    expect([...memory.objects.keys()].some((key) => key.endsWith('verified.json'))).toBe(false);
  });

  it('tells damage in the source from a refusal', async () => {
    const says =
      'pg_dump: error: Dumping the contents of table "orders" failed: PQgetResult() failed.\npg_dump: detail: Error message from server: ERROR:  invalid page in block 3 of relation base/5/16384';
    const script = await fakeDump(folders, `printf 'PGDMP'; printf '%s\\n' '${says}' >&2; exit 1`);
    const memory = createMemoryStore();
    expect(await take(memory, planOf(database), MARK, activityContext(), script.places)).toMatchObject({
      outcome: 'couldNotDump',
      reasonCode: 'damage',
    });
    expect([...memory.objects]).toEqual([]);
  });

  it('is pruned by age, but never the last verified one, nor what is not ours', async () => {
    const memory = createMemoryStore();
    const plan = { ...planOf(database), dump: { ...mustBe(planOf(database).dump), keepMs: DAY } };
    const { dump } = mustBeDumped(await take(memory, plan));
    await verify(memory, plan, dump);
    const nowMs = NOMINAL + 40 * DAY;
    const own = dumpFolder('dumps', plan, nowMs, MARK);
    memory.objects.set('backups/dumps/production/crm/notes.txt', Buffer.from('x'));
    memory.objects.set(`backups/${dumpFolder('dumps', plan, NOMINAL + DAY, MARK)}archive.dump`, Buffer.from('x'));
    const prune = () => activityContext().run(() => createPruneDumps(memory).pruneDumps({ plan, own, nowMs }));
    expect(await prune()).toMatchObject({
      removed: [{ folder: dumpFolder('dumps', plan, NOMINAL + DAY, MARK) }],
      kept: 1,
    });
    for (const part of ['archive.dump', 'manifest.json', 'verified.json'])
      memory.objects.set(`backups/${own}${part}`, Buffer.from('x'));
    expect(await prune()).toMatchObject({ removed: [{ folder: dump.folder }], kept: 1 });
    expect([...memory.objects.keys()].sort()).toEqual(
      [
        ...['archive.dump', 'manifest.json', 'verified.json'].map((part) => `backups/${own}${part}`),
        'backups/dumps/production/crm/notes.txt',
      ].sort(),
    );
  });
});

describe('a dump of a newer server', () => {
  it('is refused with what to install when only an older pg_dump is there', async () => {
    const database = await openDatabase();
    const memory = createMemoryStore();
    const refused = await take(
      memory,
      planOf(database),
      MARK,
      activityContext(),
      HAS_15 ? ONLY_15 : { environment: {}, systemFolders: [] },
    );
    expect(refused).toMatchObject({ outcome: 'couldNotDump', reasonCode: 'noProgram' });
    expect(refused).toMatchObject({
      reason: expect.stringMatching(/pg_dump 18 or newer.*postgresql-client-18.*MAINSTAY_PG_BIN_18/),
    });
    expect([...memory.objects]).toEqual([]);
  });
});

function planOf(database: TestDatabase): DatabasePlan {
  const name = `TEST_DUMP_${database.name.toUpperCase()}`;
  process.env[name] = database.url;
  return {
    database: 'crm',
    environment: 'production',
    region: 'eu-central-1',
    databaseName: database.name,
    connection: `env:${name}`,
    dump: { bucket: 'backups', prefix: 'dumps', keepMs: 30 * DAY, deadlineMs: 60_000 },
  } as unknown as DatabasePlan;
}

function take(
  memory: MemoryStore,
  plan: DatabasePlan,
  mark = MARK,
  environment = activityContext(),
  pgTools: PgToolsPlaces = ONLY_15,
): Promise<TakeDumpResult> {
  const { takeDump } = createTakeDump({ aws: memory.aws, kubernetes: NO_CLUSTER, pgTools });
  return environment.run(() => takeDump({ plan, mark, nominalAtMs: NOMINAL }));
}

function verify(memory: MemoryStore, plan: DatabasePlan, dump: DumpFacts) {
  const { verifyDump } = createVerifyDump({ aws: memory.aws, kubernetes: NO_CLUSTER, pgTools: ONLY_15 });
  return activityContext().run(() => verifyDump({ plan, dump }));
}

function mustBeDumped(result: TakeDumpResult): Extract<TakeDumpResult, { outcome: 'dumped' }> {
  if (result.outcome !== 'dumped') throw new Error(result.reason);
  return result;
}

function mustBe<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing');
  return value;
}

function sessions(database: TestDatabase) {
  return database.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'mainstay dump%'`,
    [database.name],
  );
}

function terminate(database: TestDatabase) {
  return database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'mainstay dump%'`,
    [database.name],
  );
}

/** A folder with a pg_dump of ours, named by its variable: there a script is meant, on PATH it would be left out. */
async function fakeDump(
  folders: string[],
  body: string,
): Promise<{ readonly places: PgToolsPlaces; readonly seen: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-pg-'));
  folders.push(folder);
  await writeFile(
    join(folder, 'pg_dump'),
    `#!/bin/sh\n[ "$1" = --version ] && exec ${BIN}/pg_dump --version\n${body}\n`,
  );
  await writeFile(join(folder, 'pg_restore'), `#!/bin/sh\nexec ${BIN}/pg_restore "$@"\n`);
  for (const program of ['pg_dump', 'pg_restore']) await chmod(join(folder, program), 0o755);
  return { places: { environment: { MAINSTAY_PG_BIN_15: folder }, systemFolders: [] }, seen: `${folder}/pg_dump.seen` };
}

/** The real one, whose output comes slowly. */
async function slowDump(folders: string[]): Promise<PgToolsPlaces> {
  const body = `exec 3>&1; code=$( { { ${BIN}/pg_dump "$@"; echo $? >&4; } | { head -c 150000; sleep 0.4; cat; } >&3; } 4>&1 ); exit $code`;
  return (await fakeDump(folders, body)).places;
}

function shaOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
