/** Who is told what when an operation on backups has ended. Pure; the dedupe keys make each notice one. */
import type { BackupRecord } from '../model/backup-record.ts';
import type { Incident, Notification } from '../model/notice.ts';
import { dedupeKeyOf } from './notices.ts';

const FAILED = new Set(['failed', 'incomplete']);

/** Also told: a backup that could not be proven. Somebody should look, though nothing is known to be broken. */
export function noticeOfBackup(record: BackupRecord): Notification {
  const { key, environment, database, operation, outcome, reason, endedAtMs } = record;
  const isUrgent = FAILED.has(outcome) || left(record).length > 0 || outcome === 'couldNotVerify';
  return {
    dedupeKey: dedupeKeyOf(key, 'ended'),
    event: 'ended',
    workflowId: key.workflowId,
    environment,
    service: database,
    urgency: isUrgent ? 'high' : 'low',
    subject: `${operation} of ${database} in ${environment}: ${wordOf(record)}`,
    body: reason,
    atMs: endedAtMs,
  };
}

/** A backup that is not there, a copy that is not what was backed up, an instance that is left: each is an incident. */
export function incidentOfBackup(record: BackupRecord): Incident | undefined {
  const { key, environment, database, operation, outcome, reason, endedAtMs } = record;
  const lost = left(record);
  if (outcome !== 'failed' && lost.length === 0) return undefined;
  const isData = operation === 'verifyRestore' && record.reasonCode === 'ChecksFailed';
  return {
    dedupeKey: dedupeKeyOf(key, 'incident'),
    workflowId: key.workflowId,
    environment,
    service: database,
    severity: isData ? 'critical' : 'high',
    title: isData
      ? `the backup of ${database} in ${environment} restores to something else than was backed up`
      : `${operation} of ${database} in ${environment} failed`,
    body: lost.length === 0 ? reason : `${reason}; left: ${lost.join(', ')}`,
    openedAtMs: endedAtMs,
  };
}

function wordOf({ operation, outcome }: BackupRecord): string {
  const words: Readonly<Record<string, string>> = {
    passed: 'PASS',
    failed: operation === 'verifyRestore' ? 'FAIL' : 'FAILED',
    couldNotVerify: 'COULD-NOT-VERIFY',
    incomplete: 'INCOMPLETE',
  };
  return words[outcome] ?? outcome;
}

function left({ removed }: BackupRecord): readonly string[] {
  return removed.filter(({ gone }) => !gone).map(({ object }) => object);
}
