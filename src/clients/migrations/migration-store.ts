/** What Mainstay keeps of migrations in the migrated database itself: schema `mainstay`, one row a file, one fence an owner. */
import type { NamedChecksum, RecordedMigration } from '../../core/model/migration.ts';
import type { Fence } from '../../core/model/operation.ts';
import { CodedError } from '../../errors/coded-error.ts';
import type { Row, SqlRunner, SqlSession } from '../postgres/port.ts';

/** One run at a time in a database, whichever service it is for: migrations of one may meet tables of another. */
const LOCK = [0x6d61696e, 0x73746179] as const;

const TABLES = `
CREATE TABLE IF NOT EXISTS mainstay.migrations (
  service text NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  operation text NOT NULL,
  term bigint NOT NULL,
  change bigint NOT NULL,
  PRIMARY KEY (service, name)
);
CREATE TABLE IF NOT EXISTS mainstay.migration_fences (
  owner text PRIMARY KEY,
  term bigint NOT NULL,
  change bigint NOT NULL,
  operation text NOT NULL,
  stamped_at timestamptz NOT NULL DEFAULT clock_timestamp()
);`;

/** Who migrates: the service, its operation, and the fence of the phase. */
export interface Migrator {
  readonly service: string;
  /** What is owned, `production/crm-api`: terms of two environments are not compared, also where they share a database. */
  readonly owner: string;
  readonly operation: string;
  readonly fence: Fence;
}

/** The session lock, when it is free. It is given back when the session ends, also with its process. */
export async function tryLock(session: SqlSession, signal: AbortSignal): Promise<boolean> {
  const text = 'SELECT pg_try_advisory_lock($1, $2) AS locked';
  const [row] = await session.read<{ locked: boolean }>(
    { doing: 'take the migration lock', text, values: [...LOCK] },
    signal,
  );
  return row?.locked === true;
}

