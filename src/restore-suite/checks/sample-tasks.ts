/** Indexes that nothing can check whole: a sample of keys, read from the table, is looked up through the index. */
import { countInWords, finding } from '../../core/restore/finding.ts';
import type { Amcheck } from '../catalog/amcheck.ts';
import type { Index } from '../catalog/indexes.ts';
import { quoteName } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';
import { type Outcome, type Task, outcome } from './task.ts';

const KEYS = 20;
/** Each look through a BRIN index may read much of the table. */
const BRIN_KEYS = 3;
/** Of an operator that a key has to itself, in this order. */
const REFLEXIVE = ['=', '~=', '@>', '&&'] as const;

export function sampleTasks(indexes: readonly Index[], amcheck: Amcheck | undefined): readonly Task[] {
  const sampled = indexes.filter(
    ({ method, isValid, isUnlogged, isSystem }) =>
      isValid && !isUnlogged && !isSystem && method !== 'btree' && !(method === 'gin' && amcheck?.gin),
  );
  return sampled.map((index) => ({
    kind: 'index',
    object: index.name,
    cost: index.bytes,
    run: async (session) => [await lookUp(session, index)],
  }));
}

async function lookUp(session: SuiteSession, index: Index): Promise<Outcome> {
  const said = (state: 'unproven' | 'fail', says: string) => outcome('index', index.name, finding(state, says));
  const noChecker = `a ${index.method} index has no checker`;
  const operator = index.firstColumn === null ? undefined : await operatorOf(session, index);
  if (index.firstColumn === null || operator === undefined) {
    return said('unproven', `${noChecker}, and no key of it can be looked up by itself`);
  }
  const column = quoteName(index.firstColumn);
  return session.transaction(`index ${index.name}`, async (inner) => {
    const [table] = await inner.read<{ rows: number }>(
      'size of the table',
      `select greatest(c.reltuples, 1)::float8 as rows from pg_class c where c.oid = $1::regclass`,
      [index.of],
    );
    const share = Math.min(100, (100 * KEYS * 50) / (table?.rows ?? 1));
    // Keys that meet themselves, by the sequential scan: NaN and the like do not.
    const keys = await inner.read<{ place: string; key: string }>(
      `keys of ${index.name}`,
      `select x.ctid::text as place, x.${column}::text as key from only ${index.of} x tablesample system (${share}) repeatable (0)
       where x.${column} is not null and x.${column} ${operator.name} x.${column} limit ${index.method === 'brin' ? BRIN_KEYS : KEYS}`,
    );
    const lookup = `select 1 from only ${index.of} x where x.${column} ${operator.name} $1::${operator.type} and x.ctid = $2::tid`;
    await inner.read(
      'by the index',
      `set local enable_seqscan = off; set local enable_tidscan = off; set local plan_cache_mode = force_custom_plan`,
    );
    const [first] = keys;
    if (!first) return said('unproven', `${noChecker}; the table has no keys to look up`);
    const [plan] = await inner.read<{ 'QUERY PLAN': unknown }>(
      `plan of ${index.name}`,
      `explain (format json) ${lookup}`,
      [first.key, first.place],
    );
    if (!JSON.stringify(plan).includes(`"Index Name":${JSON.stringify(index.bareName)}`)) {
      return said('unproven', `${noChecker}, and no query of ours goes through it`);
    }
    let missed = 0;
    for (const { key, place } of keys) {
      const found = await inner.read(`key of ${index.name}`, lookup, [key, place]);
      if (found.length === 0) missed += 1;
    }
    return missed === 0
      ? said('unproven', `${noChecker}; a sample of ${countInWords(keys.length)} rows is found through it`)
      : said('fail', `${countInWords(missed)} of ${countInWords(keys.length)} sampled rows are not found through it`);
  });
}

/** The operator of the index's own family that every key has to itself, and the type to hand a key over in. */
async function operatorOf(
  session: SuiteSession,
  index: Index,
): Promise<{ readonly name: string; readonly type: string } | undefined> {
  const rows = await session.read<{ name: string; operator: string; type: string }>(
    `operators of ${index.name}`,
    `select o.oprname as name, format('operator(%I.%s)', n.nspname, o.oprname) as operator,
       format_type(a.atttypid, a.atttypmod) as type
     from pg_index i join pg_opclass c on c.oid = i.indclass[0]
       join pg_amop m on m.amopfamily = c.opcfamily and m.amoppurpose = 's' and m.amoplefttype = c.opcintype
         and (m.amoprighttype = c.opcintype)
       join pg_operator o on o.oid = m.amopopr and o.oprresult = 'bool'::regtype
       join pg_namespace n on n.oid = o.oprnamespace
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indexrelid = $1::oid`,
    [index.oid],
  );
  const wanted = REFLEXIVE.map((name) => rows.find((row) => row.name === name)).find((row) => row !== undefined);
  return wanted && { name: wanted.operator, type: wanted.type };
}
