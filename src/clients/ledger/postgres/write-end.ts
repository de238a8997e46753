/** The end of an operation with everything it knows; and, of a restore, the end of the operation it cleaned up after. */
import { type EndEntry, TERMINATED } from '../../../core/model/ledger.ts';
import type { Sql } from './sql.ts';
import { upsertOperation } from './write-operation.ts';

export async function writeEnd(sql: Sql, entry: EndEntry): Promise<void> {
  const { key, operation, result, plan, before, requestedBy, askedBecause, restores } = entry;
  const id = await upsertOperation(sql, {
    key,
    operation,
    environment: result.environment,
    service: result.service,
    version: result.version,
    requestedBy,
    askedBecause,
    ...(result.term !== undefined && { term: result.term }),
    ...(plan && { plan }),
    ...(result.catalogueDigest !== '' && { catalogueDigest: result.catalogueDigest }),
    ...(before && { before }),
    startedAtMs: result.startedAtMs,
  });
  await sql.query(
    `update mainstay.operation set ended_at = to_timestamp($2 / 1000.0), outcome = $3, reason_code = $4, reason = $5,
       image = $6, plan_digest = $7, restores = $8, started_at = to_timestamp($9 / 1000.0), migrations = $10
     where id = $1`,
    [
      id,
      result.endedAtMs,
      result.outcome,
      result.reasonCode,
      result.reason,
      result.image ?? null,
      result.planDigest === '' ? null : result.planDigest,
      restores?.workflowId ?? null,
      result.startedAtMs,
      result.migrations === undefined ? null : JSON.stringify(result.migrations),
    ],
  );
  await writeLists(sql, id, entry);
  if (restores) await writeEndOfOwner(sql, entry, restores);
}

/** Each list as the operation tells it now; a longer one of an earlier writing cannot be, but would be cut. */
async function writeLists(sql: Sql, id: string, { result, decisions }: EndEntry): Promise<void> {
  await writeList(sql, id, result.steps, {
    table: 'verdict',
    columns: 'step, weight_percent, started_at, ended_at, phase, reason, verdict, looks',
    values: `(r->>'step')::integer, (r->>'weightPercent')::double precision,
      to_timestamp((r->>'startedAtMs')::double precision / 1000.0),
      to_timestamp((r->>'endedAtMs')::double precision / 1000.0),
      r->'verdict'->>'phase', r->'verdict'->>'reason', r->'verdict', (r->>'slots')::integer`,
  });
  await writeList(sql, id, decisions, {
    table: 'decision',
    columns: 'what, decided_by, reason, at',
    values: `r->>'what', r->>'by', r->>'reason', to_timestamp((r->>'atMs')::double precision / 1000.0)`,
  });
  await writeList(sql, id, result.restored, {
    table: 'restored_object',
    columns: 'object, field, wanted, observed, restored, changed, note',
    values: `r->>'object', r->>'field', r->>'wanted', r->>'observed', (r->>'restored')::boolean,
      (r->>'changed')::boolean, r->>'note'`,
  });
  await writeList(sql, id, result.foreign, {
    table: 'foreign_change',
    columns: 'object, field, expected, observed',
    values: `r->>'object', r->>'field', r->>'expected', r->>'observed'`,
  });
  await writeList(sql, id, result.preflight, {
    table: 'preflight_finding',
    columns: 'name, mode, result, reason',
    values: `r->>'name', r->>'mode', r->>'result', r->>'reason'`,
  });
}

interface ListTable {
  readonly table: string;
  readonly columns: string;
  /** SQL over `r`, one element of the list as jsonb. */
  readonly values: string;
}

async function writeList(sql: Sql, id: string, list: readonly unknown[], into: ListTable): Promise<void> {
  await sql.query(`delete from mainstay.${into.table} where operation_id = $1`, [id]);
  if (list.length === 0) return;
  await sql.query(
    `insert into mainstay.${into.table} (operation_id, sequence, ${into.columns})
     select $1, n - 1, ${into.values} from jsonb_array_elements($2::jsonb) with ordinality as each(r, n)`,
    [id, JSON.stringify(list)],
  );
}

/** It could not say how it ended. An end of its own that came through, before or later, outweighs this one. */
async function writeEndOfOwner(
  sql: Sql,
  { key, plan, before, result }: EndEntry,
  owner: NonNullable<EndEntry['restores']>,
): Promise<void> {
  const runId = await runOfOwner(sql, owner);
  if (plan === undefined || runId === undefined) return;
  const id = await upsertOperation(sql, {
    key: { workflowId: owner.workflowId, runId },
    operation: owner.workflowId.startsWith('restore/') ? 'restoreService' : 'deployService',
    environment: result.environment,
    service: result.service,
    version: result.version,
    requestedBy: owner.requestedBy,
    askedBecause: plan.reason,
    term: owner.term,
    plan,
    catalogueDigest: plan.catalogue.digest,
    ...(before && { before }),
    startedAtMs: owner.sinceMs,
  });
  await sql.query(
    `update mainstay.operation set ended_at = to_timestamp($2 / 1000.0), outcome = $3, reason_code = $4, reason = $5
     where id = $1 and (ended_at is null or outcome = $3)`,
    [id, result.startedAtMs, TERMINATED, result.reasonCode, 'it ended without a word of its own: terminated or failed'],
  );
  await sql.query('update mainstay.operation set restored_by = $2 where id = $1', [id, key.workflowId]);
}

/** Ownership may know the id only: then it is its latest run. Empty when nothing was ever heard of it. */
async function runOfOwner(sql: Sql, { workflowId, runId }: NonNullable<EndEntry['restores']>) {
  if (runId !== undefined && runId !== '') return runId;
  const [latest] = await sql.query<{ run_id: string }>(
    'select run_id from mainstay.operation where workflow_id = $1 order by started_at desc limit 1',
    [workflowId],
  );
  return latest?.run_id ?? '';
}
