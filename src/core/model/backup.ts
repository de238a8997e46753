/** What is seen of RDS and S3 by backup and restore workflows: small facts, no types of a vendor's SDK. */
import type { AwsTags } from './temporary.ts';

/** A large thing that stands in S3: histories carry this. `sha256` in hexadecimal, of the object's bytes. */
export interface ObjectReference {
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Which operation makes a thing: it is adopted by this mark when it exists already. */
export interface OperationMark {
  /** Workflow id. */
  readonly operation: string;
  /** First run id of that workflow. */
  readonly run: string;
}

export interface SnapshotRef {
  readonly region: string;
  readonly identifier: string;
  readonly arn: string;
}

export interface SnapshotFacts extends SnapshotRef {
  /** Identifier of the instance it was taken of. */
  readonly instance: string;
  /** `creating`, `available`, `failed`, ...: a free text of the provider. */
  readonly status: string;
  /** `manual`, `automated`, `awsbackup`, ... */
  readonly type: string;
  readonly progressPercent: number;
  /** Original moment of the data's snapshot; of a copy the source's. Absent while it is being made. */
  readonly takenAtMs?: number;
  readonly allocatedGb: number;
  readonly engineVersion: string;
  readonly encrypted: boolean;
  /** Of a copy: ARN of what it was copied from. */
  readonly copiedFrom?: string;
  readonly tags: AwsTags;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface InstanceFacts {
  readonly region: string;
  readonly identifier: string;
  readonly arn: string;
  /** The provider's own id, which outlives the name. */
  readonly resourceId: string;
  /** A free text of the provider, see assess-instance.ts. */
  readonly status: string;
  readonly endpoint?: Endpoint;
  readonly masterUsername: string;
  readonly instanceClass: string;
  readonly engineVersion: string;
  readonly allocatedGb: number;
  readonly public: boolean;
  readonly multiAz: boolean;
  readonly deletionProtection: boolean;
  readonly backupRetentionDays: number;
  readonly subnetGroup?: string;
  readonly parameterGroups: readonly { readonly name: string; readonly apply: string }[];
  readonly securityGroups: readonly { readonly id: string; readonly status: string }[];
  /** Names of the changes that are asked for and not applied. Never their values: one of them is a password. */
  readonly pendingChanges: readonly string[];
  readonly statusInfos: readonly { readonly type: string; readonly normal: boolean; readonly status: string }[];
  /** Of a replica: what it follows. */
  readonly replicaOf?: string;
  /** `Initializing`: the volume still loads from the snapshot and is slower than it will be. */
  readonly storage?: { readonly status: string; readonly progressPercent?: number };
  readonly createdAtMs?: number;
  readonly tags: AwsTags;
}

/** What RDS keeps of an instance for restores to a point in time, also after the instance is gone. */
export interface AutomatedBackupFacts {
  readonly instance: string;
  readonly resourceId: string;
  readonly arn: string;
  readonly status: string;
}

export interface ExportFacts {
  readonly identifier: string;
  readonly sourceArn: string;
  /** `STARTING`, `IN_PROGRESS`, `COMPLETE`, `FAILED`, `CANCELING`, `CANCELED` */
  readonly status: string;
  readonly progressPercent: number;
  readonly extractedGb?: number;
  readonly failure?: string;
  /** Tables that were left out in silence are only told here. */
  readonly warning?: string;
}

/** One backup of a database, in one region, as the retention rules see it. */
export interface BackupFacts extends SnapshotRef {
  readonly status: string;
  /** Carries our tags for this database; only such are ever pruned. */
  readonly ours: boolean;
  /** When the data was as it is there. */
  readonly takenAtMs: number;
  /** It passed a restore verification then. */
  readonly verifiedAtMs?: number;
  /** It stands in the recovery region, copied from another. */
  readonly isCopy: boolean;
  readonly type: string;
}
