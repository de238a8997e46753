/** A database of the catalogue with every default written out: what backup and restore workflows work with. */

import type { ClusterRef } from './plan.ts';

/** `crm` in `production`: names of the catalogue. */
export interface DatabaseName {
  readonly database: string;
  readonly environment: string;
}

/** A rule of the team's own: a query that answers one number (rows that break the rule, or a count) in one column. */
export interface IntegrityRule {
  readonly name: string;
  /** One SELECT; runs read-only as the verifier. */
  readonly sql: string;
  /** `= 0`, `> 0`, `>= 1000`, `< 5%`: a bound, see bound.ts. */
  readonly expect: string;
  /** `fail` (default) or `warn` when it does not hold. */
  readonly severity: 'fail' | 'warn';
}

export interface RetentionTier {
  /** `daily`, `weekly`, `monthly`. */
  readonly name: string;
  readonly keepMs: number;
  /** One backup of each so long is kept by this tier. */
  readonly everyMs: number;
}

export interface BackupPlan {
  /** Copied there after it was taken; left out: no copy. */
  readonly copyTo?: { readonly region: string; readonly kmsKeyId?: string };
  /** Archive of the snapshot in S3; cannot be restored by RDS. */
  readonly exportTo?: {
    readonly bucket: string;
    readonly prefix: string;
    readonly roleArn: string;
    readonly kmsKeyId: string;
  };
  readonly manifests: { readonly bucket: string; readonly prefix: string };
  readonly retention: readonly RetentionTier[];
  /** The newest so many backups that passed a restore verification are never pruned (S7); at least 1. */
  readonly verifiedFloor: number;
  readonly deadlineMs: number;
}

export interface DumpPlan {
  readonly bucket: string;
  readonly prefix: string;
  /** `aws:kms` with a key, else `AES256`. */
  readonly kmsKeyId?: string;
  readonly keepMs: number;
  readonly deadlineMs: number;
}

export const SNAPSHOT_CHOICES = ['latest', 'random', 'oldest', 'named'] as const;
export type SnapshotChoice = (typeof SNAPSHOT_CHOICES)[number];

export interface VerificationPlan {
  readonly choice: Exclude<SnapshotChoice, 'named'>;
  /** Window of the random choice, back from the nominal time. */
  readonly windowMs: number;
  readonly instanceClass?: string;
  /** Parameter group with the source's settings and the quarantine's overrides; must exist. */
  readonly parameterGroup: string;
  /** Security groups without egress; must exist. */
  readonly securityGroupIds: readonly string[];
  readonly subnetGroup?: string;
  /** From the start of the keeper: the temporary instance is deleted then, whatever happens. */
  readonly expiryMs: number;
  /** How long the provider may take until the instance is ready, and until it is gone. */
  readonly readyWithinMs: number;
  readonly goneWithinMs: number;
  /** Between two questions to the provider. */
  readonly pollMs: number;
  /** Between two questions of the keeper whether the verification still runs; 1 min when left out. */
  readonly keeperQuestionMs?: number;
  readonly connections: number;
  readonly checkTimeoutMs: number;
  /** Tables above so many bytes are sampled; the verdict says so. */
  readonly sampleAboveBytes: number;
  /** Must not be empty. `schema.table`. */
  readonly criticalTables: readonly string[];
  readonly closedRanges: readonly { readonly table: string; readonly where?: string }[];
  /** How many rows an open table may have lost since the manifest, by table: `schema.table` -> rows. */
  readonly allowedLosses: Readonly<Record<string, number>>;
  readonly rules: readonly IntegrityRule[];
  /** A query that answers the newest moment of the data as a timestamp; the canary row where left out. */
  readonly freshnessSql?: string;
  /** Queries that are timed, cold and warm. */
  readonly probes: readonly { readonly name: string; readonly sql: string; readonly withinMs: number }[];
}

export interface DatabasePlan extends DatabaseName {
  readonly region: string;
  /** Cluster that `k8s:` references are read from; the environment's. */
  readonly cluster?: ClusterRef;
  /** Identifier of the RDS instance. */
  readonly instance: string;
  /** Database in the instance. */
  readonly databaseName: string;
  /** Secret reference to the postgres:// URL with rights to take the manifest; never the URL itself. */
  readonly connection: string;
  /** User of the copy that may be given a new password: the master user. */
  readonly masterUsername: string;
  readonly rtoMs: number;
  readonly rpoMs: number;
  readonly backup: BackupPlan;
  readonly dump?: DumpPlan;
  readonly verification: VerificationPlan;
  readonly catalogueDigest: string;
}
