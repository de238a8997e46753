/** Operations on backups: what they are asked, the record they keep of themselves, and how they end. */
import type { BackupOperation, BackupRecord, RemovedObject, TimedPhase } from './backup-record.ts';
import type { DatabaseName, DatabasePlan } from './database.ts';
import type { Decision, PossibleAction } from './deploy-state.ts';
import type { TemporaryInstance } from './temporary.ts';

interface Asked {
  /** Who asks: a role or an account, or a schedule; claimed, not proven. */
  readonly requestedBy?: string;
  readonly reason?: string;
}

/** Input of `backUpDatabase`; names only, resolved by the first activity. */
export interface BackUpInput extends DatabaseName, Asked {
  /** Plan and checks; nothing is changed. */
  readonly dryRun?: boolean;
  /** Refuse when the worker's catalogue has another digest (8 characters or more). */
  readonly expectCatalogue?: string;
}

/** Input of `verifyRestore`. */
export interface VerifyRestoreInput extends BackUpInput {
  /** `latest`, `random`, `oldest`, or the identifier of a snapshot; the catalogue's choice when left out. */
  readonly snapshot?: string;
}

/** Input of `sweepTemporaries`: looks in every region of the databases of the environment. */
export interface SweepInput extends Asked {
  readonly environment: string;
}

/** Where a sweep looks. */
export interface SweepPlan {
  readonly environment: string;
  readonly regions: readonly string[];
  readonly goneWithinMs: number;
  readonly pollMs: number;
  readonly catalogueDigest: string;
}

/** Who a keeper keeps for. */
export interface KeeperParent {
  readonly workflowId: string;
  /** First run id: a parent continues under it. */
  readonly runId: string;
}

/** Input of `keepTemporary`. It knows nothing of the catalogue: what it needs stands here for as long as it lives. */
export interface KeepTemporaryInput {
  readonly temporary: TemporaryInstance;
  readonly parent: KeeperParent;
  /** Between two questions whether the parent still runs. */
  readonly questionMs: number;
  readonly goneWithinMs: number;
  readonly pollMs: number;
  /** A call that was under way when the parent ended may still create the instance, at most so much later. */
  readonly lateCreateMs: number;
  /** Of the run before, when it continued as new. */
  readonly state?: KeeperState;
}

export const KEEPER_PHASES = ['keeping', 'deleting', 'proving', 'gone'] as const;
export type KeeperPhase = (typeof KEEPER_PHASES)[number];

/** Why the keeper deletes. */
export const KEEPER_CAUSES = ['asked', 'parentEnded', 'expired'] as const;
export type KeeperCause = (typeof KEEPER_CAUSES)[number];

/** What a keeper knows; also its answer to the query `status`, with the texts. */
export interface KeeperState {
  readonly phase: KeeperPhase;
  readonly startedAtMs: number;
  readonly cause?: KeeperCause;
  readonly causeAtMs?: number;
  /** Nothing that could still create the instance is under way. */
  readonly settled: boolean;
  /** The instance was seen at the provider, or its deletion was accepted. */
  readonly seen: boolean;
  /** Rounds of deletion and proof that ended without a proof. */
  readonly rounds: number;
  /** What stands in the way, in words; empty when nothing does. */
  readonly problem: string;
  readonly removed: readonly RemovedObject[];
}

/** What a keeper brings home, and tells its parent with every round that proved nothing. */
export interface KeeperReport {
  readonly gone: boolean;
  readonly cause: KeeperCause;
  readonly endedAtMs: number;
  readonly removed: readonly RemovedObject[];
  /** Of a round that proved nothing: what stands in the way. */
  readonly problem?: string;
}

/** Signal `finish` to a keeper. */
export interface FinishSignal {
  /** False: a call that creates the instance may still be under way. */
  readonly settled: boolean;
}

export const VERIFICATION_OUTCOMES = ['passed', 'failed', 'couldNotVerify'] as const;
export const BACKUP_OUTCOMES = [
  ...VERIFICATION_OUTCOMES,
  /** A backup with everything that was asked of it; a sweep that left nothing. */
  'completed',
  /** There is a backup, but a part of it is missing: copy, archive, manifest. */
  'incomplete',
  'aborted',
  'planned',
] as const;
export type BackupOutcome = (typeof BACKUP_OUTCOMES)[number];

