/** The ledger in Postgres 13 or later. */
import { openDatabasePool, placeOf } from '../../postgres/pool.ts';
import type { Database } from '../../postgres/port.ts';
import type { Ledger } from '../port.ts';
import { listBackups, readBackup } from './backups.ts';
import { migrateLedger } from './migrate.ts';
import { list, readRelease } from './read-release.ts';
import { loadRecord, saveRecord } from './service-records.ts';
import type { Sql } from './sql.ts';
import { writeEntry } from './write-entry.ts';

export interface OpenLedgerOptions {
  /** Bring the schema to this version; false for those who only read. True when left out. */
  readonly migrate?: boolean;
  /** Connections at most. Default 4. */
  readonly connections?: number;
}

const CONNECT_LIMIT_MS = 2_000;
const STATEMENT_LIMIT_MS = 3_000;
const LOCK_LIMIT_MS = 2_000;
/** Of several workers that start together, the first one makes the tables and the others wait for it. */
const MIGRATE_LIMIT_MS = 10_000;

/**
 * Connects, and brings the schema to the version of this code. Every call is bounded by seconds.
 *
 * @param url `postgres://...`; it stands in no message
 * @throws CodedError Unavailable, Timeout, Forbidden, NotFound (no such database), PreconditionFailed (another schema),
 *   InvalidInput (no URL)
 */
export async function openLedger(url: string, options: OpenLedgerOptions = {}): Promise<Ledger> {
  const database = openDatabasePool({
    url,
    applicationName: 'mainstay ledger',
    connectTimeoutMs: CONNECT_LIMIT_MS,
    statementTimeoutMs: STATEMENT_LIMIT_MS,
    maxConnections: options.connections ?? 4,
  });
  try {
    if (options.migrate === false) await reading(database, 'connect', (sql) => sql.query('select 1'));
    else await migrate(database);
  } catch (error) {
    await database.close().catch(() => undefined);
    throw error;
  }
  return {
    write: (entry) => writing(database, `write ${entry.kind}`, (sql) => writeEntry(sql, entry)),
    readRelease: (key) => reading(database, 'read release', (sql) => readRelease(sql, key)),
    list: (wish) => reading(database, 'list releases', (sql) => list(sql, wish)),
    readBackup: (key) => reading(database, 'read backup', (sql) => readBackup(sql, key)),
    listBackups: (wish) => reading(database, 'list backups', (sql) => listBackups(sql, wish)),
    saveRecord: (key, bins, nowMs) => writing(database, 'save record', (sql) => saveRecord(sql, key, bins, nowMs)),
    loadRecord: (key, nowMs) => reading(database, 'load record', (sql) => loadRecord(sql, key, nowMs)),
    close: () => database.close(),
  };
}

/** `127.0.0.1:5432/mainstay`: where a ledger is, without who may enter. */
export function ledgerPlace(url: string): string {
  return placeOf(url).replace(/^database /, '');
}

function migrate(database: Database): Promise<unknown> {
  return inTransaction(database, 'ledger: schema', async (sql) => {
    await sql.query(`set local statement_timeout = ${MIGRATE_LIMIT_MS}; set local lock_timeout = ${MIGRATE_LIMIT_MS}`);
    return migrateLedger(sql);
  });
}

function writing<T>(database: Database, doing: string, body: (sql: Sql) => Promise<T>): Promise<T> {
  return inTransaction(database, `ledger: ${doing}`, async (sql) => {
    await sql.query(`set local lock_timeout = ${LOCK_LIMIT_MS}`);
    return body(sql);
  });
}

/** All statements see the same moment. */
function reading<T>(database: Database, doing: string, body: (sql: Sql) => Promise<T>): Promise<T> {
  return inTransaction(database, `ledger: ${doing}`, async (sql) => {
    await sql.query('set transaction isolation level repeatable read read only');
    return body(sql);
  });
}

function inTransaction<T>(database: Database, doing: string, body: (sql: Sql) => Promise<T>): Promise<T> {
  return database.transaction(doing, (transaction) =>
    body({
      query: async <R>(text: string, values?: readonly unknown[]) => {
        const rows: readonly unknown[] = await transaction.write({ doing, text, ...(values && { values }) });
        return rows as readonly R[];
      },
    }),
  );
}
