/** What a dump of this database must hold, from the very snapshot that pg_dump reads. */
import { CodedError } from '../../errors/coded-error.ts';
import type { DumpedKind, SourceRelation } from '../../core/model/dump.ts';
import { openDatabasePool } from '../postgres/pool.ts';
import type { SqlRunner } from '../postgres/port.ts';

export interface DumpSnapshot {
  /** For `pg_dump --snapshot`. */
  readonly id: string;
  /** `server_version_num`. */
  readonly serverVersion: number;
  readonly relations: readonly SourceRelation[];
  readonly databaseBytes: number;
}

const KINDS: Readonly<Record<string, DumpedKind>> = {
  r: 'TABLE',
  p: 'TABLE',
  f: 'FOREIGN TABLE',
  v: 'VIEW',
  m: 'MATERIALIZED VIEW',
  S: 'SEQUENCE',
};

/** Relations that pg_dump dumps: not the system's, not temporary ones, not members of extensions. */
const RELATIONS = `
  SELECT c.oid::int8::text AS oid, c.relkind::text AS relkind, n.nspname || '.' || c.relname AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
  ORDER BY 3`;

/**
 * Runs the body while a read-only transaction holds the snapshot open. Throws what the pool throws, and what the body
 * throws.
 */
export async function withDumpSnapshot<T>(
  url: string,
  applicationName: string,
  signal: AbortSignal,
  body: (snapshot: DumpSnapshot) => Promise<T>,
): Promise<T> {
  const pool = openDatabasePool({ url, applicationName, maxConnections: 1 });
  const doing = 'hold the snapshot of a dump';
  let made: { readonly result: T } | undefined;
  const hold = async (transaction: SqlRunner): Promise<void> => {
    made = { result: await body(await readSnapshot(transaction, signal)) };
  };
  try {
    await pool.session(doing, (session) => session.transaction(doing, hold, signal), signal);
    return mustBe(made).result;
  } catch (error) {
    // pg_dump took the snapshot over at its start: what becomes of this session afterwards does not matter.
    if (made !== undefined) return mustBe(made).result;
    throw error;
  } finally {
    await pool.close();
  }
}

function mustBe<T>(made: T | undefined): T {
  if (made === undefined) throw new Error('a dump that ended left no result');
  return made;
}

async function readSnapshot(transaction: SqlRunner, signal: AbortSignal): Promise<DumpSnapshot> {
  const doing = 'read what is to be dumped';
  // The transaction does nothing for as long as the dump takes.
  await transaction.read(
    {
      doing,
      text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL search_path = pg_catalog',
    },
    signal,
  );
  const [facts] = await transaction.read<{ id: string; version: string; bytes: string }>(
    {
      doing,
      text: `SELECT pg_export_snapshot() AS id, current_setting('server_version_num') AS version,
        pg_database_size(current_database())::text AS bytes`,
      values: [],
    },
    signal,
  );
  if (facts === undefined) throw new CodedError('BadResponse', `${doing}: expected one row, found none`);
  const rows = await transaction.read<{ oid: string; relkind: string; name: string }>(
    { doing, text: RELATIONS, values: [] },
    signal,
  );
  const relations = rows.flatMap(({ oid, relkind, name }): SourceRelation[] => {
    const kind = KINDS[relkind];
    return kind === undefined ? [] : [{ oid: Number(oid), kind, name, hasData: relkind === 'r' }];
  });
  return { id: facts.id, serverVersion: Number(facts.version), relations, databaseBytes: Number(facts.bytes) };
}
