/** Parameters as the server has them for a new session, whatever this one pinned. */
import type { SuiteSession } from '../open-suite.ts';

/** Change what SQL means or what survives a crash, and do not depend on the size of the machine. */
export const DEFAULT_SETTINGS: readonly string[] = [
  'autovacuum',
  'block_size',
  'cron.launch_active_jobs',
  'cron.max_running_jobs',
  'data_checksums',
  'default_text_search_config',
  'default_transaction_isolation',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'log_min_duration_statement',
  'log_statement',
  'max_identifier_length',
  'max_locks_per_transaction',
  'max_logical_replication_workers',
  'max_prepared_transactions',
  'password_encryption',
  'server_encoding',
  'session_replication_role',
  'shared_preload_libraries',
  'standard_conforming_strings',
  'synchronous_commit',
  'TimeZone',
  'track_commit_timestamp',
  'wal_level',
];

/** A parameter that does not exist, or that the role may not see, is not in the answer. */
export async function readSettings(
  session: SuiteSession,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const rows = await session.read<{ name: string; value: string | null }>(
    'read settings',
    'select name, reset_val as value from pg_settings where lower(name) = any($1) order by name',
    [names.map((name) => name.toLowerCase())],
  );
  const found = new Map(rows.map(({ name, value }) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = found.get(name.toLowerCase());
      return value === undefined || value === null ? [] : [[name, value] as const];
    }),
  );
}
