/** The backup activities of databases. Names are a wire format. */
import { createAwaitSnapshot } from './await-snapshot.ts';
import { createChooseSnapshot } from './choose-snapshot.ts';
import { createConfirmManifest } from './confirm-manifest.ts';
import { createCreateSnapshot } from './create-snapshot.ts';
import { createDeleteBackup } from './delete-backup.ts';
import type { DatabaseActivityDeps } from './deps.ts';
import { createListBackups } from './list-backups.ts';
import { createMarkVerified } from './mark-verified.ts';
import { createStartExport } from './start-export.ts';
import { createTakeManifest } from './take-manifest.ts';

export type { DatabaseActivityDeps } from './deps.ts';

export function createDatabaseActivities(deps: DatabaseActivityDeps) {
  return {
    ...createTakeManifest(deps),
    ...createConfirmManifest(deps),
    ...createCreateSnapshot(deps),
    ...createAwaitSnapshot(deps),
    ...createStartExport(deps),
    ...createListBackups(deps),
    ...createDeleteBackup(deps),
    ...createMarkVerified(deps),
    ...createChooseSnapshot(deps),
  };
}
