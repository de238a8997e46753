/** Tables whose columns have statistics for the planner, as far as this role may see them. */
import { isUserSchema } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';

/** `schema.table`, quoted where it must be. */
export async function listAnalysed(session: SuiteSession): Promise<readonly string[]> {
  const rows = await session.read<{ name: string }>(
    'list statistics',
    `select distinct format('%I.%I', schemaname, tablename) as name from pg_stats
     where ${isUserSchema('schemaname')} and not inherited order by 1`,
  );
  return rows.map(({ name }) => name);
}
