/** The row of an operation, made by whichever of its entries comes first and filled by the others. */
import type { OperationKey, OperationKind } from '../../../core/model/ledger.ts';
import type { BeforeRecord } from '../../../core/model/operation.ts';
import type { DeployPlan } from '../../../core/model/plan.ts';
import type { Sql } from './sql.ts';

export interface OperationRow {
  readonly key: OperationKey;
  readonly operation: OperationKind;
  readonly environment: string;
  readonly service: string;
  readonly version: string;
  readonly requestedBy?: string;
  readonly askedBecause?: string;
  readonly term?: number;
  readonly plan?: DeployPlan;
  readonly catalogueDigest?: string;
  readonly before?: BeforeRecord;
  readonly startedAtMs: number;
}

/** Answers the row's id. The row is locked until the transaction ends, so that two writers of one operation take turns. */
export async function upsertOperation(sql: Sql, row: OperationRow): Promise<string> {
  const { key, operation, environment, service, version, requestedBy = '', askedBecause = '' } = row;
  const rows = await sql.query<{ id: string }>(
    `insert into mainstay.operation as o (workflow_id, run_id, kind, environment, service, version, requested_by,
       asked_because, term, plan, catalogue_digest, before, started_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, to_timestamp($13 / 1000.0))
     on conflict (workflow_id, run_id) do update set
       environment = case when o.environment = '' then excluded.environment else o.environment end,
       service = case when o.service = '' then excluded.service else o.service end,
       version = case when o.version = '' then excluded.version else o.version end,
       requested_by = case when o.requested_by = '' then excluded.requested_by else o.requested_by end,
       asked_because = case when o.asked_because = '' then excluded.asked_because else o.asked_because end,
       term = coalesce(o.term, excluded.term),
       plan = coalesce(o.plan, excluded.plan),
       catalogue_digest = coalesce(o.catalogue_digest, excluded.catalogue_digest),
       before = coalesce(o.before, excluded.before),
       started_at = least(o.started_at, excluded.started_at)
     returning id::text`,
    [
      key.workflowId,
      key.runId,
      operation,
      environment,
      service,
      version,
      requestedBy,
      askedBecause,
      row.term ?? null,
      row.plan === undefined ? null : JSON.stringify(row.plan),
      row.catalogueDigest ?? null,
      row.before === undefined ? null : JSON.stringify(row.before),
      row.startedAtMs,
    ],
  );
  const [first] = rows;
  if (first === undefined) throw new Error('ledger: an upsert that returned no row');
  return first.id;
}
