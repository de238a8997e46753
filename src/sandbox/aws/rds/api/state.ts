/** What RDS knows, by region: nothing of one region is seen in another, except by ARN. */
import type { Tags } from './query-input.ts';
import type { Step } from './timeline.ts';

/** What a snapshot or an automated backup keeps of its instance, and a restored one may take over. */
export interface Settings {
  /** `18.4`, as asked for; the engine cares for the first part. */
  engineVersion: string;
  major: number;
  instanceClass: string;
  allocatedStorageGb: number;
  storageType: string;
  iops: number | undefined;
  masterUsername: string;
  /** Told to nobody. */
  masterPassword: string;
  databaseName: string | undefined;
  backupRetentionDays: number;
  backupWindow: string;
  maintenanceWindow: string;
  encrypted: boolean;
  kmsKeyId: string | undefined;
  iamAuthentication: boolean;
  port: number;
  createdAtMs: number;
}

/** Asked for and not yet in effect, in the words of the API. */
export interface PendingValues {
  DBInstanceClass?: string;
  AllocatedStorage?: number;
  MasterUserPassword?: string;
  BackupRetentionPeriod?: number;
  MultiAZ?: boolean;
  DBInstanceIdentifier?: string;
}

export type ApplyStatus = 'in-sync' | 'applying' | 'pending-reboot';

export interface Instance extends Settings {
  identifier: string;
  readonly region: string;
  readonly resourceId: string;
  status: string;
  /** Where it can be reached; absent until it was made. */
  endpoint: { readonly host: string; readonly port: number } | undefined;
  parameterGroup: string;
  /** The group whose values the server has; another one than the named until the next reboot. */
  effectiveGroup: string;
  parameterStatus: ApplyStatus;
  subnetGroup: string;
  securityGroups: { id: string; status: 'active' | 'adding' | 'removing' }[];
  multiAz: boolean;
  publiclyAccessible: boolean;
  deletionProtection: boolean;
  copyTagsToSnapshot: boolean;
  autoMinorVersionUpgrade: boolean;
  tags: Tags;
  pending: PendingValues;
  /** Changes that wait for the maintenance window, or for one that is applied immediately. */
  deferred: readonly Step[];
  /** Of the source: a name in the same region, else an ARN. */
  replicaOf: string | undefined;
  replicas: string[];
  replicaTerminated: boolean;
  /** Its storage grew: `storage-optimization` is then the status it rests in. */
  isOptimizing: boolean;
  /** Storage that still comes from the snapshot, in percent; absent when all is there. */
  storageLoaded: number | undefined;
  earliestRestorableMs: number | undefined;
  latestRestorableMs: number | undefined;
  /** Its server exists. */
  hasServer: boolean;
}

export interface Snapshot {
  identifier: string;
  readonly region: string;
  /** Folder of the engine. */
  readonly folder: string;
  readonly type: 'manual' | 'automated';
  status: string;
  percent: number;
  readonly instanceIdentifier: string;
  readonly resourceId: string;
  createdAtMs: number | undefined;
  originalCreatedAtMs: number | undefined;
  databaseTimeMs: number | undefined;
  sizeBytes: number | undefined;
  /** As they were when it was taken. */
  readonly settings: Readonly<Settings>;
  tags: Tags;
  /** Tags of the instance when it was taken: a restored one gets them when none are given. */
  readonly sourceTags: Tags;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  readonly copiedFrom: { readonly region: string; readonly arn: string } | undefined;
}

/** Automated backups of an instance that is gone. */
export interface RetainedBackup {
  readonly region: string;
  readonly resourceId: string;
  readonly instanceIdentifier: string;
  readonly settings: Readonly<Settings>;
  readonly tags: Tags;
  readonly earliestRestorableMs: number | undefined;
  readonly latestRestorableMs: number | undefined;
}

export interface ParameterGroup {
  readonly name: string;
  /** `postgres18` */
  readonly family: string;
  readonly description: string;
  tags: Tags;
  /** Set by the user; every other parameter has its default. */
  values: Readonly<Record<string, string>>;
}

export interface SubnetGroup {
  readonly name: string;
  readonly description: string;
  readonly subnetIds: readonly string[];
  tags: Tags;
}

export interface RdsEvent {
  readonly atMs: number;
  readonly sourceType: 'db-instance' | 'db-snapshot' | 'db-parameter-group';
  readonly sourceIdentifier: string;
  readonly sourceArn: string;
  readonly categories: readonly string[];
  readonly message: string;
}

export interface ExportTask {
  readonly identifier: string;
  readonly sourceArn: string;
  readonly bucket: string;
  readonly prefix: string | undefined;
  readonly roleArn: string;
  readonly kmsKeyId: string;
  readonly only: readonly string[];
  readonly snapshotTimeMs: number | undefined;
  readonly abort: AbortController;
  status: 'STARTING' | 'IN_PROGRESS' | 'COMPLETE' | 'FAILED' | 'CANCELING' | 'CANCELED';
  percent: number;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
  extractedGb: number;
  failure: string | undefined;
  warning: string | undefined;
}

export interface Region {
  readonly name: string;
  readonly instances: Map<string, Instance>;
  readonly snapshots: Map<string, Snapshot>;
  /** By resource id. */
  readonly retained: Map<string, RetainedBackup>;
  readonly parameterGroups: Map<string, ParameterGroup>;
  readonly subnetGroups: Map<string, SubnetGroup>;
  readonly exports: Map<string, ExportTask>;
  readonly events: RdsEvent[];
}

/** Regions come to be when they are first named. */
export class RdsState {
  readonly #regions = new Map<string, Region>();

  region(name: string): Region {
    let region = this.#regions.get(name);
    if (!region) {
      region = {
        name,
        instances: new Map(),
        snapshots: new Map(),
        retained: new Map(),
        parameterGroups: new Map(),
        subnetGroups: new Map([
          ['default', { name: 'default', description: 'default', subnetIds: ['subnet-0a', 'subnet-0b'], tags: {} }],
        ]),
        exports: new Map(),
        events: [],
      };
      this.#regions.set(name, region);
    }
    return region;
  }

  regions(): readonly Region[] {
    return [...this.#regions.values()];
  }
}

/** A copy of what a snapshot keeps. */
export function settingsOf(source: Settings): Settings {
  const { engineVersion, major, instanceClass, allocatedStorageGb, storageType, iops } = source;
  const { masterUsername, masterPassword, databaseName, backupRetentionDays, backupWindow, maintenanceWindow } = source;
  const { encrypted, kmsKeyId, iamAuthentication, port, createdAtMs } = source;
  return {
    engineVersion,
    major,
    instanceClass,
    allocatedStorageGb,
    storageType,
    iops,
    masterUsername,
    masterPassword,
    databaseName,
    backupRetentionDays,
    backupWindow,
    maintenanceWindow,
    encrypted,
    kmsKeyId,
    iamAuthentication,
    port,
    createdAtMs,
  };
}