export const BACKUP_REASON_CODES = [
  'Passed',
  'ChecksFailed',
  'Leftover',
  'SuiteCouldNotVerify',
  'PlanFailed',
  'NoSnapshot',
  'ChooseFailed',
  'KeeperFailed',
  'RestoreFailed',
  'RestoreForeign',
  'RestoreSourceGone',
  'RestoreQuota',
  'RestoreCapacity',
  'RestorePrecondition',
  'AwaitFailed',
  'InstanceFailed',
  'NotReadyInTime',
  'PrepareFailed',
  'NotIsolated',
  'SuiteFailed',
  'Completed',
  'ManifestFailed',
  'SnapshotFailed',
  'CopyFailed',
  'ExportFailed',
  'RetentionFailed',
  'DumpFailed',
  'NoProgram',
  'SourceDamaged',
  'ClusterCopyFailed',
  'CacheCopyFailed',
  'NotProven',
  'SweepFailed',
  'Aborted',
  'Cancelled',
  'DryRun',
] as const;
export type BackupReasonCode = (typeof BACKUP_REASON_CODES)[number];

/** How the way forward ended; what is deleted afterwards may change it. */
export interface BackupEnding {
  readonly outcome: BackupOutcome;
  readonly reasonCode: BackupReasonCode;
  readonly reason: string;
  /** The workflow was cancelled on the server: it ends as cancelled when everything is deleted. */
  readonly cancelled?: true;
}

/** Result of an operation on backups: what the ledger records, and the plan of a dry run. */
export interface BackupResult extends Omit<BackupRecord, 'key' | 'outcome' | 'reasonCode'> {
  readonly outcome: BackupOutcome;
  readonly reasonCode: BackupReasonCode;
  /** What a person should look at although the outcome does not say so. */
  readonly warnings: readonly string[];
  /** With outcome `planned`. */
  readonly plan?: DatabasePlan;
}

/** The record a running operation keeps of itself. */
export interface BackupState {
  readonly operation: BackupOperation;
  readonly workflowId: string;
  readonly name: DatabaseName;
  readonly requestedBy: string;
  readonly askedBecause: string;
  readonly startedAtMs: number;
  readonly nominalAtMs: number;
  phase: string;
  phaseSinceMs: number;
  doing?: string;
  /** When what it waits for must be there. */
  deadlineMs?: number;
  phases: readonly TimedPhase[];
  /** What was seen, one line each, in order. */
  seen: readonly string[];
  warnings: readonly string[];
  decisions: readonly Decision[];
  /** The copy and who deletes it. */
  temporary?: TemporaryInstance;
  keeper?: string;
  removed: readonly RemovedObject[];
  result?: BackupResult;
}

/** Answer of query `status`, in the shape of a deployment's, so that every view shows both. */
export interface BackupStatus {
  readonly operation: BackupOperation | 'keepTemporary';
  readonly workflowId: string;
  /** Name of the database. */
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly phase: string;
  readonly weightPercent: number;
  readonly what: string;
  readonly why: string;
  readonly seen: string;
  readonly next: string;
  readonly nextAt?: string;
  readonly may: readonly PossibleAction[];
  readonly undone: string;
  readonly catalogueDigest?: string;
  readonly steps: readonly never[];
  readonly decisions: readonly Decision[];
  readonly restored: readonly never[];
  readonly foreign: readonly never[];
  readonly preflight: readonly never[];
  readonly phases: readonly TimedPhase[];
  readonly warnings: readonly string[];
  readonly removed: readonly RemovedObject[];
  readonly backup?: BackupResult;
  readonly keeper?: KeeperState;
}

/** Short form in the memo. */
export interface BackupMemo {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly phase: string;
  readonly step: null;
  readonly of: null;
  readonly ladder: readonly number[];
  readonly weightPercent: number;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly undone: string;
  readonly atMs: number;
}
