import type { MemoStatus, OperationStatus } from '../model/deploy-state.ts';
import type { LedgerRelease } from '../model/ledger-release.ts';
import type { DeployResult } from '../model/operation.ts';
import type { DeployInput } from '../model/plan.ts';

/** What the Temporal server tells of a workflow, with or without a worker. */
export interface TemporalAccount {
  readonly workflowId: string;
  readonly runId: string;
  /** Workflow type. */
  readonly operation: string;
  /** `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`, `TIMED_OUT` */
  readonly run: string;
  readonly startedAtMs: number;
  readonly closedAtMs?: number;
  readonly memo?: MemoStatus;
  /** What it was started with; of a deployment. */
  readonly input?: Partial<DeployInput>;
  /** Answer of the workflow itself. */
  readonly status?: OperationStatus;
  /** What it returned, or of a cancelled one its short report in the memo. */
  readonly result?: DeployResult;
  readonly failure?: { readonly type: string; readonly message: string; readonly problems: readonly string[] };
}

/** What was released last, by the ownership of the service. */
export interface OwnershipAccount {
  readonly lastWorkflowId: string;
  readonly last: DeployResult;
}

/** Everything that could be read. Never all of it is there. */
export interface ReportMaterial {
  readonly ledger?: LedgerRelease;
  /** The ledger's account of the operation that cleaned up. */
  readonly restore?: LedgerRelease;
  readonly temporal?: TemporalAccount;
  readonly ownership?: OwnershipAccount;
  /** Why something could not be read: `the ledger does not answer: ...` */
  readonly troubles: readonly string[];
}
