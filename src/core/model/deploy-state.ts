/** The record a running operation keeps of itself. `describeOperation` turns it into the six things `status` tells. */
import type { MigrationReport } from './migration.ts';
import type { DeployInput, DeployPlan } from './plan.ts';
import type {
  BeforeRecord,
  DeployResult,
  ForeignChange,
  PreflightResult,
  RestoredObject,
  StepRecord,
} from './operation.ts';

export const DEPLOY_PHASES = [
  'preparing',
  'building',
  'awaitingStart',
  'queued',
  'claiming',
  'migrating',
  'canary',
  'awaitingApproval',
  'promoting',
  'baking',
  'undoing',
  'ended',
] as const;
export type DeployPhase = (typeof DEPLOY_PHASES)[number];

/** What the operation waits for besides time, if anything. */
export type Waiting =
  | {
      readonly for: 'approval';
      readonly sinceMs: number;
      readonly deadlineMs: number;
      readonly onDeadline: 'reject' | 'approve';
      /** Why it is asked, where no step of the catalogue asks: the data cannot decide at this traffic. */
      readonly why?: string;
      /** Nobody had decided when the escalation was due. */
      readonly escalatedAtMs?: number;
    }
  | {
      readonly for: 'turn';
      readonly sinceMs: number;
      readonly position: number;
      readonly owner: string;
      readonly deadlineMs: number;
    }
  | { readonly for: 'resume'; readonly sinceMs: number; readonly deadlineMs: number }
  /** Time of the step is over, but samples or requests are missing. */
  | { readonly for: 'data'; readonly sinceMs: number; readonly deadlineMs: number; readonly missing: string }
  /** An undo step cannot be done; a person may mend the cause or accept. */
  | { readonly for: 'help'; readonly sinceMs: number; readonly object: string; readonly problem: string };

export interface Decision {
  readonly what: 'approve' | 'reject' | 'pause' | 'resume' | 'skipStep' | 'promoteNow' | 'abort' | 'acceptUnrestored';
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

export interface DeployState {
  readonly operation: 'deployService' | 'restoreService';
  readonly workflowId: string;
  readonly input: DeployInput;
  readonly startedAtMs: number;
  phase: DeployPhase;
  phaseSinceMs: number;
  plan?: DeployPlan;
  /** sha256 of plan and image; an approval names its first 8 characters or more. */
  planDigest?: string;
  image?: string;
  preflight: readonly PreflightResult[];
  term?: number;
  before?: BeforeRecord;
  /** Index of the current step. */
  step?: number;
  stepStartedAtMs?: number;
  /** Weight confirmed at the data plane. */
  weightPercent: number;
  paused?: { readonly by: string; readonly reason: string; readonly sinceMs: number };
  waiting?: Waiting;
  /** What is being done this moment, in words: `waiting until 2 canary pods are ready`. */
  doing?: string;
  steps: readonly StepRecord[];
  decisions: readonly Decision[];
  /** Why the undo began. */
  undoReason?: string;
  restored: readonly RestoredObject[];
  foreign: readonly ForeignChange[];
  /** Left out when the service has no migrations. */
  migrations?: MigrationReport;
  result?: DeployResult;
}

/** Something a person may do now, ready to paste. */
export interface PossibleAction {
  readonly action: Decision['what'] | 'status' | 'deployAgain';
  readonly why: string;
  /** The `mainstay` command. */
  readonly command: string;
  /** The same by the temporal CLI alone. */
  readonly temporal: string;
}

/** Answer of query `status`. The six texts are never empty. */
export interface OperationStatus {
  readonly operation: 'deployService' | 'restoreService';
  readonly workflowId: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly phase: DeployPhase;
  readonly step?: { readonly index: number; readonly of: number; readonly weightPercent: number };
  /** Weights of all steps in per cent; left out until the plan is known. */
  readonly ladder?: readonly number[];
  readonly weightPercent: number;
  /** 1 what runs */
  readonly what: string;
  /** 2 why it is where it is */
  readonly why: string;
  /** 3 what was seen */
  readonly seen: string;
  /** 4 what comes next, and when (RFC 3339) where there is a time */
  readonly next: string;
  readonly nextAt?: string;
  /** 5 what one may do */
  readonly may: readonly PossibleAction[];
  /** 6 what was undone */
  readonly undone: string;
  readonly planDigest?: string;
  readonly catalogueDigest?: string;
  readonly image?: string;
  readonly steps: readonly StepRecord[];
  readonly decisions: readonly Decision[];
  readonly restored: readonly RestoredObject[];
  readonly foreign: readonly ForeignChange[];
  readonly preflight: readonly PreflightResult[];
  readonly waiting?: Waiting;
  readonly result?: DeployResult;
}

/** Short form in the memo: readable by `describe` without a worker. */
export interface MemoStatus {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly phase: DeployPhase;
  readonly step: number | null;
  readonly of: number | null;
  readonly ladder: readonly number[];
  readonly weightPercent: number;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly undone: string;
  readonly atMs: number;
}
