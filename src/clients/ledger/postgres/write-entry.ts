/** One entry, one transaction, any number of times: what an earlier or a fuller entry wrote is never taken back. */
import type { LedgerEntry, OperationKind } from '../../../core/model/ledger.ts';
import type { DeployPlan } from '../../../core/model/plan.ts';
import { CodedError } from '../../../errors/coded-error.ts';
import { writeBackup } from './backups.ts';
import type { Sql } from './sql.ts';
import { writeEnd } from './write-end.ts';
import { type OperationRow, upsertOperation } from './write-operation.ts';

type Of<K extends LedgerEntry['kind']> = Extract<LedgerEntry, { kind: K }>;

export async function writeEntry(sql: Sql, entry: LedgerEntry): Promise<void> {
  switch (entry.kind) {
    case 'start':
      return writeStart(sql, entry);
    case 'event':
      return writeEvent(sql, entry);
    case 'watch':
      return writeWatch(sql, entry);
    case 'end':
      return writeEnd(sql, entry);
    case 'backup':
      return writeBackup(sql, entry);
    case 'notification':
      return writeNotification(sql, entry);
    case 'incident':
      return writeIncident(sql, entry);
  }
  // From the disk, of a newer worker: to be looked at, not to be lost.
  throw new CodedError('BadResponse', `ledger: expected an entry of a known kind, found ${String(entry)}`);
}

async function writeStart(sql: Sql, { key, operation, plan, before, term, atMs }: Of<'start'>): Promise<void> {
  await upsertOperation(sql, { ...rowOfPlan(plan, operation, atMs), key, term, ...(before && { before }) });
}

/** What an entry with its plan tells of an operation, should it be the first one to arrive. */
function rowOfPlan(plan: DeployPlan, operation: OperationKind, atMs: number): Omit<OperationRow, 'key'> {
  const isRestore = operation === 'restoreService';
  return {
    operation,
    environment: plan.environment,
    service: plan.service,
    version: plan.version,
    // A restore works from the plan of another operation: who asked for that one did not ask for this.
    ...(!isRestore && { requestedBy: plan.requestedBy, askedBecause: plan.reason }),
    plan,
    catalogueDigest: plan.catalogue.digest,
    startedAtMs: atMs,
  };
}

/** A restore is known by the id that ownership gives it. */
function kindOf(workflowId: string): OperationKind {
  return workflowId.startsWith('restore/') ? 'restoreService' : 'deployService';
}

async function writeEvent(sql: Sql, entry: Of<'event'>): Promise<void> {
  const {
    key,
    environment = '',
    service = '',
    activityId,
    what,
    startedAtMs,
    endedAtMs,
    attempt,
    outcome,
    says,
  } = entry;
  // Not its plan: an operation that takes another one over undoes by the other's plan.
  const operation = kindOf(key.workflowId);
  const id = await upsertOperation(sql, { key, operation, environment, service, version: '', startedAtMs });
  await sql.query(
    `insert into mainstay.event as e (operation_id, activity_id, what, started_at, ended_at, attempt, outcome, says)
     values ($1, $2, $3, to_timestamp($4 / 1000.0), to_timestamp($5 / 1000.0), $6, $7, $8)
     on conflict (operation_id, activity_id) do update set started_at = excluded.started_at,
       ended_at = excluded.ended_at, attempt = excluded.attempt, outcome = excluded.outcome, says = excluded.says
     where excluded.attempt >= e.attempt`,
    [id, activityId, what, startedAtMs, endedAtMs, attempt, outcome, says],
  );
}

async function writeWatch(sql: Sql, entry: Of<'watch'>): Promise<void> {
  const { key, plan, activityId, record, weightPercent, tally, verdict, records } = entry;
  const { slots, samples, evidence, startedAtMs, endedAtMs, step, mode, ended } = tally;
  const id = await upsertOperation(sql, { ...rowOfPlan(plan, kindOf(key.workflowId), startedAtMs), key });
  const stored = await sql.query(
    `insert into mainstay.watch as w
       (operation_id, activity_id, record, mode, step, weight_percent, started_at, ended_at, ended, verdict, samples,
       evidence, records)
     values ($1, $2, $3, $4, $5, $6, to_timestamp($7 / 1000.0), to_timestamp($8 / 1000.0), $9, $10, $11, $12, $13)
     on conflict (operation_id, activity_id) do update set record = excluded.record, ended_at = excluded.ended_at,
       ended = excluded.ended, verdict = excluded.verdict, samples = excluded.samples, evidence = excluded.evidence,
       records = excluded.records
     where excluded.ended_at >= w.ended_at returning 1`,
    [
      id,
      activityId,
      record ?? null,
      mode ?? 'step',
      step,
      weightPercent,
      startedAtMs,
      endedAtMs,
      ended,
      json(verdict),
      json(samples),
      json(evidence),
      json(records),
    ],
  );
  // An earlier part of it that comes late: another worker went on from there.
  if (stored.length === 0) return;
  await sql.query('delete from mainstay.observation where operation_id = $1 and activity_id = $2 and sequence >= $3', [
    id,
    activityId,
    slots.length,
  ]);
  await sql.query(
    `insert into mainstay.observation
       (operation_id, activity_id, sequence, at, canary_requests, canary_errors, stable_requests, stable_errors)
     select $1, $2, s.n - 1, to_timestamp((s.slot->>'atMs')::double precision / 1000.0),
       (s.slot->>'nC')::double precision, (s.slot->>'eC')::double precision,
       (s.slot->>'nS')::double precision, (s.slot->>'eS')::double precision
     from jsonb_array_elements($3::jsonb) with ordinality as s(slot, n)
     on conflict (operation_id, activity_id, sequence) do update set at = excluded.at,
       canary_requests = excluded.canary_requests, canary_errors = excluded.canary_errors,
       stable_requests = excluded.stable_requests, stable_errors = excluded.stable_errors`,
    [id, activityId, JSON.stringify(slots)],
  );
}

async function writeNotification(sql: Sql, entry: Of<'notification'>): Promise<void> {
  const { dedupeKey, event, workflowId, environment, service, urgency, subject, body, atMs } = entry;
  await sql.query(
    `insert into mainstay.notification (dedupe_key, event, workflow_id, environment, service, urgency, subject, body, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9 / 1000.0)) on conflict (dedupe_key) do nothing`,
    [dedupeKey, event, workflowId, environment, service, urgency, subject, body, atMs],
  );
}

async function writeIncident(sql: Sql, entry: Of<'incident'>): Promise<void> {
  const { dedupeKey, workflowId, environment, service, severity, title, body, openedAtMs } = entry;
  await sql.query(
    `insert into mainstay.incident (dedupe_key, workflow_id, environment, service, severity, title, body, opened_at)
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0)) on conflict (dedupe_key) do nothing`,
    [dedupeKey, workflowId, environment, service, severity, title, body, openedAtMs],
  );
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
