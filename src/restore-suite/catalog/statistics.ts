/** Tables whose columns have statistics for the planner, as far as this role may see them. */
import { isUserSchema } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';

/**
 * Rows ever inserted, updated and deleted, by oid of the table; empty where the server does not count. A session tells
 * its counts up to a second after its transaction.
 */
export async function readWrites(session: SuiteSession): Promise<ReadonlyMap<string, string>> {
  const rows = await session.read<{ oid: string; writes: string }>(
    'count writes',
    `select relid::int8::text as oid, (n_tup_ins + n_tup_upd + n_tup_del)::text as writes
     from pg_stat_all_tables where current_setting('track_counts')::bool`,
  );
  return new Map(rows.map(({ oid, writes }) => [oid, writes]));
}

/** `schema.table`, quoted where it must be. */
export async function listAnalysed(session: SuiteSession): Promise<readonly string[]> {
  const rows = await session.read<{ name: string }>(
    'list statistics',
    `select distinct format('%I.%I', schemaname, tablename) as name from pg_stats
     where ${isUserSchema('schemaname')} and not inherited order by 1`,
  );
  return rows.map(({ name }) => name);
}
