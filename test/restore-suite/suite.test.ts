/** The suite end to end over the packaged server: what it takes, what it says, and what it must never say. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult, Manifest } from '../../src/core/model/restore.ts';
import { prepareCopy } from '../../src/restore-suite/index.ts';
import { openDatabase, type TestDatabase } from '../harness/postgres.ts';
import { asVerifier, inState, PASSWORD, rule, take, verify } from './harness/suite.ts';

/** Shapes that go wrong in naive suites. */
const SHAPES = `
  create table customers (id bigint generated always as identity primary key, name text not null, note text);
  create table orders (id serial primary key, customer_id bigint references customers, amount numeric(12,2), doc jsonb);
  insert into customers (name, note) select 'c' || i, repeat(md5(i::text), 200) from generate_series(1, 200) i;
  insert into orders (customer_id, amount, doc) select 1 + i % 200, i / 7.0, jsonb_build_object('i', i) from generate_series(1, 2000) i;
  create table "x" ("t" int, "x" text, "select" int, stored int generated always as ("t" * 2) stored,
    virtual int generated always as ("t" + 1) virtual, gone int);
  alter table x drop gone;
  insert into x (t, x, "select") values (1, 'a', 2), (2, null, 3);
  create table columnless (); insert into columnless default values;
  create table parts (id int, at date) partition by range (at);
  create table parts_1 partition of parts for values from ('2026-01-01') to ('2026-02-01');
  insert into parts values (1, '2026-01-05');
  create unlogged table sketch (a int);
  create materialized view totals as select count(*) as orders from orders;
  create materialized view never as select 1 as a with no data;
  create view recent as select * from orders;
  create schema "Odd ""Schema";
  create table "Odd ""Schema"."Ta ble.x" ("a'b" text collate "C", "c.d" point);
  insert into "Odd ""Schema"."Ta ble.x" select i::text, point(i, i) from generate_series(1, 300) i;
  create index on "Odd ""Schema"."Ta ble.x" using gist ("c.d");
  alter table customers enable row level security;
  create policy everybody on customers using (true);
  create table explicit (id serial primary key); insert into explicit values (500);
  analyze;`;

