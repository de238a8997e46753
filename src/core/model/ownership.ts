/** Messages of the ownership entity: one workflow per owned resource, the only giver of terms. */
import type { DeployResult, Deposit } from './operation.ts';
import type { OnBusy } from './plan.ts';

/** Argument of the ownership workflow; `state` is only given at continue-as-new. */
export interface OwnershipInput {
  readonly environment: string;
  readonly kind: 'service' | 'database';
  readonly name: string;
  /** How often it asks whether its owner still runs. */
  readonly questionEveryMs: number;
  readonly state?: unknown;
}

/** Argument of the guard child. */
export interface GuardInput {
  readonly ownershipId: string;
  readonly requestId: string;
}

/** Argument of `restoreService`. */
export interface RestoreServiceInput {
  readonly environment: string;
  readonly service: string;
  readonly term: number;
  readonly deposit: Deposit;
  readonly requestId: string;
  readonly endedOwner: OwnerSummary;
}

export interface AcquireRequest {
  /** Workflow id and first run id of the asker: asking twice gives the same answer. */
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly purpose: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly onBusy: OnBusy;
  /** Highest term seen on the objects; the next term is above it. */
  readonly observedTerm: number;
}

export type AcquireAnswer =
  | { readonly answer: 'granted'; readonly term: number; readonly inherited?: Deposit }
  | { readonly answer: 'queued'; readonly position: number; readonly owner: OwnerSummary }
  | { readonly answer: 'refused'; readonly owner: OwnerSummary };

export interface OwnerSummary {
  readonly workflowId: string;
  readonly purpose: string;
  readonly requestedBy: string;
  readonly sinceMs: number;
  readonly term: number;
  /** Told to the restore of an owner that ended: which run it was. */
  readonly runId?: string;
}

/** Signal to the next in line. */
export interface GrantSignal {
  readonly requestId: string;
  readonly term: number;
  readonly inherited?: Deposit;
}

/** Signal to an owner that was pre-empted: change nothing more, undo nothing. */
export interface LostSignal {
  /** Whom it is meant for, where the workflow id may have been given to another run since. */
  readonly requestId?: string;
  readonly term: number;
  readonly by: OwnerSummary;
  readonly reason: string;
}

/** Signal to an owner that shall undo and release. */
export interface ReplaceSignal {
  readonly by: string;
  readonly requestedBy: string;
  readonly reason: string;
}

export interface DepositSignal {
  readonly requestId: string;
  readonly deposit: Deposit;
}

export interface ReleaseSignal {
  readonly requestId: string;
  readonly result: DeployResult;
}

export interface OwnerEndedSignal {
  readonly requestId: string;
  /** How it is known: `guard` (the parent closed), `question` (describe said so). */
  readonly how: 'guard' | 'question';
}

/** Answer of query `ownership`, and its memo. */
export interface OwnershipView {
  readonly environment: string;
  readonly kind: 'service' | 'database';
  readonly name: string;
  readonly term: number;
  readonly owner?: OwnerSummary;
  readonly restoring: boolean;
  readonly queue: readonly OwnerSummary[];
  readonly last?: DeployResult;
  /** Workflow id of the operation that released last. */
  readonly lastWorkflowId?: string;
}
