/** The shape of `mainstay report --format json` for a backup or a verification, for whoever reads it with a program. */
import { z } from 'zod';
import { BACKUP_OPERATIONS, type BackupRecord } from '../core/model/backup-record.ts';
import { CHECK_KINDS, CHECK_STATES, SUITE_VERDICTS } from '../core/model/restore.ts';

const moment = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const span = z.number().describe('Milliseconds.');
const textOf = (says: string) => z.string().describe(says);

const check = z.strictObject({
  kind: z.enum(CHECK_KINDS),
  object: textOf('What was looked at.'),
  state: z.enum(CHECK_STATES),
  says: textOf('What was expected and what was seen.'),
  ms: span,
});

const verification = z.strictObject({
  verdict: z.enum(SUITE_VERDICTS),
  restoreMs: span.optional().describe('From the choice of the snapshot to the first good query.'),
  rtoMs: span,
  dataAgeMs: span.optional().describe('Age of the newest data in the copy at the nominal time.'),
  rpoMs: span,
  databaseBytes: z.number().optional(),
  rows: z.number().optional(),
  serverVersion: z.number().optional().describe('server_version_num of the copy.'),
  checks: z.array(check).describe('Empty in a history.'),
  notProven: z.array(z.string()).describe('What nobody looked at, by name.'),
  reasons: z.array(z.string()).describe('The worst first.'),
  report: textOf('Where the whole report of the suite lies.').optional(),
});

const source = z.strictObject({
  name: textOf('Snapshot, or s3://bucket/key.'),
  region: z.string().optional(),
  takenAtMs: moment.optional(),
  bytes: z.number().optional(),
  manifest: z.string().optional(),
  copies: z.array(z.string()).optional(),
});

export const backupRecordSchema = z.strictObject({
  key: z.strictObject({ workflowId: z.string(), runId: z.string() }),
  operation: z.enum(BACKUP_OPERATIONS),
  environment: z.string(),
  database: z.string(),
  requestedBy: textOf('Who asked, or the schedule: claimed, not proven.'),
  askedBecause: z.string(),
  nominalAtMs: moment,
  startedAtMs: moment,
  endedAtMs: moment,
  outcome: textOf('passed, failed, couldNotVerify, completed, aborted.'),
  reasonCode: z.string(),
  reason: z.string(),
  phases: z.array(z.strictObject({ name: z.string(), startedAtMs: moment, endedAtMs: moment })),
  source: source.optional(),
  verification: verification.optional(),
  removed: z.array(z.strictObject({ object: z.string(), gone: z.boolean(), says: z.string() })),
  catalogueDigest: z.string().optional(),
}) satisfies z.ZodType<BackupRecord>;

export const backupReportSchema = z.strictObject({
  record: backupRecordSchema,
  history: z.array(backupRecordSchema).describe('Runs of the same kind and database up to this one, newest first.'),
});

/** JSON Schema (draft 2020-12) of it. */
export function backupReportJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(backupReportSchema, { target: 'draft-2020-12', reused: 'ref' });
  const $id = 'https://mainstay.dev/schemas/backup-report-v1.json';
  return { $schema, $id, title: 'Report of a Mainstay backup or restore verification', ...schema };
}
