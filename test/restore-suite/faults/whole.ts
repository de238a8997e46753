/** Faults that concern the whole copy: each in one of its own. */
import { type Fault, flatTable } from './fault.ts';

export const WHOLE_FAULTS: readonly Fault[] = [
  {
    name: 'statistics_gone',
    class: 'statistics gone',
    isAlone: true,
    sql: [
      `DELETE FROM pg_statistic`,
      `UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relkind IN ('r', 'm') AND oid >= 16384`,
    ],
    expects: [{ kinds: ['statistics'], names: '', state: 'warn' }],
  },
  {
    name: 'subscription_enabled',
    class: 'not isolated',
    isAlone: true,
    // Somebody switched it on after it was disarmed; nothing runs, for the quarantine's setting keeps the workers away.
    afterwards: [`ALTER SUBSCRIPTION harm_feed SET (slot_name = 'harm_feed')`, `ALTER SUBSCRIPTION harm_feed ENABLE`],
    expects: [{ kinds: ['isolation'], names: 'harm_feed' }],
  },
  {
    name: 'collation_version',
    class: 'collation',
    isAlone: true,
    setup: [`CREATE COLLATION harm.harm_versioned (provider = icu, locale = 'en-US')`],
    closed: [],
    sql: [
      `UPDATE pg_collation SET collversion = '0.0'
         WHERE collname = 'harm_versioned' AND collnamespace = 'harm'::regnamespace`,
    ],
    expects: [{ kinds: ['collation', 'schema'], names: 'harm_versioned' }],
  },
  {
    name: 'backup_too_old',
    class: 'stale data',
    isAlone: true,
    from: 'earlier',
    setup: flatTable('backup_too_old', 200),
    expects: [{ kinds: ['canary', 'freshness'], names: '' }, { kinds: ['counts', 'digest'] }],
  },
  {
    name: 'newest_rows_missing',
    class: 'stale data',
    isAlone: true,
    // The last 10,000 s, the canary's row with them.
    setup: [
      `CREATE TABLE harm.newest_rows_missing (id bigint PRIMARY KEY, at timestamptz NOT NULL)`,
      `INSERT INTO harm.newest_rows_missing SELECT g, now() - g * interval '100 seconds' FROM generate_series(0, 500) g`,
    ],
    closed: [],
    sql: [
      `DELETE FROM harm.newest_rows_missing WHERE at > now() - interval '10000 seconds'`,
      `DELETE FROM mainstay_canary.canary`,
    ],
    expects: [
      { kinds: ['canary'], names: '' },
      { kinds: ['freshness'], names: '' },
    ],
  },
  {
    name: 'other_cluster',
    class: 'wrong database',
    isAlone: true,
    from: 'other cluster',
    expects: [{ kinds: ['lineage'], names: '' }],
  },
  {
    name: 'sibling_database',
    class: 'wrong database',
    isAlone: true,
    from: 'sibling',
    expects: [{ kinds: ['lineage', 'canary', 'schema'], names: '' }],
  },
  {
    name: 'settings_default',
    class: 'wrong settings',
    isAlone: true,
    settings: { work_mem: '4MB', datestyle: 'ISO, MDY' },
    expects: [
      { kinds: ['settings'], names: 'work_mem' },
      { kinds: ['settings'], names: 'DateStyle' },
    ],
  },
];
