import type { BackupFacts, SnapshotFacts } from '../model/backup.ts';
import type { DatabaseName } from '../model/database.ts';
import { AWS_TAGS } from '../model/temporary.ts';
import { databasePath, MANAGED_BY, PURPOSES } from './names.ts';

/** A snapshot as the retention rules see it. Without a time (it is just being made) it counts as taken now. */
export function backupOf(snapshot: SnapshotFacts, name: DatabaseName, nowMs: number): BackupFacts {
  const { region, identifier, arn, status, type, tags, takenAtMs = nowMs, copiedFrom } = snapshot;
  const verifiedAtMs = Date.parse(tags[AWS_TAGS.verifiedAt] ?? '');
  const ours =
    type === 'manual' &&
    tags[AWS_TAGS.managedBy] === MANAGED_BY &&
    tags[AWS_TAGS.purpose] === PURPOSES.backup &&
    tags[AWS_TAGS.database] === databasePath(name);
  return {
    region,
    identifier,
    arn,
    status,
    ours,
    takenAtMs,
    ...(!Number.isNaN(verifiedAtMs) && { verifiedAtMs }),
    isCopy: copiedFrom !== undefined,
    type,
  };
}
