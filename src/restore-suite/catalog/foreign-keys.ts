/** Foreign keys that the source had validated. */
import { isUserSchema, quoteName } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';

export interface ForeignKey {
  /** `public.orders.orders_customer_id_fkey` */
  readonly name: string;
  readonly child: string;
  readonly parent: string;
  /**
   * Rows of the child that have all columns set and find no parent, and with MATCH FULL those that have only some set;
   * reads both tables whole.
   */
  readonly sql: string;
  /** Bytes of both tables, about. */
  readonly bytes: number;
}

interface KeyRow extends Record<string, unknown> {
  readonly name: string;
  readonly child: string;
  readonly parent: string;
  readonly child_kind: string;
  readonly parent_kind: string;
  readonly bytes: string;
  readonly validated: boolean;
  readonly period: boolean;
  readonly full: boolean;
  readonly columns: readonly { readonly child: string; readonly parent: string; readonly operator: string }[];
}

/** A constraint of a leaf (conparentid) is its parent's, asked there over all leaves. */
const KEYS = `
select format('%I.%I.%I', cn.nspname, c.relname, k.conname) as name, format('%I.%I', cn.nspname, c.relname) as child,
  format('%I.%I', pn.nspname, p.relname) as parent, c.relkind as child_kind, p.relkind as parent_kind,
  (pg_total_relation_size(c.oid) + pg_total_relation_size(p.oid))::text as bytes,
  k.convalidated as validated, k.confmatchtype = 'f' as full, coalesce((to_jsonb(k) ->> 'conperiod')::bool, false) as period,
  (select json_agg(json_build_object('child', ca.attname, 'parent', pa.attname,
      'operator', format('operator(%I.%s)', o_n.nspname, o.oprname)) order by u.place)
    from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality as u(child, parent, op, place)
    join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = u.child
    join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = u.parent
    join pg_operator o on o.oid = u.op join pg_namespace o_n on o_n.oid = o.oprnamespace) as columns
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace cn on cn.oid = c.relnamespace
  join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
where k.contype = 'f' and k.conparentid = 0 and c.relpersistence <> 't' and ${isUserSchema('cn.nspname')}
order by 1`;

/** Keys to check, and the names of those that the source never validated. */
export async function listForeignKeys(
  session: SuiteSession,
): Promise<{ readonly keys: readonly ForeignKey[]; readonly notChecked: readonly string[] }> {
  const rows = await session.read<KeyRow>('list foreign keys', KEYS);
  return {
    keys: rows
      .filter(({ validated, period }) => validated && !period)
      .map((row) => ({
        name: row.name,
        child: row.child,
        parent: row.parent,
        sql: antiJoin(row),
        bytes: Number(row.bytes),
      })),
    notChecked: rows.flatMap(({ name, validated, period }) => {
      if (!validated) return [`${name}: NOT VALID at the source, not checked`];
      return period ? [`${name}: a foreign key over periods, not checked`] : [];
    }),
  };
}

/** A table that others inherit from means its own rows only; a partitioned one has none of its own. */
function antiJoin({ child, parent, child_kind, parent_kind, columns, full }: KeyRow): string {
  const only = (kind: string) => (kind === 'p' ? '' : 'only ');
  const from = `from ${only(child_kind)}${child} c`;
  const isSet = columns.map((column) => `c.${quoteName(column.child)} is not null`).join(' and ');
  const meets = columns
    .map((column) => `p.${quoteName(column.parent)} ${column.operator} c.${quoteName(column.child)}`)
    .join(' and ');
  const orphans = `(select count(*) ${from}
    where ${isSet} and not exists (select 1 from ${only(parent_kind)}${parent} p where ${meets}))`;
  if (!full || columns.length === 1) return `select ${orphans}::text as orphans`;
  const nulls = `num_nulls(${columns.map((column) => `c.${quoteName(column.child)}`).join(', ')})`;
  const half = `(select count(*) ${from} where ${nulls} between 1 and ${columns.length - 1})`;
  return `select (${orphans} + ${half})::text as orphans`;
}
