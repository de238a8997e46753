/** The end of an operation on backups, written to the ledger; and who is to be told of it. */
import type { AwsClients } from '../../clients/aws/port.ts';
import type { LedgerRecorder } from '../../clients/ledger/recorder.ts';
import type { IncidentDesk, Notifier } from '../../clients/notify/port.ts';
import { incidentOfBackup, noticeOfBackup } from '../../core/ledger/backup-notices.ts';
import type { BackupRecord } from '../../core/model/backup-record.ts';
import type { OperationKey } from '../../core/model/ledger.ts';
import type { SuiteReport } from '../../core/model/restore.ts';
import { keyOfContext } from './note-activities.ts';
import type { RecordReleaseResult } from './record-release.ts';

/** Workflow and run are those of the caller. */
export interface RecordBackupInput {
  readonly result: Omit<BackupRecord, 'key'>;
  /** Of another operation, which ended without a word of its own: told by who cleaned up after it. */
  readonly of?: OperationKey;
}

/** An operation that has ended does not wait longer for its record. */
const WITHIN_MS = 3_000;
const FETCH_WITHIN_MS = 5_000;

export function createRecordBackup(deps: {
  readonly ledger: LedgerRecorder;
  readonly notifier: Notifier;
  readonly incidents: IncidentDesk;
  readonly aws: AwsClients;
}) {
  return {
    /** Never throws for the ledger's sake; returns within seconds. Safe to repeat. */
    async recordBackupOperation({ result, of }: RecordBackupInput): Promise<RecordReleaseResult> {
      const record: BackupRecord = { ...(await withAllChecks(deps.aws, result)), key: of ?? keyOfContext() };
      deps.notifier.notify(noticeOfBackup(record));
      const incident = incidentOfBackup(record);
      if (incident) deps.incidents.open(incident);
      return { recorded: await deps.ledger.record([{ kind: 'backup', ...record }], WITHIN_MS) };
    },
  };
}

/** History carries the checks that are worth telling; the ledger keeps all, from the report that was stored. */
async function withAllChecks(
  aws: AwsClients,
  result: RecordBackupInput['result'],
): Promise<RecordBackupInput['result']> {
  const { verification, source } = result;
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(verification?.report ?? '') ?? [];
  if (!verification || !source?.region || bucket === undefined || key === undefined) return result;
  try {
    const signal = AbortSignal.timeout(FETCH_WITHIN_MS);
    const bytes = await aws.objects(source.region).get({ bucket, key }, signal);
    const { checks } = JSON.parse(bytes.toString('utf8')) as Partial<SuiteReport>;
    return Array.isArray(checks) ? { ...result, verification: { ...verification, checks } } : result;
  } catch {
    // The reference stands in the record: who reads it can fetch the rest.
    return result;
  }
}
