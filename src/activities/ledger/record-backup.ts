/** The end of an operation on backups, written to the ledger; and who is to be told of it. */
import type { LedgerRecorder } from '../../clients/ledger/recorder.ts';
import type { IncidentDesk, Notifier } from '../../clients/notify/port.ts';
import { incidentOfBackup, noticeOfBackup } from '../../core/ledger/backup-notices.ts';
import type { BackupRecord } from '../../core/model/backup-record.ts';
import { keyOfContext } from './note-activities.ts';
import type { RecordReleaseResult } from './record-release.ts';

/** Workflow and run are those of the caller. */
export interface RecordBackupInput {
  readonly result: Omit<BackupRecord, 'key'>;
}

/** An operation that has ended does not wait longer for its record. */
const WITHIN_MS = 3_000;

export function createRecordBackup(deps: {
  readonly ledger: LedgerRecorder;
  readonly notifier: Notifier;
  readonly incidents: IncidentDesk;
}) {
  return {
    /** Never throws for the ledger's sake; returns within about 3 s. Safe to repeat. */
    async recordBackupOperation({ result }: RecordBackupInput): Promise<RecordReleaseResult> {
      const record: BackupRecord = { ...result, key: keyOfContext() };
      deps.notifier.notify(noticeOfBackup(record));
      const incident = incidentOfBackup(record);
      if (incident) deps.incidents.open(incident);
      return { recorded: await deps.ledger.record([{ kind: 'backup', ...record }], WITHIN_MS) };
    },
  };
}
