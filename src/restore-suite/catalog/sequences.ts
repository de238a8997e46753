/** Sequences that fill an integer column, by ownership (serial, identity) or by the column's default. */
import { isUserSchema, quoteName } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';
import type { SequenceSeen } from '../../core/restore/assess-sequence.ts';

export interface OwnedSequence {
  readonly schema: string;
  readonly sequence: string;
  /** `public.orders`, quoted where it must be. */
  readonly table: string;
  readonly column: string;
  readonly increment: string;
  readonly tableSchema: string;
  readonly tableName: string;
}

/** A leaf shares its parent's sequence: the parent's column is asked, over all leaves. */
const SEQUENCES = `
select distinct sn.nspname as schema, s.relname as sequence, format('%I.%I', tn.nspname, t.relname) as "table",
  tn.nspname as "tableSchema", t.relname as "tableName", a.attname as column, q.seqincrement::text as increment
from (
  select d.objid as seq, d.refobjid as tab, d.refobjsubid as num from pg_depend d
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
  union
  select d.refobjid, f.adrelid, f.adnum from pg_depend d join pg_attrdef f on f.oid = d.objid
  where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
) l
join pg_class s on s.oid = l.seq and s.relkind = 'S' and s.relpersistence = 'p'
join pg_namespace sn on sn.oid = s.relnamespace
join pg_sequence q on q.seqrelid = s.oid and not q.seqcycle
join pg_class t on t.oid = l.tab and t.relkind in ('r', 'p') and t.relpersistence = 'p' and not t.relispartition
join pg_namespace tn on tn.oid = t.relnamespace
join pg_attribute a on a.attrelid = t.oid and a.attnum = l.num and not a.attisdropped and a.atttypid in (20, 21, 23)
where ${isUserSchema('tn.nspname')} and ${isUserSchema('sn.nspname')}
order by 1, 2, 3, 6`;

export async function listSequences(session: SuiteSession): Promise<readonly OwnedSequence[]> {
  return session.read<OwnedSequence & Record<string, unknown>>('list sequences', SEQUENCES);
}

export async function readSequence(session: SuiteSession, owned: OwnedSequence): Promise<SequenceSeen> {
  const extreme = owned.increment.startsWith('-') ? 'min' : 'max';
  const [row] = await session.read<{ last: string; extreme: string | null }>(
    `sequence ${owned.sequence}`,
    // The parentheses keep a negative increment from beginning a comment.
    `select (select case when is_called then last_value::numeric else last_value::numeric - (${owned.increment}) end
        from ${quoteName(owned.schema)}.${quoteName(owned.sequence)})::text as last,
      (select ${extreme}(${quoteName(owned.column)})::numeric
        from ${quoteName(owned.tableSchema)}.${quoteName(owned.tableName)})::text as extreme`,
  );
  return { last: row?.last ?? '0', extreme: row?.extreme ?? null, increment: owned.increment };
}
