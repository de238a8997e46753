/** Indexes and heaps with what a checker needs to know of them. */
import { isUserSchema } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';

export interface Relation {
  readonly oid: string;
  /** `public.orders_pkey`, `pg_toast.pg_toast_16412_index`. */
  readonly name: string;
  /** `public.orders`; of TOAST the table that it belongs to. */
  readonly of: string;
  readonly bytes: number;
  /** Of the system's catalogue, with its TOAST. */
  readonly isSystem: boolean;
}

export interface Index extends Relation {
  /** Without schema and quotes. */
  readonly bareName: string;
  readonly method: string;
  readonly isValid: boolean;
  readonly isUnlogged: boolean;
  readonly isUnique: boolean;
  /** Counts the keys that stand more than once in the table, by its rows; null for one of TOAST or not unique. */
  readonly uniqueSql: string | null;
  /** The only thing known of it is one plain column first and no condition: keys can be looked up. */
  readonly firstColumn: string | null;
}

/** The table of a heap or, for TOAST, of the table it belongs to: `o`. */
const OWNER = `join pg_class t on t.oid = i.indrelid left join pg_class u on u.reltoastrelid = t.oid
  join pg_class o on o.oid = coalesce(u.oid, t.oid) join pg_namespace ns on ns.oid = o.relnamespace`;
const IS_SYSTEM = `(not ${isUserSchema('ns.nspname')})`;

const INDEXES = `
select c.oid::int8::text as oid, format('%I.%I', n.nspname, c.relname) as name, c.relname as bare,
  format('%I.%I', ns.nspname, o.relname) as of, pg_relation_size(c.oid)::text as bytes, ${IS_SYSTEM} as system,
  am.amname as method, i.indisvalid and i.indisready and i.indislive as valid, c.relpersistence = 'u' as unlogged,
  i.indisunique as "unique",
  case when i.indisunique and am.amname = 'btree' and u.oid is null then (
    select format('select count(*)::text as keys from (select 1 from only %I.%I where (%s) and %s group by %s having count(*) > 1) d',
      ns.nspname, o.relname, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
      -- nulls are distinct from each other, unless the index says otherwise
      case when coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) then 'true'
        else string_agg('(' || k.key || ') is not null', ' and ') end,
      string_agg(k.key, ', '))
    from (select pg_get_indexdef(i.indexrelid, n, true) as key from generate_series(1, i.indnkeyatts) n) k) end as unique_sql,
  case when i.indkey[0] > 0 and i.indpred is null then (select a.attname from pg_attribute a
    where a.attrelid = i.indrelid and a.attnum = i.indkey[0]) end as first_column
from pg_index i join pg_class c on c.oid = i.indexrelid and c.relkind = 'i' and c.relpersistence <> 't'
  join pg_namespace n on n.oid = c.relnamespace join pg_am am on am.oid = c.relam ${OWNER}
order by 2`;

/** Access method 2 is heap: verify_heapam knows no other. */
const HEAPS = `
select t.oid::int8::text as oid, format('%I.%I', n.nspname, t.relname) as name,
  format('%I.%I', ns.nspname, o.relname) as of, pg_relation_size(t.oid)::text as bytes, ${IS_SYSTEM} as system,
  t.relam = 2 as heap
from pg_class t join pg_namespace n on n.oid = t.relnamespace left join pg_class u on u.reltoastrelid = t.oid
  join pg_class o on o.oid = coalesce(u.oid, t.oid) join pg_namespace ns on ns.oid = o.relnamespace
where t.relkind in ('r', 'm', 't') and t.relpersistence = 'p' and t.relispopulated
order by 2`;

interface RelationRow extends Record<string, unknown> {
  readonly oid: string;
  readonly name: string;
  readonly of: string;
  readonly bytes: string;
  readonly system: boolean;
}

interface IndexRow extends RelationRow {
  readonly bare: string;
  readonly method: string;
  readonly valid: boolean;
  readonly unlogged: boolean;
  readonly unique: boolean;
  readonly unique_sql: string | null;
  readonly first_column: string | null;
}

export async function listIndexes(session: SuiteSession): Promise<readonly Index[]> {
  const rows = await session.read<IndexRow>('list indexes', INDEXES);
  return rows.map((row) => ({
    ...relationOf(row),
    bareName: row.bare,
    method: row.method,
    isValid: row.valid,
    isUnlogged: row.unlogged,
    isUnique: row.unique,
    uniqueSql: row.unique_sql,
    firstColumn: row.first_column,
  }));
}

/** Heaps, and the names of tables that another access method keeps. */
export async function listHeaps(
  session: SuiteSession,
): Promise<{ readonly heaps: readonly Relation[]; readonly others: readonly string[] }> {
  const rows = await session.read<RelationRow & { readonly heap: boolean }>('list heaps', HEAPS);
  return {
    heaps: rows.filter(({ heap }) => heap).map(relationOf),
    others: rows.filter(({ heap }) => !heap).map(({ name }) => name),
  };
}

function relationOf({ oid, name, of, bytes, system }: RelationRow): Relation {
  return { oid, name, of, bytes: Number(bytes), isSystem: system };
}
