/** What the workflows of backups and restores call, by name: a wire format. Bodies stand in their folders. */
import type { createResolveDatabase } from './catalogue/resolve-database.ts';
import type {
  AwaitExportInput,
  AwaitExportResult,
  AwaitSnapshotInput,
  AwaitSnapshotResult,
  ChooseSnapshotInput,
  ChooseSnapshotResult,
  CopySnapshotInput,
  CreateSnapshotInput,
  DeleteBackupInput,
  DeleteBackupResult,
  ListBackupsInput,
  ListBackupsResult,
  MarkVerifiedInput,
  MarkVerifiedResult,
  StartExportInput,
  StartExportResult,
  StartSnapshotResult,
  ConfirmManifestInput,
  ConfirmManifestResult,
  TakeManifestInput,
  TakeManifestResult,
} from './database/types.ts';
import type { createRecordBackup } from './ledger/record-backup.ts';
import type { createAwaitOwnerEnd } from './ownership/await-owner-end.ts';
import type {
  AwaitInstanceInput,
  AwaitInstanceResult,
  DeleteTemporaryInput,
  DeleteTemporaryResult,
  FindTemporariesInput,
  FindTemporariesResult,
  PrepareCopyInput,
  PrepareCopyResult,
  ProveGoneInput,
  ProveGoneResult,
  RestoreInstanceInput,
  RestoreInstanceResult,
  RunRestoreSuiteInput,
  RunRestoreSuiteResult,
} from './temporary/types.ts';

/** Of the provider and the databases. */
export interface ProviderActivities {
  takeManifest(input: TakeManifestInput): Promise<TakeManifestResult>;
  confirmManifest(input: ConfirmManifestInput): Promise<ConfirmManifestResult>;
  createSnapshot(input: CreateSnapshotInput): Promise<StartSnapshotResult>;
  copySnapshot(input: CopySnapshotInput): Promise<StartSnapshotResult>;
  awaitSnapshot(input: AwaitSnapshotInput): Promise<AwaitSnapshotResult>;
  startExport(input: StartExportInput): Promise<StartExportResult>;
  awaitExport(input: AwaitExportInput): Promise<AwaitExportResult>;
  listBackups(input: ListBackupsInput): Promise<ListBackupsResult>;
  deleteBackup(input: DeleteBackupInput): Promise<DeleteBackupResult>;
  markVerified(input: MarkVerifiedInput): Promise<MarkVerifiedResult>;
  chooseSnapshot(input: ChooseSnapshotInput): Promise<ChooseSnapshotResult>;
  restoreInstance(input: RestoreInstanceInput): Promise<RestoreInstanceResult>;
  awaitInstance(input: AwaitInstanceInput): Promise<AwaitInstanceResult>;
  prepareCopy(input: PrepareCopyInput): Promise<PrepareCopyResult>;
  runRestoreSuite(input: RunRestoreSuiteInput): Promise<RunRestoreSuiteResult>;
  deleteTemporary(input: DeleteTemporaryInput): Promise<DeleteTemporaryResult>;
  proveGone(input: ProveGoneInput): Promise<ProveGoneResult>;
  findTemporaries(input: FindTemporariesInput): Promise<FindTemporariesResult>;
}

export type BackupActivities = ProviderActivities &
  ReturnType<typeof createResolveDatabase> &
  ReturnType<typeof createRecordBackup> &
  ReturnType<typeof createAwaitOwnerEnd>;
