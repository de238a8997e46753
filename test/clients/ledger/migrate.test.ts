import { afterEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/clients/ledger/port.ts';
import { ledgerPlace, openLedger } from '../../../src/clients/ledger/postgres/open-ledger.ts';
import { openDatabase, POSTGRES_CHOICES, type TestDatabase } from '../../harness/postgres.ts';
import { end, KEY, STEP, story } from './entries.ts';

const open: Ledger[] = [];
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close();
});

async function opened(url: string, options = {}): Promise<Ledger> {
  const ledger = await openLedger(url, options);
  open.push(ledger);
  return ledger;
}

function versions(database: TestDatabase) {
  return database.query<{ version: number; name: string }>('select version, name from mainstay.schema_version');
}

describe('the schema of the ledger', () => {
  it('is made once by workers that start together, and found by those that come later', async () => {
    const database = await openDatabase();
    await Promise.all(Array.from({ length: 5 }, () => opened(database.url)));
    await opened(database.url);
    expect(await versions(database)).toEqual([
      { version: 1, name: 'releases' },
      { version: 2, name: 'backups' },
    ]);
  });

  it('refuses a database whose schema has another text', async () => {
    const database = await openDatabase();
    await opened(database.url);
    await database.query(`update mainstay.schema_version set checksum = repeat('0', 64)`);
    const failed = openLedger(database.url);
    await expect(failed).rejects.toMatchObject({ code: 'PreconditionFailed' });
    await expect(failed).rejects.toThrow('ledger schema version 1 (releases)');
  });

  it('lets an older worker go on with a newer schema', async () => {
    const database = await openDatabase();
    await opened(database.url);
    await database.query(`insert into mainstay.schema_version values (99, 'later', repeat('0', 64), now())`);
    await (await opened(database.url)).write(end());
  });

  it('is used by a role that may not make schemas', async () => {
    const database = await openDatabase();
    const role = `${database.name}_worker`;
    await database.query(`create role ${role} login password 'p'`);
    const url = database.url.replace(/\/\/[^@]*@/, `//${role}:p@`);
    await expect(openLedger(url)).rejects.toMatchObject({ code: 'Forbidden' });
    await database.query(`create schema mainstay authorization ${role}`);
    await (await opened(url)).write(end());
    expect((await (await opened(url, { migrate: false })).readRelease(KEY))?.outcome).toBe('rolledBack');
  });

  it('that is not there is told to who only reads', async () => {
    const reader = await opened((await openDatabase()).url, { migrate: false });
    await expect(reader.readRelease(KEY)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('says what each table and column is', async () => {
    const database = await openDatabase();
    await opened(database.url);
    const silent = await database.query(
      `select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'mainstay'::regnamespace and c.relkind = 'r' and a.attnum >= 0 and not a.attisdropped
         and col_description(c.oid, a.attnum) is null`,
    );
    expect(silent).toEqual([]);
  });
});

describe('the ledger', () => {
  it.each(POSTGRES_CHOICES)('works on $name', async (choice) => {
    const ledger = await opened((await openDatabase(choice)).url);
    for (const entry of story()) await ledger.write(entry);
    const release = await ledger.readRelease(KEY);
    expect(release).toMatchObject({ outcome: 'rolledBack', verdicts: [STEP] });
    expect(release?.watches).toMatchObject([{ looks: 3 }]);
    expect(await ledger.list({ limit: 1 })).toHaveLength(1);
    const key = { service: 'crm-api', environment: 'production', metric: 'error-ratio' };
    await ledger.saveRecord(key, [{ atMs: 60_000, n: 1, e: 0 }], 120_000);
    expect(await ledger.loadRecord(key, 120_000)).toEqual([{ atMs: 60_000, n: 1, e: 0 }]);
  });
});

describe('a ledger that is away', () => {
  it.each([
    { when: 'nobody listens', url: 'postgres://u:secret@127.0.0.1:9/ledger', code: 'Unavailable' },
    { when: 'the host is unknown', url: 'postgres://u:secret@ledger.mainstay.internal/ledger', code: 'Unavailable' },
  ])('is $code when $when, within seconds, without the password', async ({ url, code }) => {
    const startedMs = Date.now();
    const error = await openLedger(url).then(
      () => new Error('it opened'),
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(ledgerPlace(url));
    expect(error.message).not.toContain('secret');
    expect(Date.now() - startedMs).toBeLessThan(10_000);
  });

  it('is NotFound when the database is not there, Forbidden with a wrong password', async () => {
    const { url, name } = await openDatabase();
    await expect(openLedger(url.replace(name, 'nothing'))).rejects.toMatchObject({ code: 'NotFound' });
    await expect(openLedger(url.replace(/:[^:@/]*@/, ':wrong@'))).rejects.toMatchObject({ code: 'Forbidden' });
  });

  it('comes back: the next call opens a connection of its own', async () => {
    const database = await openDatabase();
    const ledger = await opened(database.url, { connections: 1 });
    await ledger.write(end());
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await ledger.write(end()).catch(() => undefined);
    await ledger.write(end());
  });
});
