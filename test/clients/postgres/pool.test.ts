import { createServer } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDatabasePool, placeOf } from '../../../src/clients/postgres/pool.ts';
import type { Database } from '../../../src/clients/postgres/port.ts';
import { openDatabase, type TestDatabase } from '../../harness/postgres.ts';
import { startPostgresProxy } from '../../harness/postgres-proxy.ts';
import { until } from '../../harness/until.ts';

let database: TestDatabase;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await openDatabase();
  await database.query('CREATE TABLE things (n int PRIMARY KEY)');
});

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

function open(options: Partial<Parameters<typeof openDatabasePool>[0]> = {}): Database {
  const pool = openDatabasePool({ url: database.url, applicationName: 'pool test', ...options });
  opened.push(pool);
  return pool;
}

const sleeping = { doing: 'sleep', text: 'SELECT pg_sleep(60)' };

async function sleepers(): Promise<number[]> {
  const rows = await database.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'pool test' AND state = 'active' AND query LIKE '%pg_sleep%'`,
  );
  return rows.map(({ pid }) => pid);
}

const aSleeper = () => until('a statement sleeps', async () => (await sleepers())[0]);

describe('the pool', () => {
  it('reads, writes, and says who it is', async () => {
    const pool = open();
    expect(await pool.write({ doing: 'add', text: 'INSERT INTO things VALUES ($1) RETURNING n', values: [1] })).toEqual(
      [{ n: 1 }],
    );
    const who = { doing: 'ask', text: `SELECT current_setting('application_name') AS name` };
    expect(await pool.read(who)).toEqual([{ name: 'pool test' }]);
  });

  it('commits what a body did, and rolls back what a body threw at', async () => {
    const pool = open();
    const add = (n: number) => ({ doing: 'add', text: 'INSERT INTO things VALUES ($1)', values: [n] });
    await pool.transaction('keep', async (transaction) => transaction.write(add(10)));
    const thrown = new Error('changed my mind');
    await expect(
      pool.transaction('drop', async (transaction) => {
        await transaction.write(add(11));
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    expect(await database.query('SELECT n FROM things WHERE n IN (10, 11)')).toEqual([{ n: 10 }]);
  });

  it('does not take a rolled back transaction for a commit', async () => {
    const swallowed = open().transaction('swallow', async (transaction) => {
      await transaction.write({ doing: 'divide', text: 'SELECT 1/0' }).catch(() => undefined);
    });
    await expect(swallowed).rejects.toMatchObject({ code: 'BadResponse' });
  });

  it('keeps settings and locks of a session to that session', async () => {
    const pool = open({ maxConnections: 1 });
    await pool.session('lock', async (session) => {
      await session.write({ doing: 'lock', text: 'SELECT pg_advisory_lock(42)' });
      expect(session.backendPid).toBeGreaterThan(0);
      const held = await database.query('SELECT pid FROM pg_locks WHERE locktype = $1 AND objid = 42', ['advisory']);
      expect(held).toEqual([{ pid: session.backendPid }]);
    });
    await until('the lock is gone', async () => {
      const held = await database.query('SELECT pid FROM pg_locks WHERE locktype = $1 AND objid = 42', ['advisory']);
      return held.length === 0 || undefined;
    });
  });

  it('cancels the statement in the server when the signal comes, and goes on', async () => {
    const pool = open({ maxConnections: 1 });
    const ending = new AbortController();
    const asked = pool.read(sleeping, ending.signal);
    await aSleeper();
    const reason = new Error('no longer wanted');
    ending.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await until('nothing sleeps', async () => (await sleepers()).length === 0 || undefined);
    expect(await pool.read({ doing: 'ask', text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
  });

  it('gives up waiting for a connection when the signal comes', async () => {
    const pool = open({ maxConnections: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const sleeper = pool.read(sleeping, first.signal);
    await aSleeper();
    const waiting = pool.read({ doing: 'ask', text: 'SELECT 1' }, second.signal);
    second.abort(new Error('second'));
    await expect(waiting).rejects.toThrow('second');
    first.abort(new Error('first'));
    await expect(sleeper).rejects.toThrow('first');
  });
});

describe('errors', () => {
  it.each([
    {
      when: 'a statement takes too long',
      options: { statementTimeoutMs: 50 },
      code: 'Timeout',
      says: /57014 canceled/,
    },
    { when: 'the password is wrong', from: /:[^:@]+@/, to: ':wrong@', code: 'Forbidden', says: /28P01 wrong password/ },
    {
      when: 'the database is not there',
      from: /[^/]+$/,
      to: 'nowhere',
      code: 'NotFound',
      says: /3D000 no such database/,
    },
    { when: 'nobody listens', from: /:\d+\//, to: ':1/', code: 'Unavailable', says: /ECONNREFUSED/ },
  ])('are $code when $when', async ({ options = {}, from = '', to = '', code, says }) => {
    const failed = open({ url: database.url.replace(from, to), ...options }).read(sleeping);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
    await expect(failed).rejects.toThrow(/^sleep \(database 127\.0\.0\.1:\d+\/\w+\): /);
  });

  it('is a timeout when the server takes the connection and says nothing', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => silent.close(() => resolve())) });
    const address = silent.address();
    const url = `postgres://u:p@127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/x`;
    await expect(open({ url, connectTimeoutMs: 100 }).read(sleeping)).rejects.toMatchObject({ code: 'Timeout' });
  });

  it.each([
    { what: 'a read', code: 'Unavailable', ask: (pool: Database) => pool.read(sleeping) },
    { what: 'a write', code: 'OutcomeUnknown', ask: (pool: Database) => pool.write(sleeping) },
    {
      what: 'a write in a transaction',
      code: 'Unavailable',
      ask: (pool: Database) => pool.transaction('t', (t) => t.write(sleeping)),
    },
  ])('are $code when the connection ends in $what', async ({ ask, code }) => {
    const pool = open({ maxConnections: 1 });
    const asked = ask(pool);
    asked.catch(() => undefined);
    await database.query('SELECT pg_terminate_backend($1)', [await aSleeper()]);
    await expect(asked).rejects.toMatchObject({ code });
    expect(await pool.read({ doing: 'ask', text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
  });

  it('are OutcomeUnknown when the reply to COMMIT is lost, which may have taken effect', async () => {
    const proxy = await startPostgresProxy(database.url);
    opened.push(proxy);
    const pool = open({ url: proxy.url });
    proxy.loseReplyTo('COMMIT');
    const insert = { doing: 'add', text: 'INSERT INTO things VALUES (77)' };
    await expect(pool.transaction('add', (transaction) => transaction.write(insert))).rejects.toMatchObject({
      code: 'OutcomeUnknown',
      message: expect.stringMatching(/^add: commit .* may have taken effect/),
    });
    expect(proxy.lost()).toBe(1);
    expect(await database.query('SELECT n FROM things WHERE n = 77')).toHaveLength(1);
  });

  it('show no password, and carry no error of the driver with its statement', async () => {
    expect(() => placeOf('mysql://root:geheim@db.example.com/x')).toThrow(/^(?!.*geheim).*expected postgres:/);
    const failed = open().write({ doing: 'add', text: 'SELECT $1::int', values: ['geheim'] });
    await expect(failed).rejects.toMatchObject({ code: 'InvalidInput' });
    await expect(failed).rejects.toThrow(expect.not.objectContaining({ cause: expect.anything() }));
    expect(placeOf('postgresql://u:geheim@db.example.com/crm')).toBe('database db.example.com:5432/crm');
  });
});