describe('a copy that was prepared', () => {
  let database: TestDatabase;
  let manifest: Manifest;
  beforeAll(async () => {
    database = await openDatabase();
    await database.query(SHAPES);
    manifest = await take(database);
    await prepareCopy({ url: database.url, verifierPassword: PASSWORD });
  });

  it('passes in every shape, and names what nobody looked at', async () => {
    const report = await verify(asVerifier(database), {
      manifest,
      criticalTables: ['orders', 'public.customers', 'Odd "Schema.Ta ble.x'],
      rules: [rule('no negative amount', 'select count(*) from orders where amount < 0 -- none\n;')],
      probes: [{ name: 'one order', sql: 'select * from orders where id = 5', withinMs: 60_000 }],
      rpoMs: 3_600_000,
    });
    expect([...inState(report, 'fail'), ...inState(report, 'couldNotVerify'), ...inState(report, 'skip')]).toEqual([]);
    expect(report.verdict).toBe('PASS');
    expect(inState(report, 'warn').map(({ object }) => object)).toContain(
      'public.explicit_id_seq of public.explicit.id',
    );
    expect(report.notProven.join('\n')).toMatch(/gist index has no checker; a sample of 20 rows is found/);
    expect(report.notProven.join('\n')).toMatch(/public\.sketch: an unlogged table/);
    expect(report.notProven.join('\n')).toMatch(/public\.never: a materialized view that is not populated/);
    expect(report.newestDataAtMs).toBe(manifest.canary?.atMs);
  });

  it('takes the same digests over one connection and over three', async () => {
    const [one, three] = await Promise.all([
      take(database, { connections: 1, canary: false }),
      take(database, { connections: 3, canary: false }),
    ]);
    expect(three.tables).toEqual(one.tables);
    expect(three.schemaHash).toBe(one.schemaHash);
    expect(one.tables.map(({ table }) => table)).toContain('Ta ble.x');
  });

  it('digests a large table by a sample of its pages, counts it whole, and says so', async () => {
    const sampled = await take(database, { sampleAboveBytes: 100_000, canary: false, nowMs: 5 });
    const orders = sampled.tables.find(({ table }) => table === 'orders');
    expect(orders?.sampled).toBeLessThan(1);
    expect(orders?.rows).toBe(2000);
    expect(orders?.rangeRows).toBeLessThan(2000);
    const report = await verify(database.url, {
      manifest: { ...sampled, ...(manifest.canary ? { canary: manifest.canary } : {}) },
    });
    expect(inState(report, 'fail')).toEqual([]);
    expect(report.notProven.join('\n')).toMatch(/public\.orders: values in a sample of \d/);
  });

  it('keeps its own traces out of the manifest', () => {
    const text = JSON.stringify(manifest);
    expect(text).not.toContain('mainstay_verif');
    expect(text).not.toContain(new URL(database.url).password);
  });

  it('runs a check that takes too long, writes or is nonsense for nothing but itself', async () => {
    await database.query(
      `create function writes() returns int language sql as 'insert into explicit values (501) returning id'`,
    );
    const later = await take(database);
    const report = await verify(database.url, {
      manifest: later,
      checkTimeoutMs: 3_000,
      rules: [
        rule('too long', 'select 0 from pg_sleep(60)'),
        rule('writes', 'select writes()'),
        rule('two statements', 'select 0); delete from explicit; --'),
        rule('no number', `select 'many'`),
        rule('no row', 'select 1 where false'),
        rule('fine', 'select 0'),
      ],
    });
    const rules = Object.fromEntries(
      report.checks
        .filter(({ kind }) => kind === 'rule')
        .map(({ object, state, says }) => [object, `${state}: ${says}`]),
    );
    expect(rules['too long']).toMatch(/^couldNotVerify: the time for this check was over/);
    expect(rules.writes).toMatch(/^couldNotVerify: .*read-only/);
    expect(rules['two statements']).toMatch(/^couldNotVerify: /);
    expect(rules['no number']).toMatch(/^couldNotVerify: /);
    expect(rules['no row']).toMatch(/^couldNotVerify: /);
    expect(rules.fine).toMatch(/^pass: /);
    expect(report.verdict).toBe('COULD-NOT-VERIFY');
    expect(inState(report, 'fail')).toEqual([]);
    expect(await database.query('select count(*)::int as rows from explicit')).toEqual([{ rows: 1 }]);
    await database.query('drop function writes()');
  });

  it('survives a check that loses its connection', async () => {
    const report = await verify(database.url, {
      manifest,
      rules: [
        rule('ends its server process', 'select pg_terminate_backend(pg_backend_pid())::int'),
        rule('fine', 'select 0'),
      ],
    });
    expect(inState(report, 'couldNotVerify').map(({ object }) => object)).toEqual(['ends its server process']);
    expect(report.checks.find(({ object }) => object === 'fine')?.state).toBe('pass');
  });

  it('does not run again what an earlier attempt had finished', async () => {
    const before: CheckResult[] = [
      { kind: 'digest', object: 'public.orders', state: 'pass', says: 'as found before', ms: 1 },
      { kind: 'counts', object: 'public.orders', state: 'pass', says: 'as found before', ms: 1, rows: 2000 },
    ];
    const seen: number[] = [];
    const report = await verify(database.url, {
      manifest,
      finished: before,
      onProgress: ({ done }) => seen.push(done),
    });
    const orders = report.checks.filter(({ object, kind }) => object === 'public.orders' && /digest|counts/.test(kind));
    expect(orders.map(({ says }) => says)).toEqual(['as found before', 'as found before']);
    expect(seen[0]).toBe(1);
    expect(report.rows).toBeGreaterThanOrEqual(2000);
  });

  it('stops at once when it is told to', async () => {
    const cancel = new AbortController();
    const running = verify(database.url, {
      manifest,
      rules: [rule('long', 'select 0 from pg_sleep(60)')],
      signal: cancel.signal,
      onProgress: ({ doing }) => {
        if (doing.includes('rule long')) cancel.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
  });
});

describe('what may not be said', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openDatabase();
    await database.query(
      `create table guarded (id int primary key); insert into guarded select generate_series(1, 100);
       alter table guarded enable row level security; create policy few on guarded using (id < 3);
       create table plain (id int primary key, label text); insert into plain select i, 'l' || i from generate_series(1, 500) i`,
    );
  });

  it('is PASS of a server that was not prepared', async () => {
    const manifest = await take(database);
    const report = await verify(database.url, { manifest });
    expect(report.verdict).toBe('COULD-NOT-VERIFY');
    expect(
      inState(report, 'couldNotVerify')
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['heap', 'index']);
    expect(inState(report, 'fail')).toEqual([]);
  });

  it('is PASS without a manifest', async () => {
    const report = await verify(database.url);
    expect(report.verdict).toBe('COULD-NOT-VERIFY');
    expect(inState(report, 'couldNotVerify').map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['lineage', 'schema', 'canary', 'counts', 'digest']),
    );
    expect(inState(report, 'fail')).toEqual([]);
  });

  it('is PASS of a database without a row, which agrees with every manifest of it', async () => {
    const empty = await openDatabase();
    await empty.query('create table orders (id int primary key); create table notes (id int primary key)');
    const manifest = await take(empty);
    await prepareCopy({ url: empty.url, verifierPassword: PASSWORD });
    const report = await verify(asVerifier(empty), { manifest });
    expect(inState(report, 'fail')).toEqual([]);
    expect(inState(report, 'couldNotVerify').map(({ says }) => says)).toEqual([
      'no table that could be read holds a row: there is nothing to prove',
    ]);
    expect(report.verdict).toBe('COULD-NOT-VERIFY');
  });

  it('is a count of rows that a policy hides', async () => {
    const manifest = await take(database, { canary: false });
    await database.query(`create role reader login password '${PASSWORD}'; grant pg_read_all_data to reader`);
    const url = database.url.replace(/\/\/postgres:[^@]*@/, `//reader:${PASSWORD}@`);
    try {
      const report = await verify(url, { manifest });
      expect(report.checks.find(({ kind, object }) => kind === 'digest' && object === 'public.guarded')).toMatchObject({
        state: 'couldNotVerify',
        says: expect.stringContaining('row-level security'),
      });
      expect(report.checks.find(({ kind, object }) => kind === 'digest' && object === 'public.plain')?.state).toBe(
        'pass',
      );
      // The manifest, too, says so instead of counting what is seen.
      const { tables } = await take({ ...database, url }, { canary: false });
      expect(tables.find(({ table }) => table === 'guarded')).toMatchObject({ digest: null });
    } finally {
      await database.query('revoke pg_read_all_data from reader; drop role reader');
    }
  });

  it('is anything of digests that were made in another way', async () => {
    const manifest = { ...(await take(database)), algorithm: 'another/9' };
    const report = await verify(database.url, { manifest });
    expect(report.verdict).toBe('COULD-NOT-VERIFY');
    expect(inState(report, 'couldNotVerify').find(({ kind }) => kind === 'digest')?.says).toContain('another/9');
  });

  it('is FAIL of tables that were written to since', async () => {
    const manifest = await take(database, {
      closedRanges: [{ schema: 'public', table: 'plain', where: 'id <= 400' }],
    });
    await database.query(
      `insert into plain select i, 'new' from generate_series(501, 600) i; update plain set label = 'other' where id > 450;
       insert into guarded values (101)`,
    );
    const report = await verify(database.url, { manifest, allowedLosses: {} });
    expect(inState(report, 'fail')).toEqual([]);
    // Only inserted into: every old row is proven. Updated: said to be unproven.
    expect(report.checks.find(({ kind, object }) => kind === 'digest' && object === 'public.guarded')?.state).toBe(
      'pass',
    );
    expect(report.notProven.join('\n')).toMatch(
      /digest public\.plain: 50 rows of the manifest updated, deleted or lost/,
    );
    await database.query(`update plain set label = 'other' where id = 7`);
    const harmed = await verify(database.url, { manifest });
    expect(inState(harmed, 'fail').map(({ kind, object }) => `${kind} ${object}`)).toEqual(['digest public.plain']);
  });
});
