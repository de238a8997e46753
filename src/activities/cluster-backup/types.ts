/**
 * Inputs and results of the activities of a cluster's copy. They stand in workflow histories: a field may be added, none
 * may change its meaning. No value of a Secret stands in them, and no digest of one.
 */
import type { ObjectReference, OperationMark } from '../../core/model/backup.ts';
import type { ClusterBackupPlan, LeftOut } from '../../core/model/cluster-backup.ts';

export interface ResolveClusterBackupInput {
  readonly environment: string;
  readonly expectCatalogue?: string;
}

export interface CopyClusterInput {
  readonly plan: ClusterBackupPlan;
  readonly mark: OperationMark;
  readonly nominalAtMs: number;
}

export interface ClusterCopyFacts {
  readonly folder: string;
  readonly bundle: ObjectReference;
  readonly secretsBundle?: ObjectReference;
  readonly manifest: ObjectReference;
  readonly objects: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly secrets: number;
  /** The first few; all stand in the manifest. */
  readonly leftOut: readonly LeftOut[];
  readonly leftOutCount: number;
  readonly takenAtMs: number;
}

export type CopyClusterResult =
  | { readonly outcome: 'copied'; readonly copy: ClusterCopyFacts; readonly adopted: boolean }
  | { readonly outcome: 'couldNotCopy'; readonly reason: string };

export interface VerifyClusterInput {
  readonly plan: ClusterBackupPlan;
  readonly copy: ClusterCopyFacts;
}
export interface VerifyClusterResult {
  readonly outcome: 'verified' | 'failed' | 'couldNotVerify';
  /** What was found; the first few. */
  readonly says: readonly string[];
  readonly checked: number;
  /** Objects that changed or went away since they were copied: no fault of the copy. */
  readonly changedSince: readonly string[];
}

export interface PruneClusterInput {
  readonly plan: ClusterBackupPlan;
  readonly own: string;
  readonly nowMs: number;
}
