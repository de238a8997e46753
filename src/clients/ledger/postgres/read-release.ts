/** An operation as the ledger has it. Times come as milliseconds since 1970, numbers as numbers. */
import type { OperationKey, OperationKind } from '../../../core/model/ledger.ts';
import type { ArmCount, LedgerRelease, LedgerSummary, LedgerWatch } from '../../../core/model/ledger-release.ts';
import type { ListWish } from '../port.ts';
import type { Sql } from './sql.ts';

const SUMMARY = `workflow_id as "workflowId", run_id as "runId", kind as operation, environment, service, version,
  requested_by as "requestedBy", ${ms('started_at')} as "startedAtMs", ${ms('ended_at')} as "endedAtMs", outcome,
  reason_code as "reasonCode", reason, restores, restored_by as "restoredBy"`;

/** SQL: a timestamp as milliseconds since 1970. */
function ms(column: string): string {
  return `round(extract(epoch from ${column}) * 1000)::double precision`;
}

type Row = Readonly<Record<string, unknown>>;
type SummaryRow = Row & { readonly workflowId: string; readonly runId: string; readonly operation: OperationKind };

export async function list(sql: Sql, { limit, environment, service }: ListWish): Promise<readonly LedgerSummary[]> {
  const rows = await sql.query<SummaryRow>(
    `select ${SUMMARY} from mainstay.operation
     where ($2::text is null or environment = $2) and ($3::text is null or service = $3)
     order by mainstay.operation.started_at desc, id desc limit $1`,
    [limit, environment ?? null, service ?? null],
  );
  return rows.map(summaryOf);
}

export async function readRelease(
  sql: Sql,
  { workflowId, runId }: Pick<OperationKey, 'workflowId'> & Partial<OperationKey>,
): Promise<LedgerRelease | undefined> {
  const [row] = await sql.query<SummaryRow & { readonly id: string }>(
    `select id::text, ${SUMMARY}, asked_because as "askedBecause", image, term::double precision, plan,
       plan_digest as "planDigest", catalogue_digest as "catalogueDigest", before, migrations
     from mainstay.operation where workflow_id = $1 and ($2::text is null or run_id = $2)
     order by mainstay.operation.started_at desc, id desc limit 1`,
    [workflowId, runId ?? null],
  );
  if (row === undefined) return undefined;
  const { id, askedBecause, image, term, plan, planDigest, catalogueDigest, before, migrations, ...summary } = row;
  const own = { askedBecause, image, term, plan, planDigest, catalogueDigest, before, migrations };
  const release: Row = {
    ...summaryOf(summary),
    ...present(own),
    ...(await partsOf(sql, id, workflowId)),
  };
  return release as unknown as LedgerRelease;
}

function summaryOf({ workflowId, runId, ...rest }: SummaryRow): LedgerSummary {
  return { key: { workflowId, runId }, ...present(rest) } as LedgerSummary;
}

/** Absent instead of null. */
function present(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined));
}

async function partsOf(sql: Sql, id: string, workflowId: string) {
  const part = async (table: string, columns: string, order = 'sequence'): Promise<readonly Row[]> => {
    const rows = await sql.query<Row>(
      `select ${columns} from mainstay.${table} where operation_id = $1 order by ${order}`,
      [id],
    );
    return rows.map(present);
  };
  const span = `${ms('started_at')} as "startedAtMs", ${ms('ended_at')} as "endedAtMs"`;
  return {
    events: await part(
      'event',
      `activity_id as "activityId", what, ${span}, attempt, outcome, says`,
      'started_at, length(activity_id), activity_id',
    ),
    watches: await watchesOf(sql, id, span),
    verdicts: await part('verdict', `step, weight_percent as "weightPercent", ${span}, verdict, looks as slots`),
    decisions: await part('decision', `what, decided_by as by, reason, ${ms('at')} as "atMs"`),
    restored: await part('restored_object', 'object, field, wanted, observed, restored, changed, note'),
    foreign: await part('foreign_change', 'object, field, expected, observed'),
    preflight: await part('preflight_finding', 'name, mode, result, reason'),
    notifications: await ofWorkflow(
      sql,
      workflowId,
      'notification',
      `event, urgency, subject, body, ${ms('at')} as "atMs"`,
    ),
    incidents: await ofWorkflow(
      sql,
      workflowId,
      'incident',
      `severity, title, body, ${ms('opened_at')} as "openedAtMs"`,
    ),
  };
}

async function ofWorkflow(sql: Sql, workflowId: string, table: string, columns: string): Promise<readonly Row[]> {
  return sql.query<Row>(
    `select dedupe_key as "dedupeKey", workflow_id as "workflowId", environment, service, ${columns}
     from mainstay.${table} where workflow_id = $1 order by dedupe_key`,
    [workflowId],
  );
}

interface WatchRow extends Omit<LedgerWatch, 'canary' | 'stable'> {
  readonly nC: number | null;
  readonly eC: number | null;
  readonly nS: number | null;
  readonly eS: number | null;
}

async function watchesOf(sql: Sql, id: string, span: string): Promise<readonly LedgerWatch[]> {
  const rows = await sql.query<WatchRow>(
    `select activity_id as "activityId", record, mode, step, weight_percent as "weightPercent", ${span}, ended, verdict,
       counted.* from mainstay.watch as w, lateral (
         select count(*)::integer as looks, sum(canary_requests) as "nC", sum(canary_errors) as "eC",
           sum(stable_requests) as "nS", sum(stable_errors) as "eS"
         from mainstay.observation as o where o.operation_id = w.operation_id and o.activity_id = w.activity_id
       ) as counted
     where w.operation_id = $1 order by started_at`,
    [id],
  );
  return rows.map(({ nC, eC, nS, eS, ...row }) => ({
    ...(present(row as unknown as Row) as unknown as Omit<LedgerWatch, 'canary' | 'stable'>),
    ...armOf('canary', nC, eC),
    ...armOf('stable', nS, eS),
  }));
}

function armOf(arm: 'canary' | 'stable', requests: number | null, errors: number | null) {
  if (requests === null) return {};
  const count: ArmCount = { requests, errors: errors ?? 0 };
  return { [arm]: count };
}
