/** What the team itself asks of a copy: canary, freshness, critical tables, rules, probes. */
import type { IntegrityRule } from '../../core/model/database.ts';
import type { Manifest } from '../../core/model/restore.ts';
import { assessFreshness } from '../../core/restore/assess-freshness.ts';
import { assessRule } from '../../core/restore/expectation.ts';
import { finding } from '../../core/restore/finding.ts';
import { type ServerFacts, ifAllowed } from '../catalog/facts.ts';
import { CANARY_TABLE, quoteName } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';
import { type Task, outcome } from './task.ts';

export function canaryTask(canary: NonNullable<Manifest['canary']>, facts: ServerFacts): Task {
  const object = `row of ${new Date(canary.atMs).toISOString()}`;
  return {
    kind: 'canary',
    object,
    cost: 1,
    async run(session) {
      // Without the table the copy is of a time before the first canary row.
      const [row] = facts.hasCanaryTable
        ? await session.read<{ found: boolean }>(
            'look for the canary row',
            `select exists (select 1 from ${CANARY_TABLE} where token = $1) as found`,
            [canary.token],
          )
        : [];
      const said = row?.found
        ? finding('pass', 'the row that was written before the backup is there')
        : finding('fail', 'the row that was written before the backup is not there: the copy is older, or lost it');
      return [outcome('canary', object, said)];
    },
  };
}

/** @param tell gets the newest moment, for the report */
export function freshnessTask(
  facts: ServerFacts,
  options: { readonly freshnessSql?: string; readonly nowMs: number; readonly rpoMs?: number },
  tell: (newestAtMs: number) => void,
): Task {
  const object = facts.database;
  return {
    kind: 'freshness',
    object,
    cost: 1,
    async run(session) {
      const newestAtMs = await readNewest(session, facts, options.freshnessSql);
      if (newestAtMs !== undefined) tell(newestAtMs);
      return [
        outcome('freshness', object, assessFreshness({ newestAtMs, nowMs: options.nowMs, rpoMs: options.rpoMs })),
      ];
    },
  };
}

async function readNewest(
  session: SuiteSession,
  facts: ServerFacts,
  freshnessSql: string | undefined,
): Promise<number | undefined> {
  const millis = (query: string) => `select (extract(epoch from (${query})::timestamptz) * 1000)::bigint::text as ms`;
  if (freshnessSql !== undefined) {
    const rows = await asTheTeam(session, 'ask how fresh the data are', millis(subquery(freshnessSql)));
    return numberOf(rows[0]?.ms);
  }
  if (!facts.hasCanaryTable) return undefined;
  const rows = await ifAllowed(
    session.read('ask for the newest canary row', millis(`select max(at) from ${CANARY_TABLE}`)),
  );
  return numberOf(rows[0]?.ms);
}

function numberOf(text: unknown): number | undefined {
  return typeof text === 'string' ? Number(text) : undefined;
}

export function criticalTasks(names: readonly string[]): readonly Task[] {
  return names.map((name) => ({
    kind: 'rule',
    object: `critical table ${name}`,
    cost: 1,
    async run(session) {
      const object = `critical table ${name}`;
      const found = await session.transaction(object, async (inner) => {
        await inner.read(object, plainSettings(session.searchPath));
        const [row] = await findTable(inner, name);
        if (!row) return undefined;
        const [rows] = await inner.read<{ some: boolean }>(object, `select exists (select 1 from ${row.name}) as some`);
        return rows?.some;
      });
      if (found === undefined) return [outcome('rule', object, finding('fail', 'there is no such table'))];
      return [outcome('rule', object, found ? finding('pass', 'it has rows') : finding('fail', 'it is empty'))];
    },
  }));
}

/** By its plain name, `schema.table`, or as SQL would read it. */
async function findTable(session: SuiteSession, name: string): Promise<readonly { readonly name: string }[]> {
  const found = (condition: string) =>
    session.read<{ name: string }>(
      `look for ${name}`,
      `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'm', 'v', 'f') and ${condition} limit 1`,
      [name],
    );
  const plain = await found(`n.nspname || '.' || c.relname = $1`);
  return plain.length > 0 ? plain : found('c.oid = to_regclass($1)');
}

export function ruleTasks(rules: readonly IntegrityRule[]): readonly Task[] {
  return rules.map((rule) => ({
    kind: 'rule',
    object: rule.name,
    cost: 2,
    async run(session) {
      const rows = await asTheTeam(session, `rule ${rule.name}`, `select q.* from ${subquery(rule.sql)} q limit 2`);
      if (rows.length > 1)
        return [outcome('rule', rule.name, finding('couldNotVerify', 'the query answers many rows'))];
      const [value] = Object.values(rows[0] ?? {});
      return [
        outcome(
          'rule',
          rule.name,
          assessRule(rule, value === null || value === undefined ? null : String(value as string | number)),
        ),
      ];
    },
  }));
}

export interface Probe {
  readonly name: string;
  readonly sql: string;
  readonly withinMs: number;
}

/** Before anything else reads: the first answer is the cold one. */
export function probeTasks(probes: readonly Probe[], nowMs: () => number): readonly Task[] {
  return probes.map(({ name, sql, withinMs }) => ({
    kind: 'probe',
    object: name,
    cost: 1,
    async run(session) {
      const text = `select count(*)::text as rows from ${subquery(sql, true)} q`;
      const timed = async () => {
        const from = nowMs();
        await asTheTeam(session, `probe ${name}`, text);
        return nowMs() - from;
      };
      const cold = await timed();
      const warm = await timed();
      const said = `${cold.toFixed(1)} ms cold, ${warm.toFixed(1)} ms warm, expected ${withinMs} ms when warm`;
      return [outcome('probe', name, finding(warm <= withinMs ? 'pass' : 'warn', said))];
    },
  }));
}

/** Written by the team: as a part of a query it can be one SELECT only, and can set nothing. */
function subquery(sql: string, isWhole = false): string {
  const text = sql.trim().replace(/;\s*$/, '');
  // The fence keeps columns that nobody asks for from being left out of a probe.
  return isWhole ? `(select * from (${text}\n) p offset 0)` : `(${text}\n)`;
}

/** In the role's own search path, with the planner's usual means. */
async function asTheTeam(
  session: SuiteSession,
  doing: string,
  text: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return session.transaction(doing, async (inner) => {
    await inner.read(doing, plainSettings(session.searchPath));
    return inner.read(doing, text);
  });
}

function plainSettings(searchPath: string): string {
  const path = searchPath
    .split(',')
    .map((name) => name.trim())
    .map((name) => (name.startsWith('"') ? name : quoteName(name)))
    .join(', ');
  return `set local search_path = ${path}; set local enable_indexonlyscan = on`;
}
