/** What the ledger keeps of backups and of restores that were proven: enough for the report and for its trends. */
import type { DatabaseName } from './database.ts';
import type { OperationKey } from './ledger.ts';
import type { CheckResult, SuiteVerdict } from './restore.ts';

export const BACKUP_OPERATIONS = [
  'backUpDatabase',
  'dumpDatabase',
  'backUpCluster',
  'backUpCache',
  'verifyRestore',
  'sweepTemporaries',
] as const;
export type BackupOperation = (typeof BACKUP_OPERATIONS)[number];

/** Workflow types of backups; a deployment is none. */
export function isBackupOperation(type: string): type is BackupOperation {
  return BACKUP_OPERATIONS.some((each) => each === type);
}

/** A stretch of an operation, in order: `choose`, `restore`, `available`, `connect`, `checks`, `delete`, `snapshot`, `copy`, ... */
export interface TimedPhase {
  readonly name: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What was made, or what was restored from. */
export interface BackupSource {
  /** Snapshot identifier, or `s3://bucket/key`. */
  readonly name: string;
  readonly region?: string;
  readonly takenAtMs?: number;
  readonly bytes?: number;
  /** `s3://bucket/key` of the manifest. */
  readonly manifest?: string;
  /** Further places it was copied to. */
  readonly copies?: readonly string[];
}

/** What a verification measured and found. */
export interface VerificationFacts {
  readonly verdict: SuiteVerdict;
  /** From the choice of the snapshot to the first good query: compared with RTO. Left out when it never came so far. */
  readonly restoreMs?: number;
  readonly rtoMs: number;
  /** Age of the newest data in the copy when the backup was chosen for, at the nominal time: compared with RPO. */
  readonly dataAgeMs?: number;
  readonly rpoMs: number;
  readonly databaseBytes?: number;
  readonly rows?: number;
  readonly serverVersion?: number;
  /** Every check; one that passed may be told by its kind alone. */
  readonly checks: readonly CheckResult[];
  readonly notProven: readonly string[];
  readonly reasons: readonly string[];
  /** `s3://bucket/key` of the whole suite report. */
  readonly report?: string;
}

/** One object that was to be removed. */
export interface RemovedObject {
  /** `DB instance mainstay-verify-crm-1a2b3c4d5e (eu-central-1)` */
  readonly object: string;
  /** False: it is still there, and it costs money. */
  readonly gone: boolean;
  readonly says: string;
}

/** The end of an operation on backups, whole; written once more it is the same. */
export interface BackupRecord extends DatabaseName {
  readonly key: OperationKey;
  readonly operation: BackupOperation;
  readonly requestedBy: string;
  readonly askedBecause: string;
  /** The schedule's own time; that of the start without a schedule. */
  readonly nominalAtMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** `passed`, `failed`, `couldNotVerify`, `completed`, `aborted`, ... */
  readonly outcome: string;
  readonly reasonCode: string;
  readonly reason: string;
  readonly phases: readonly TimedPhase[];
  readonly source?: BackupSource;
  readonly verification?: VerificationFacts;
  readonly removed: readonly RemovedObject[];
  readonly catalogueDigest?: string;
}
