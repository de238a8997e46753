/** Backups and verifications: written whole at their end, read one by one or as the history of a database. */
import type { BackupRecord, VerificationFacts } from '../../../core/model/backup-record.ts';
import type { CheckResult } from '../../../core/model/restore.ts';
import type { BackupWish } from '../port.ts';
import type { Sql } from './sql.ts';

/** A second writing of the same run replaces the first: it is the same, or it knows more. */
export async function writeBackup(sql: Sql, record: BackupRecord): Promise<void> {
  const { key, verification, source } = record;
  const [row] = await sql.query<{ readonly id: string }>(
    `insert into mainstay.backup as b (workflow_id, run_id, kind, environment, database, requested_by, asked_because,
       nominal_at, started_at, ended_at, outcome, reason_code, reason, phases, source, removed, catalogue_digest,
       verdict, restore_ms, rto_ms, data_age_ms, rpo_ms, database_bytes, row_count, server_version, reasons, not_proven,
       report)
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0), to_timestamp($9 / 1000.0),
       to_timestamp($10 / 1000.0), $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27,
       $28)
     on conflict (workflow_id, run_id) do update set ended_at = excluded.ended_at, outcome = excluded.outcome,
       reason_code = excluded.reason_code, reason = excluded.reason, phases = excluded.phases,
       source = excluded.source, removed = excluded.removed, verdict = excluded.verdict,
       restore_ms = excluded.restore_ms, data_age_ms = excluded.data_age_ms,
       database_bytes = excluded.database_bytes, row_count = excluded.row_count,
       server_version = excluded.server_version, reasons = excluded.reasons, not_proven = excluded.not_proven,
       report = excluded.report
     where excluded.ended_at >= b.ended_at returning id::text`,
    [
      key.workflowId,
      key.runId,
      record.operation,
      record.environment,
      record.database,
      record.requestedBy,
      record.askedBecause,
      record.nominalAtMs,
      record.startedAtMs,
      record.endedAtMs,
      record.outcome,
      record.reasonCode,
      record.reason,
      JSON.stringify(record.phases),
      source ? JSON.stringify(source) : null,
      JSON.stringify(record.removed),
      record.catalogueDigest ?? null,
      ...columnsOf(verification),
    ],
  );
  // An earlier account that comes late changes nothing.
  if (row === undefined) return;
  await sql.query('delete from mainstay.backup_check where backup_id = $1', [row.id]);
  await sql.query(
    `insert into mainstay.backup_check (backup_id, sequence, kind, object, state, says, ms)
     select $1, c.n - 1, c.one->>'kind', c.one->>'object', c.one->>'state', c.one->>'says', (c.one->>'ms')::double precision
     from jsonb_array_elements($2::jsonb) with ordinality as c(one, n)`,
    [row.id, JSON.stringify(verification?.checks ?? [])],
  );
}

function columnsOf(facts: VerificationFacts | undefined): readonly unknown[] {
  if (facts === undefined) return Array.from({ length: 11 }, () => null);
  return [
    facts.verdict,
    whole(facts.restoreMs),
    whole(facts.rtoMs),
    whole(facts.dataAgeMs),
    whole(facts.rpoMs),
    whole(facts.databaseBytes),
    whole(facts.rows),
    facts.serverVersion ?? null,
    JSON.stringify(facts.reasons),
    JSON.stringify(facts.notProven),
    facts.report ?? null,
  ];
}

function whole(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

const ms = (column: string): string => `round(extract(epoch from ${column}) * 1000)::double precision`;
const number = (column: string): string => `${column}::double precision`;

const COLUMNS = `id::text, workflow_id as "workflowId", run_id as "runId", kind as operation, environment, database,
  requested_by as "requestedBy", asked_because as "askedBecause", ${ms('nominal_at')} as "nominalAtMs",
  ${ms('started_at')} as "startedAtMs", ${ms('ended_at')} as "endedAtMs", outcome, reason_code as "reasonCode", reason,
  phases, source, removed, catalogue_digest as "catalogueDigest", verdict, ${number('restore_ms')} as "restoreMs",
  ${number('rto_ms')} as "rtoMs", ${number('data_age_ms')} as "dataAgeMs", ${number('rpo_ms')} as "rpoMs",
  ${number('database_bytes')} as "databaseBytes", ${number('row_count')} as rows, server_version as "serverVersion",
  reasons, not_proven as "notProven", report`;

/** The run that was named, or the latest of that id; with its checks. */
export async function readBackup(
  sql: Sql,
  { workflowId, runId }: { readonly workflowId: string; readonly runId?: string },
): Promise<BackupRecord | undefined> {
  const [row] = await sql.query<Row>(
    `select ${COLUMNS} from mainstay.backup where workflow_id = $1 and ($2::text is null or run_id = $2)
     order by mainstay.backup.started_at desc, id desc limit 1`,
    [workflowId, runId ?? null],
  );
  if (row === undefined) return undefined;
  const checks = await sql.query<CheckResult>(
    'select kind, object, state, says, ms from mainstay.backup_check where backup_id = $1 order by sequence',
    [row.id],
  );
  return recordOf(row, checks);
}

/** Newest first, without their checks: the history of a database, from which trends are drawn. */
export async function listBackups(sql: Sql, wish: BackupWish): Promise<readonly BackupRecord[]> {
  const { limit, environment, database, operation, beforeMs } = wish;
  const rows = await sql.query<Row>(
    `select ${COLUMNS} from mainstay.backup
     where ($2::text is null or environment = $2) and ($3::text is null or database = $3)
       and ($4::text is null or kind = $4) and ($5::double precision is null or nominal_at <= to_timestamp($5 / 1000.0))
     order by nominal_at desc, mainstay.backup.started_at desc, id desc limit $1`,
    [limit, environment ?? null, database ?? null, operation ?? null, beforeMs ?? null],
  );
  return rows.map((row) => recordOf(row, []));
}

type Nullable<T> = { readonly [Key in keyof T]: T[Key] | null };
type Measured = Nullable<Omit<Required<VerificationFacts>, 'checks'>>;
type Row = Omit<BackupRecord, 'key' | 'source' | 'verification' | 'catalogueDigest'> &
  Measured & {
    readonly id: string;
    readonly workflowId: string;
    readonly runId: string;
    readonly source: BackupRecord['source'] | null;
    readonly catalogueDigest: string | null;
  };

const MEASURED = [
  'verdict',
  'restoreMs',
  'rtoMs',
  'dataAgeMs',
  'rpoMs',
  'databaseBytes',
  'rows',
  'serverVersion',
  'reasons',
  'notProven',
  'report',
] as const satisfies readonly (keyof Measured)[];

function recordOf(row: Row, checks: readonly CheckResult[]): BackupRecord {
  const { id: _id, workflowId, runId, ...rest } = row;
  const entries = Object.entries(rest).filter(([, value]) => value !== null);
  const isMeasured = (name: string): boolean => MEASURED.some((each) => each === name);
  const own = Object.fromEntries(entries.filter(([name]) => !isMeasured(name)));
  const measured = Object.fromEntries(entries.filter(([name]) => isMeasured(name)));
  const record = { ...own, key: { workflowId, runId } } as unknown as BackupRecord;
  if (row.verdict === null) return record;
  return { ...record, verification: { ...measured, checks } as unknown as VerificationFacts };
}
