/** The part of RDS that backups and restores need, in small facts. One client is one region. */
import type { AutomatedBackupFacts, ExportFacts, InstanceFacts, SnapshotFacts } from '../../core/model/backup.ts';
import type { AwsTags } from '../../core/model/temporary.ts';

/** Everything that a restored copy must not take over from its source, or from a default. */
export interface RestoreSpec {
  readonly identifier: string;
  readonly snapshotIdentifier: string;
  readonly instanceClass?: string;
  readonly parameterGroup: string;
  readonly securityGroupIds: readonly string[];
  readonly subnetGroup?: string;
  readonly tags: AwsTags;
}

export interface ExportSpec {
  readonly identifier: string;
  readonly sourceArn: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly roleArn: string;
  readonly kmsKeyId: string;
}

/**
 * Every call may throw a CodedError: Throttled, Unavailable, Timeout, Forbidden, InvalidInput, BadResponse; a write also
 * OutcomeUnknown, NotFound, NotReady (the state does not allow it yet) and PreconditionFailed; awsKindOf() tells those
 * apart. What is looked up and does not exist is `undefined`.
 */
export interface RdsClient {
  readonly region: string;
  findInstance(identifier: string, signal?: AbortSignal): Promise<InstanceFacts | undefined>;
  listInstances(signal?: AbortSignal): Promise<readonly InstanceFacts[]>;
  /** Not public, one zone, no protection, no backups of its own, no upgrades, tags of its own. */
  restoreInstance(spec: RestoreSpec, signal?: AbortSignal): Promise<InstanceFacts>;
  setMasterPassword(identifier: string, password: string, signal?: AbortSignal): Promise<void>;
  allowDeletion(identifier: string, signal?: AbortSignal): Promise<void>;
  /** No final snapshot, and its automated backups go with it. */
  deleteInstance(identifier: string, signal?: AbortSignal): Promise<void>;

  findSnapshot(identifier: string, signal?: AbortSignal): Promise<SnapshotFacts | undefined>;
  /** Of one instance, of every type; a copy counts to the instance its source was taken of. */
  listSnapshots(instance: string, signal?: AbortSignal): Promise<readonly SnapshotFacts[]>;
  createSnapshot(
    spec: { readonly identifier: string; readonly instance: string; readonly tags: AwsTags },
    signal?: AbortSignal,
  ): Promise<SnapshotFacts>;
  /** Into the region of this client. */
  copySnapshot(
    spec: {
      readonly identifier: string;
      readonly sourceArn: string;
      readonly sourceRegion: string;
      readonly kmsKeyId?: string;
      readonly tags: AwsTags;
    },
    signal?: AbortSignal,
  ): Promise<SnapshotFacts>;
  deleteSnapshot(identifier: string, signal?: AbortSignal): Promise<void>;

  /** Also of instances that are gone. */
  listAutomatedBackups(instance: string, signal?: AbortSignal): Promise<readonly AutomatedBackupFacts[]>;

  startExport(spec: ExportSpec, signal?: AbortSignal): Promise<ExportFacts>;
  findExport(identifier: string, signal?: AbortSignal): Promise<ExportFacts | undefined>;

  addTags(arn: string, tags: AwsTags, signal?: AbortSignal): Promise<void>;
}
