/** The row that is written just before a backup, to be found again in the copy. */
import { randomUUID } from 'node:crypto';
import { CANARY_SCHEMA, CANARY_TABLE } from './names.ts';
import { type Suite, problemOf } from './open-suite.ts';

const KEEP_DAYS = 100;

/** The row, or why it could not be written (no right to, a standby): the manifest then goes without. */
export async function writeCanary(
  suite: Suite,
): Promise<{ readonly canary: { readonly token: string; readonly atMs: number } } | { readonly whyNot: string }> {
  const token = randomUUID();
  try {
    return await suite.session('write the canary row', async (session) => {
      const [there] = await session.read<{ there: boolean }>(
        'look for the canary table',
        `select to_regclass('${CANARY_TABLE}') is not null as there`,
      );
      if (there?.there !== true) {
        await session.read(
          'make the canary table',
          `create schema if not exists ${CANARY_SCHEMA};
           create table if not exists ${CANARY_TABLE} (token text primary key, at timestamptz not null)`,
        );
      }
      const [row] = await session.read<{ ms: string }>(
        'write the canary row',
        `insert into ${CANARY_TABLE} values ($1, date_trunc('milliseconds', clock_timestamp()))
         returning (extract(epoch from at) * 1000)::bigint::text as ms`,
        [token],
      );
      await session.read(
        'delete old canary rows',
        `delete from ${CANARY_TABLE} where at < now() - interval '${KEEP_DAYS} days'`,
      );
      return { canary: { token, atMs: Number(row?.ms) } };
    });
  } catch (error) {
    const problem = problemOf(error);
    if (problem?.sqlState === undefined || !/^(?:42|25006|3F)/.test(problem.sqlState)) throw error;
    return { whyNot: `no canary row: ${problem.message}` };
  }
}
