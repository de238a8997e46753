import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POSTGRES_CHOICES } from '../../harness/postgres.ts';
import { startPostgresProxy } from '../../harness/postgres-proxy.ts';
import { until } from '../../harness/until.ts';
import { activityContext } from '../activity-context.ts';
import { type MigrationLab, openMigrationLab } from './migration-lab.ts';

const [ONE, TWO, THREE] = ['0001_orders.expand.sql', '0002_note.expand.sql', '0003_seed.expand.sql'] as const;
const FILES = {
  [ONE]: 'CREATE TABLE orders (id int PRIMARY KEY);',
  [TWO]: "ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';",
  [THREE]: "INSERT INTO orders VALUES (1, 'first'); INSERT INTO orders VALUES (2, 'second');",
};

describe.each(POSTGRES_CHOICES)('migrateDatabase on $name', (choice) => {
  let lab: MigrationLab;
  beforeEach(async () => {
    lab = await openMigrationLab(choice);
  });
  afterEach(async () => {
    await lab.close();
  });

  const names = (files: readonly { readonly name: string }[]) => files.map(({ name }) => name);
  const count = async () => Number((await lab.database.query<{ n: string }>('SELECT count(*) AS n FROM orders'))[0]?.n);
  const sessions = (like: string) =>
    lab.database.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND application_name LIKE 'mainstay migrate%' AND query LIKE '%${like}%'`,
    );
  const running = (like: string) => until(`a statement with ${like} runs`, async () => (await sessions(like))[0]?.pid);

  it('applies what is new, in order, records it with checksums, and changes nothing the second time', async () => {
    await lab.files({ ...FILES, '0004_drop.contract.sql': 'DROP TABLE orders', 'README.md': 'not SQL' });
    const first = await lab.migrate();
    expect(first).toMatchObject({ outcome: 'migrated', says: '3 files applied' });
    expect(names(first.report.applied)).toEqual([ONE, TWO, THREE]);
    expect(first.report).toMatchObject({ pending: [], contract: ['0004_drop.contract.sql'], missing: [] });
    expect(first.report.applied[0]?.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(await count()).toBe(2);
    // The same operation again tells the same; another one had nothing to do.
    expect((await lab.migrate()).report).toEqual(first.report);
    expect(await lab.migrate({ operation: 'deploy/2', fence: { term: 8, change: 1 } })).toMatchObject({
      says: 'nothing to apply',
      report: { applied: [] },
    });
    expect(await count()).toBe(2);
  });

  it('stops at a file that fails: those before stay, it leaves nothing, and a second run goes on behind them', async () => {
    await lab.files({ ...FILES, [THREE]: "INSERT INTO orders VALUES (1, 'first'); INSERT INTO nowhere VALUES (1);" });
    const first = await lab.migrate();
    expect(first).toMatchObject({ outcome: 'failed', report: { failed: { name: THREE } } });
    expect(first.says).toMatch(
      /42P01 no such table: relation "nowhere" does not exist; rolled back, 2 applied before it stay/,
    );
    expect([await lab.recorded(), await count()]).toEqual([[ONE, TWO], 0]);

    await lab.files({ [THREE]: FILES[THREE] });
    const second = await lab.migrate({ operation: 'deploy/2', fence: { term: 8, change: 1 } });
    expect(names(second.report.applied)).toEqual([THREE]);
    expect(await count()).toBe(2);
  });

  it('refuses a file that was changed after it was applied, with both checksums, before anything runs', async () => {
    await lab.files({ [ONE]: FILES[ONE] });
    const { report } = await lab.migrate();
    await lab.files({ ...FILES, [ONE]: 'CREATE TABLE orders (id bigint PRIMARY KEY);' });
    const second = await lab.migrate();
    expect(second.outcome).toBe('failed');
    expect(second.says).toContain(
      `${ONE}: changed after it was applied: expected sha256 ${report.applied[0]?.checksum}`,
    );
    expect(await lab.recorded()).toEqual([ONE]);
  });

  it('refuses files that are not those of the plan', async () => {
    await lab.files({ [ONE]: FILES[ONE] });
    const plan = await lab.plan();
    await lab.files(FILES);
    expect((await lab.migrate({ plan })).says).toMatch(/changed since the plan was made: expected 1 files/);
  });

  it('is refused by a newer owner, also in the middle, and keeps an older one out', async () => {
    await lab.files({ [ONE]: FILES[ONE] });
    await lab.migrate({ fence: { term: 9, change: 1 }, operation: 'deploy/new' });
    await lab.files(FILES);
    await expect(lab.migrate()).rejects.toMatchObject({
      type: 'Fenced',
      message: expect.stringMatching(/carries 9\/1 of deploy\/new, higher than the 7\/2/),
    });

    await lab.files({ [TWO]: `SELECT pg_sleep(0.6); ${FILES[TWO]}` });
    const late = lab.migrate({ fence: { term: 10, change: 1 } });
    late.catch(() => undefined);
    await running('pg_sleep');
    // It waits for the open file, and stands before the next one.
    await lab.database.query('UPDATE mainstay.migration_fences SET term = 11');
    await expect(late).rejects.toMatchObject({ type: 'Fenced' });
    expect(await lab.recorded()).toEqual([ONE, TWO]);
  });

  it.each([
    { when: 'the reply to a COMMIT is lost', statement: 'COMMIT', applied: 3 },
    { when: 'the connection ends in a statement', statement: 'INSERT INTO orders', applied: 3 },
  ])('looks before it goes on when $when', async ({ statement, applied }) => {
    await lab.files(FILES);
    const proxy = await startPostgresProxy(lab.database.url);
    try {
      proxy.loseReplyTo(statement);
      const result = await lab.migrate({ url: proxy.url });
      expect(proxy.lost()).toBe(1);
      expect([result.outcome, result.report.applied.length, await count()]).toEqual(['migrated', applied, 2]);
    } finally {
      await proxy.close();
    }
  });

  it('goes on when its session was ended in the middle of a file', async () => {
    await lab.files({ ...FILES, [TWO]: `SELECT pg_sleep(0.5); ${FILES[TWO]}` });
    const run = lab.migrate();
    await lab.database.query('SELECT pg_terminate_backend($1)', [await running('pg_sleep')]);
    expect((await run).report.applied).toHaveLength(3);
    expect(await count()).toBe(2);
  });

  it('applies each file once when two run at the same time', async () => {
    await lab.files({ ...FILES, [ONE]: `SELECT pg_sleep(0.3); ${FILES[ONE]}` });
    const [a, b] = await Promise.all([lab.migrate(), lab.migrate()]);
    expect([a.outcome, b.outcome, await count()]).toEqual(['migrated', 'migrated', 2]);
    expect(a.report).toEqual(b.report);
  });

  it('cancels the running statement, rolls its file back, and tells what stays', async () => {
    await lab.files({ ...FILES, [THREE]: "INSERT INTO orders VALUES (1, 'x'); SELECT pg_sleep(60);" });
    const context = activityContext();
    const run = lab.migrate({ context });
    await running('pg_sleep');
    context.cancel('CANCELLED');
    const result = await run;
    expect(result.outcome).toBe('cancelled');
    expect(names(result.report.applied)).toEqual([ONE, TWO]);
    expect(await sessions('pg_sleep')).toEqual([]);
    expect([await lab.recorded(), await count()]).toEqual([[ONE, TWO], 0]);
  });

  it('names the holder of a lock that is never free', async () => {
    await lab.files(FILES);
    await lab.files({ [ONE]: `${FILES[ONE]} SELECT pg_sleep(60)` });
    const context = activityContext();
    const first = lab.migrate({ context });
    const pid = await running('pg_sleep');
    const second = await lab.migrate({ overrides: { lockWaitMs: 300 } });
    expect(second.outcome).toBe('failed');
    expect(second.says).toMatch(
      new RegExp(
        `lock of the database was not free within 0.3 s: held by process ${pid} \\(mainstay migrate crm-api of user postgres, active for \\d+ s\\)`,
      ),
    );
    context.cancel('CANCELLED');
    await first;
  });

  it('does not block the application: it gives up a table lock, tries again, and names who holds it', async () => {
    await lab.files({ [ONE]: FILES[ONE] });
    await lab.migrate();
    await lab.files(FILES);
    const holder = lab.database.query('BEGIN; SELECT * FROM orders; SELECT pg_sleep(60); COMMIT');
    holder.catch(() => undefined);
    const pid = await until('the table is held', async () => {
      const rows = await lab.database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'test' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
      );
      return rows[0]?.pid;
    });
    const blocked = await lab.migrate({ overrides: { lockTimeoutMs: 700, lockTries: 1 } });
    expect(blocked.says).toMatch(/55P03 lock not available/);
    expect(blocked.says).toMatch(new RegExp(`it waited for process ${pid} \\(test of user postgres, active for`));
    const patient = lab.migrate({ overrides: { lockTimeoutMs: 300, lockTries: 20 } });
    await running('ALTER TABLE');
    await lab.database.query('SELECT pg_cancel_backend($1)', [pid]);
    expect(await patient).toMatchObject({ outcome: 'migrated', report: { applied: { length: 3 } } });
  });

  it('ends a statement that takes too long; a file may ask for its own time', async () => {
    await lab.files({ [ONE]: 'SELECT pg_sleep(0.4);' });
    const late = await lab.migrate({ overrides: { statementTimeoutMs: 100 } });
    expect(late.says).toMatch(/57014 canceled: canceling statement due to statement timeout/);
    await lab.files({ [ONE]: '-- mainstay: statement-timeout 1m\nSELECT pg_sleep(0.4);' });
    expect(await lab.migrate({ overrides: { statementTimeoutMs: 100 } })).toMatchObject({ outcome: 'migrated' });
  });

  it('ends at the deadline of the phase', async () => {
    await lab.files({ [ONE]: 'SELECT pg_sleep(60);' });
    const late = await lab.migrate({ overrides: { deadlineMs: 300 } });
    expect(late).toMatchObject({ outcome: 'failed', says: expect.stringMatching(/not done within 0.3 s/) });
  });

  it('lets no setting of a file reach the next', async () => {
    await lab.files({
      [ONE]: 'CREATE ROLE lab_role; SET search_path = pg_catalog; SET ROLE lab_role;',
      [TWO]: 'CREATE TABLE found_public (n int);',
      [THREE]: 'DROP ROLE lab_role;',
    });
    expect(await lab.migrate()).toMatchObject({ outcome: 'migrated' });
    expect(await lab.database.query("SELECT to_regclass('public.found_public') IS NOT NULL AS there")).toEqual([
      { there: true },
    ]);
  });
});
