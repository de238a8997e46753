/**
 * Inputs and results of the backup activities. They stand in workflow histories: a field may be added, none may change
 * its meaning. What is expected to happen now and then is an outcome; transient trouble is thrown and retried.
 *
 * `untilMs` is a moment (milliseconds since 1970), made by the workflow: a retry does not wait any longer for it.
 */
import type {
  BackupFacts,
  ExportFacts,
  ObjectReference,
  OperationMark,
  SnapshotFacts,
  SnapshotRef,
} from '../../core/model/backup.ts';
import type { DatabasePlan, SnapshotChoice } from '../../core/model/database.ts';

/** Why something of the provider's could not be started. */
export type CouldNotStart =
  /** The name is taken by something that is not ours: never touched. */
  | 'foreign'
  /** What it is to be made from does not exist (any more). */
  | 'sourceGone'
  /** A quota of the account is full. */
  | 'quota'
  /** The provider has no capacity of that kind now. */
  | 'capacity'
  /** The source, a key, a group or a role does not allow it. */
  | 'precondition';

export interface NotStarted {
  readonly outcome: 'couldNotStart';
  readonly reasonCode: CouldNotStart;
  readonly reason: string;
}

/** Ended badly at the provider, or not ended in time. */
export type WaitFailure =
  | { readonly outcome: 'failed'; readonly status: string; readonly reason: string }
  | { readonly outcome: 'deadline'; readonly status: string; readonly reason: string };

export interface TakeManifestInput {
  readonly plan: DatabasePlan;
  /** Nominal moment of the backup: part of the manifest's name. */
  readonly nominalAtMs: number;
  /** Kept from deletion until then, where the bucket has object lock. */
  readonly lockUntilMs?: number;
}
export interface TakeManifestResult {
  readonly manifest: ObjectReference;
  readonly takenAtMs: number;
  readonly tables: number;
  readonly rows: number;
  readonly serverVersion: number;
  readonly schemaHash: string;
  readonly tookMs: number;
  /** It cannot be deleted before `lockUntilMs`: the bucket has object lock. */
  readonly locked: boolean;
  /** What no digest covers, the first few. */
  readonly notCovered: readonly string[];
}

/** After the snapshot is there, and before it is copied: a copy takes the tags along. */
export interface ConfirmManifestInput {
  readonly plan: DatabasePlan;
  readonly manifest: ObjectReference;
  readonly snapshot: SnapshotRef;
  readonly mark: OperationMark;
  /** As of takeManifest. */
  readonly nominalAtMs: number;
}
export interface ConfirmManifestResult {
  /** The one that the snapshot names from now on. */
  readonly manifest: ObjectReference;
  /** Tables that nobody wrote to while the snapshot was taken: the copy must have their rows. */
  readonly closed: number;
  readonly open: number;
  readonly whyNot?: string;
}

export interface CreateSnapshotInput {
  readonly plan: DatabasePlan;
  /** See snapshotName() of core/backup/names.ts. */
  readonly identifier: string;
  readonly mark: OperationMark;
  readonly manifest?: ObjectReference;
}
export type StartSnapshotResult =
  | {
      readonly outcome: 'started';
      readonly snapshot: SnapshotRef;
      /** It existed, made by an earlier attempt of ours. */
      readonly adopted: boolean;
    }
  | NotStarted;

/** Into `plan.backup.copyTo.region`, under the same identifier. */
export interface CopySnapshotInput {
  readonly plan: DatabasePlan;
  readonly from: SnapshotRef;
  readonly mark: OperationMark;
  readonly manifest?: ObjectReference;
}

export interface AwaitSnapshotInput {
  readonly snapshot: SnapshotRef;
  readonly untilMs: number;
  readonly pollMs: number;
}
export type AwaitSnapshotResult =
  | {
      readonly outcome: 'available';
      readonly snapshot: SnapshotFacts;
      readonly warnings: readonly string[];
      /** Of this wait, over all of its attempts. */
      readonly elapsedMs: number;
    }
  | WaitFailure;

export interface StartExportInput {
  readonly plan: DatabasePlan;
  readonly snapshot: SnapshotRef;
}
export type StartExportResult =
  | { readonly outcome: 'started'; readonly region: string; readonly exportTask: string; readonly adopted: boolean }
  | NotStarted;

export interface AwaitExportInput {
  readonly region: string;
  readonly exportTask: string;
  readonly untilMs: number;
  readonly pollMs: number;
}
export type AwaitExportResult =
  | {
      readonly outcome: 'complete';
      readonly exported: ExportFacts;
      /** Not empty: tables may be missing from the archive. */
      readonly warnings: readonly string[];
      readonly elapsedMs: number;
    }
  | WaitFailure;

export interface ListBackupsInput {
  readonly plan: DatabasePlan;
}
export interface ListBackupsResult {
  /** Manual snapshots of the instance and their copies, in both regions. */
  readonly backups: readonly BackupFacts[];
  /** ARNs of the snapshots that temporary instances of ours are restored from now. */
  readonly beingRestored: readonly string[];
}

/** One that planRetention() prunes. It is looked at again: what changed meanwhile is refused. */
export interface DeleteBackupInput {
  readonly plan: DatabasePlan;
  readonly backup: SnapshotRef;
  readonly nowMs: number;
}
export type DeleteBackupResult =
  | { readonly outcome: 'deleted'; readonly reason: string }
  | { readonly outcome: 'gone'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly reason: string };

export interface MarkVerifiedInput {
  readonly plan: DatabasePlan;
  readonly snapshot: SnapshotRef;
  readonly verifiedAtMs: number;
}
export interface MarkVerifiedResult {
  readonly marked: readonly SnapshotRef[];
  /** What could not be marked and why: it is gone, or never was copied. */
  readonly notMarked: readonly string[];
}

export interface ChooseSnapshotInput {
  readonly plan: DatabasePlan;
  readonly choice: SnapshotChoice;
  /** With `named`. */
  readonly identifier?: string;
  /** The schedule's own time; seed of the random choice and end of its window. */
  readonly nominalAtMs: number;
}
export type ChooseSnapshotResult =
  | {
      readonly outcome: 'chosen';
      readonly snapshot: SnapshotFacts;
      readonly manifest?: Omit<ObjectReference, 'bytes'>;
      readonly candidates: number;
      readonly reason: string;
    }
  | { readonly outcome: 'none'; readonly reason: string };

/** What every wait tells in its heartbeats, for `mainstay status`. */
export interface WaitProgress {
  readonly object: string;
  readonly status: string;
  readonly sinceMs: number;
  readonly elapsedMs: number;
  readonly says: string;
}
