/** Tables that hold rows, with what is needed to read them. */
import { isUserSchema, quoteName } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';

export interface Column {
  readonly name: string;
  /** `plain`: hashed as it is. `text`: as it is, by its bytes. `cast`: its text, because equal is not identical. */
  readonly hash: 'plain' | 'text' | 'cast';
}

export interface Table {
  readonly oid: string;
  readonly schema: string;
  readonly table: string;
  /** `public.orders`, quoted where it must be. */
  readonly name: string;
  readonly kind: 'table' | 'materializedView' | 'partitioned' | 'foreign';
  readonly isUnlogged: boolean;
  readonly isPopulated: boolean;
  /** With TOAST, without indexes. */
  readonly bytes: number;
  /** The partitioned table that it is a leaf of, as `schema.table` unquoted. */
  readonly root?: { readonly schema: string; readonly table: string };
  /** Live columns that are stored. */
  readonly columns: readonly Column[];
}

const TABLES = `
select c.oid::int8::text as oid, n.nspname as schema, c.relname as "table",
  format('%I.%I', n.nspname, c.relname) as name, c.relkind as kind, c.relpersistence as persistence,
  c.relispopulated as populated,
  case when c.relispartition then (select json_build_object('schema', rn.nspname, 'table', r.relname)
    from pg_class r join pg_namespace rn on rn.oid = r.relnamespace where r.oid = pg_partition_root(c.oid)) end as root,
  case when c.relkind in ('r', 'm') then coalesce(pg_table_size(c.oid), 0) else 0 end::text as bytes,
  (select json_agg(json_build_object('name', a.attname, 'hash', case
      -- bool, int8, int2, int4, date, timestamp, timestamptz, uuid: equal values have one representation
      when a.atttypid in (16, 20, 21, 23, 1082, 1114, 1184, 2950) then 'plain'
      -- text, bpchar, varchar
      when a.atttypid in (25, 1042, 1043) then 'text'
      else 'cast' end) order by a.attnum)
    from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v') as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm', 'p', 'f') and c.relpersistence <> 't' and ${isUserSchema('n.nspname')}
order by n.nspname, c.relname`;

const KINDS = { r: 'table', m: 'materializedView', p: 'partitioned', f: 'foreign' } as const;

interface TableRow extends Record<string, unknown> {
  readonly oid: string;
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  readonly persistence: string;
  readonly populated: boolean;
  readonly bytes: string;
  readonly root: { readonly schema: string; readonly table: string } | null;
  readonly columns: readonly Column[] | null;
}

export async function listTables(session: SuiteSession): Promise<readonly Table[]> {
  const rows = await session.read<TableRow>('list tables', TABLES);
  return rows.map((row) => ({
    oid: row.oid,
    schema: row.schema,
    table: row.table,
    name: row.name,
    kind: KINDS[row.kind],
    isUnlogged: row.persistence === 'u',
    isPopulated: row.populated,
    bytes: Number(row.bytes),
    ...(row.root ? { root: row.root } : {}),
    columns: row.columns ?? [],
  }));
}

/** For SQL; always quoted. */
export function quotedTable({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${quoteName(schema)}.${quoteName(table)}`;
}
