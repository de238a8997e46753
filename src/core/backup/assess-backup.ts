/** How a backup ends, from what of it there is. Retention runs only when everything that can be restored is there. */
import type { BackupEnding, BackupReasonCode } from '../model/backup-operation.ts';

/** A part of the backup that is missing, in the order in which it was made. */
export interface MissingPart {
  readonly part: 'manifest' | 'snapshot' | 'copy' | 'export' | 'retention';
  readonly reason: string;
}

const CODES: Readonly<Record<MissingPart['part'], BackupReasonCode>> = {
  manifest: 'ManifestFailed',
  snapshot: 'SnapshotFailed',
  copy: 'CopyFailed',
  export: 'ExportFailed',
  retention: 'RetentionFailed',
};

/** Without a snapshot there is no backup; with one, but not with everything, it is incomplete and says of what. */
export function endingOfBackup(missing: readonly MissingPart[], done: string): BackupEnding {
  const snapshot = missing.find(({ part }) => part === 'snapshot');
  if (snapshot) return { outcome: 'failed', reasonCode: 'SnapshotFailed', reason: `no backup: ${snapshot.reason}` };
  const first = missing[0];
  if (!first) return { outcome: 'completed', reasonCode: 'Completed', reason: done };
  const why = missing.map(({ part, reason }) => `${part}: ${reason}`).join('; ');
  return { outcome: 'incomplete', reasonCode: CODES[first.part], reason: `${done}; missing: ${why}` };
}

/** Old backups go only when the new one can take their place: the archive cannot be restored, so it does not count. */
export function mayPrune(missing: readonly MissingPart[]): boolean {
  return missing.every(({ part }) => part === 'export');
}
