import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POSTGRES_CHOICES } from '../../harness/postgres.ts';
import { startPostgresProxy } from '../../harness/postgres-proxy.ts';
import { until } from '../../harness/until.ts';
import { activityContext } from '../activity-context.ts';
import { type MigrationLab, openMigrationLab } from './migration-lab.ts';

const TABLE = '0001_orders.expand.sql';
const INDEX = '0002_index.expand.sql';
const BUILD = 'CREATE UNIQUE INDEX CONCURRENTLY orders_note ON orders (note);';
const FILES = {
  [TABLE]: "CREATE TABLE orders (id int, note text); INSERT INTO orders VALUES (1, 'a'), (2, 'b');",
  [INDEX]: `-- mainstay: no-transaction\n${BUILD}`,
};

describe.each(POSTGRES_CHOICES)('CREATE INDEX CONCURRENTLY on $name', (choice) => {
  let lab: MigrationLab;
  beforeEach(async () => {
    lab = await openMigrationLab(choice);
    await lab.files({ [TABLE]: FILES[TABLE] });
    await lab.migrate();
    await lab.files(FILES);
  });
  afterEach(async () => {
    await lab.close();
  });

  async function index(): Promise<'absent' | 'valid' | 'INVALID'> {
    const [row] = await lab.database.query<{ indisvalid: boolean }>(
      `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('orders_note')`,
    );
    return row === undefined ? 'absent' : row.indisvalid ? 'valid' : 'INVALID';
  }
  const duplicate = () => lab.database.query("INSERT INTO orders VALUES (3, 'a')");
  const mend = () => lab.database.query('DELETE FROM orders WHERE id = 3');
  /** What a worker leaves that was killed while it built. */
  const leaveInvalid = async () => {
    await duplicate();
    await expect(lab.database.query(BUILD)).rejects.toMatchObject({ code: '23505' });
    await mend();
  };
  const leaveRow = async () => {
    const { checksum } = (await lab.plan().then(() => checksums())).get(INDEX) ?? { checksum: '' };
    const text = `INSERT INTO mainstay.migrations (service, name, checksum, operation, term, change) VALUES ('crm-api', $1, $2, 'deploy/0', 6, 1)`;
    await lab.database.query(text, [INDEX, checksum]);
  };
  const checksums = async () => {
    const { readMigrationFolder } = await import('../../../src/clients/migrations/migration-folder.ts');
    return new Map((await readMigrationFolder(lab.directory)).map((file) => [file.name, file]));
  };

  it('is built outside of a transaction and recorded', async () => {
    expect(await lab.migrate()).toMatchObject({ outcome: 'migrated' });
    expect([await index(), await lab.recorded()]).toEqual(['valid', [TABLE, INDEX]]);
  });

  it('leaves nothing behind when it fails, and can be repeated', async () => {
    await duplicate();
    const first = await lab.migrate();
    expect(first).toMatchObject({ outcome: 'failed', report: { failed: { name: INDEX } } });
    expect(first.says).toMatch(/23505 unique violation/);
    expect([await index(), await lab.recorded()]).toEqual(['absent', [TABLE]]);
    await mend();
    expect(await lab.migrate()).toMatchObject({ outcome: 'migrated' });
  });

  it('drops an INVALID one of its own before it builds again', async () => {
    await leaveInvalid();
    await leaveRow();
    expect(await index()).toBe('INVALID');
    expect(await lab.migrate()).toMatchObject({ outcome: 'migrated' });
    expect([await index(), await lab.recorded()]).toEqual(['valid', [TABLE, INDEX]]);
  });

  it('touches no index that it did not begin', async () => {
    await leaveInvalid();
    const invalid = await lab.migrate();
    expect(invalid.says).toMatch(
      /index orders_note exists already \(invalid\), and no migration of crm-api has begun it/,
    );
    expect(await index()).toBe('INVALID');
  });

  it('only records one whose reply was lost', async () => {
    const proxy = await startPostgresProxy(lab.database.url);
    try {
      proxy.loseReplyTo('CREATE UNIQUE INDEX CONCURRENTLY');
      expect(await lab.migrate({ url: proxy.url })).toMatchObject({ outcome: 'migrated' });
      expect(proxy.lost()).toBe(1);
    } finally {
      await proxy.close();
    }
    expect([await index(), await lab.recorded()]).toEqual(['valid', [TABLE, INDEX]]);
  });

  it('is ended by a cancellation, and mended by the next run when it cannot be mended at once', async () => {
    // An old transaction holds up the build, and also the drop of what it leaves.
    const holder = lab.database.query('BEGIN; UPDATE orders SET note = note; SELECT pg_sleep(60); COMMIT');
    holder.catch(() => undefined);
    const pid = await until('the transaction is open', async () => {
      const rows = await lab.database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
      );
      return rows[0]?.pid;
    });
    const context = activityContext();
    const beats: unknown[] = [];
    context.on('heartbeat', (beat) => beats.push(beat));
    const run = lab.migrate({ context });
    await until(
      'the build waits and says for whom',
      () => beats.some((beat) => JSON.stringify(beat).includes(`waiting for process ${pid}`)) || undefined,
    );
    context.cancel('CANCELLED');
    expect(await run).toMatchObject({ outcome: 'cancelled' });
    expect([await index(), await lab.recorded()]).toEqual(['INVALID', [TABLE, `${INDEX}!`]]);
    await lab.database.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await lab.migrate()).toMatchObject({ outcome: 'migrated' });
    expect([await index(), await lab.recorded()]).toEqual(['valid', [TABLE, INDEX]]);
  });
});

it('does not wait for the statement of a client that is gone', async () => {
  const lab = await openMigrationLab({ name: 'packaged Postgres' });
  const proxy = await startPostgresProxy(lab.database.url);
  try {
    await lab.database.query('CREATE TABLE knob AS SELECT 60 AS seconds');
    await lab.files({ [TABLE]: 'CREATE TABLE orders (id int); SELECT pg_sleep(seconds) FROM knob;' });
    const first = lab.migrate({ url: proxy.url });
    first.catch(() => undefined);
    await until('the file runs', async () => {
      const rows = await lab.database.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`);
      return rows.length > 0 || undefined;
    });
    await lab.database.query('UPDATE knob SET seconds = 0');
    await proxy.close();
    await expect(first).rejects.toMatchObject({ type: 'Unavailable' });
    expect(await lab.migrate({ operation: 'deploy/2', fence: { term: 8, change: 1 } })).toMatchObject({
      outcome: 'migrated',
    });
  } finally {
    await proxy.close();
    await lab.close();
  }
});