/** Who holds the lock, in words. */
export async function lockHolder(runner: SqlRunner, signal: AbortSignal): Promise<string> {
  const text = `SELECT ${WHO} FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  const rows = await runner.read<Who>({ doing: 'ask who holds the migration lock', text, values: [...LOCK] }, signal);
  return rows.map(whoInWords).join(', ') || 'nobody any more';
}

/** The sessions that a session waits for, in words; undefined when it waits for none. */
export async function blockersOf(runner: SqlRunner, pid: number, signal: AbortSignal): Promise<string | undefined> {
  const text = `SELECT ${WHO} FROM unnest(pg_blocking_pids($1)) AS l(pid) LEFT JOIN pg_stat_activity a USING (pid)`;
  const rows = await runner.read<Who>({ doing: 'ask who blocks', text, values: [pid] }, signal);
  return rows.length === 0 ? undefined : rows.map(whoInWords).join(', ');
}

const WHO = `pid, a.application_name AS application, a.usename AS "user", a.state,
  extract(epoch FROM clock_timestamp() - a.state_change)::int AS seconds`;

interface Who extends Row {
  readonly pid: number;
  readonly application: string | null;
  readonly user: string | null;
  readonly state: string | null;
  readonly seconds: number | null;
}

/** `process 4711 (psql of user crm, idle in transaction for 300 s)` */
function whoInWords({ pid, application, user, state, seconds }: Who): string {
  const parts = [`${application || 'no application name'}${user === null ? '' : ` of user ${user}`}`];
  if (state !== null) parts.push(`${state} for ${seconds ?? '?'} s`);
  return `process ${pid} (${parts.join(', ')})`;
}

/** Makes schema and tables where they are not there yet. Call it with the lock held. */
export async function prepareStore(session: SqlSession, signal: AbortSignal): Promise<void> {
  const doing = 'prepare the record of migrations';
  const [found] = await session.read<{ schema: string | null; fences: string | null }>(
    { doing, text: `SELECT to_regnamespace('mainstay') AS schema, to_regclass('mainstay.migration_fences') AS fences` },
    signal,
  );
  if (found?.schema === null) await session.write({ doing, text: 'CREATE SCHEMA IF NOT EXISTS mainstay' }, signal);
  if (found?.fences === null) await session.write({ doing, text: TABLES }, signal);
}

/** Rows of a service; none where the table was never made. */
export async function readRecorded(
  runner: SqlRunner,
  service: string,
  signal: AbortSignal,
): Promise<readonly RecordedMigration[]> {
  const doing = `read the migrations of ${service}`;
  const [found] = await runner.read<{ there: string | null }>(
    { doing, text: `SELECT to_regclass('mainstay.migrations') AS there` },
    signal,
  );
  if (found?.there === null) return [];
  const text = `SELECT name, checksum, operation, finished_at IS NOT NULL AS finished
    FROM mainstay.migrations WHERE service = $1 ORDER BY begun_at, name`;
  const rows = await runner.read<Row & RecordedMigration>({ doing, text, values: [service] }, signal);
  return rows.map(({ name, checksum, operation, finished }) => ({ name, checksum, operation, finished }));
}

/** Why this database would refuse to be migrated by this user; undefined when it would not. */
export async function whyNotMigrated(runner: SqlRunner, signal: AbortSignal): Promise<string | undefined> {
  const text = `SELECT current_user AS "user", pg_is_in_recovery() AS standby,
    to_regnamespace('mainstay') IS NULL AND NOT has_database_privilege(current_database(), 'CREATE') AS "cannotRecord"`;
  const [row] = await runner.read<{ user: string; standby: boolean; cannotRecord: boolean }>(
    { doing: 'look at the database', text },
    signal,
  );
  if (row?.standby === true) return 'the database is a standby: expected the primary, which can be written to';
  if (row?.cannotRecord === true) {
    return `user ${row.user} may not create schema mainstay, where applied migrations are recorded: expected the right CREATE on the database, or the schema made by its owner`;
  }
  return undefined;
}

/** Writes our pair where no higher one stands. Throws Fenced. */
export async function stampFence(runner: SqlRunner, migrator: Migrator, signal: AbortSignal): Promise<void> {
  const { owner, operation, fence } = migrator;
  const text = `INSERT INTO mainstay.migration_fences AS held (owner, term, change, operation) VALUES ($1, $2, $3, $4)
    ON CONFLICT (owner) DO UPDATE SET term = excluded.term, change = excluded.change, operation = excluded.operation, stamped_at = clock_timestamp()
    WHERE (held.term, held.change) <= (excluded.term, excluded.change)
    RETURNING owner`;
  const values = [owner, fence.term, fence.change, operation];
  const rows = await runner.write({ doing: `stamp the database for ${owner}`, text, values }, signal);
  if (rows.length === 0) await holdFence(runner, migrator, signal);
}

/** Throws Fenced when someone with a higher pair has come; in a transaction nobody can come before its end. */
export async function holdFence(runner: SqlRunner, { owner, fence }: Migrator, signal: AbortSignal): Promise<void> {
  const text = 'SELECT term, change, operation FROM mainstay.migration_fences WHERE owner = $1 FOR UPDATE';
  const [held] = await runner.read<{ term: string; change: string; operation: string }>(
    { doing: `check the fence of ${owner}`, text, values: [owner] },
    signal,
  );
  const [term, change] = [Number(held?.term ?? 0), Number(held?.change ?? 0)];
  if (term < fence.term || (term === fence.term && change <= fence.change)) return;
  throw new CodedError(
    'Fenced',
    `database of ${owner}: carries ${term}/${change} of ${held?.operation ?? 'someone'}, higher than the ${fence.term}/${fence.change} of this operation: a newer owner has it`,
  );
}

/** One row for a file: `finished` at once when it stands in the file's own transaction. Throws PreconditionFailed for a finished one. */
export async function recordMigration(
  runner: SqlRunner,
  { service, operation, fence }: Migrator,
  { name, checksum }: NamedChecksum,
  finished: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const text = `INSERT INTO mainstay.migrations (service, name, checksum, operation, term, change, finished_at)
    VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN clock_timestamp() END)
    ON CONFLICT (service, name) DO UPDATE SET operation = excluded.operation, term = excluded.term,
      change = excluded.change, finished_at = excluded.finished_at
    WHERE mainstay.migrations.finished_at IS NULL
    RETURNING name`;
  const values = [service, name, checksum, operation, fence.term, fence.change, finished];
  const rows = await runner.write({ doing: `record ${name}`, text, values }, signal);
  // In the file's transaction this rolls it back: nobody else can have applied it under our lock.
  if (rows.length === 0) throw new CodedError('PreconditionFailed', `record ${name}: someone recorded it meanwhile`);
}

/** Forgets a file that was begun and left nothing behind. */
export async function forgetMigration(runner: SqlRunner, service: string, name: string): Promise<void> {
  const text = 'DELETE FROM mainstay.migrations WHERE service = $1 AND name = $2 AND finished_at IS NULL';
  await runner.write({ doing: `forget ${name}`, text, values: [service, name] });
}
