/** Which of amcheck's functions are there and may be called: looked up, because an old extension may stand in a new server. */
import { quoteName } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';

export interface Amcheck {
  readonly version: string;
  /** `"mainstay_verify".bt_index_check`; undefined where this version has none, or the role may not call it. */
  readonly btree?: { readonly call: string; readonly checksUnique: boolean };
  /** Looks at the links between the levels of the tree as well; keeps writers away meanwhile. */
  readonly btreeParent?: { readonly call: string; readonly checksUnique: boolean };
  readonly gin?: { readonly call: string };
  readonly heap?: { readonly call: string };
}

interface FunctionRow extends Record<string, unknown> {
  readonly schema: string;
  readonly version: string;
  readonly name: string;
  readonly args: number;
  readonly allowed: boolean;
}

/** Undefined: the extension is not installed. */
export async function findAmcheck(session: SuiteSession): Promise<Amcheck | undefined> {
  const rows = await session.read<FunctionRow>(
    'look for amcheck',
    `select n.nspname as schema, e.extversion as version, p.proname as name, p.pronargs::int as args,
       has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute') as allowed
     from pg_extension e join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
       and d.classid = 'pg_proc'::regclass and d.deptype = 'e'
     join pg_proc p on p.oid = d.objid join pg_namespace n on n.oid = p.pronamespace
     where e.extname = 'amcheck' order by p.pronargs desc`,
  );
  const [first] = rows;
  if (!first) return undefined;
  const find = (name: string) => rows.find((row) => row.name === name && row.allowed);
  const call = ({ schema, name }: FunctionRow) => `${quoteName(schema)}.${name}`;
  const btree = find('bt_index_check');
  const parent = find('bt_index_parent_check');
  const gin = find('gin_index_check');
  const heap = find('verify_heapam');
  return {
    version: first.version,
    ...(btree ? { btree: { call: call(btree), checksUnique: btree.args >= 3 } } : {}),
    ...(parent ? { btreeParent: { call: call(parent), checksUnique: parent.args >= 4 } } : {}),
    ...(gin ? { gin: { call: call(gin) } } : {}),
    ...(heap ? { heap: { call: call(heap) } } : {}),
  };
}
