/** Everything the command line knows of one operation at one moment. */
import type { BackupResult } from '../../core/model/backup-operation.ts';
import type { MemoStatus, OperationStatus } from '../../core/model/deploy-state.ts';
import type { DeployResult, LookSummary } from '../../core/model/operation.ts';
import type { WorkerPresence } from '../worker-presence.ts';

/** What a workflow without a result left. */
export interface OperationFailure {
  /** `InvalidInput` and the like, or `terminated`, `timedOut`, `failed`. */
  readonly type: string;
  readonly message: string;
  readonly problems: readonly string[];
}

export interface OperationView {
  readonly atMs: number;
  readonly workflowId: string;
  readonly runId: string;
  readonly operation: string;
  readonly isRunning: boolean;
  /** `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`, ... */
  readonly run: string;
  readonly startedAtMs: number;
  readonly closedAtMs?: number;
  readonly memo?: MemoStatus;
  /** Answer of the last query; not older than the phase. */
  readonly status?: OperationStatus;
  /** From the heartbeat of the watching activity; its age is `atMs - look.atMs`. */
  readonly look?: LookSummary;
  /** Activities that run now: `scaleCanary for 3 s`. */
  readonly pending: readonly string[];
  /** Activities that fail and are tried again: `shiftTraffic, attempt 3: ...`. */
  readonly troubles: readonly string[];
  /** Build that alone may go on with it; undefined: whoever takes new operations. */
  readonly pinnedBuild?: string;
  readonly worker?: WorkerPresence;
  /** Warnings about other operations: pinned to a build that nobody polls. */
  readonly orphans?: readonly string[];
  readonly result?: DeployResult;
  /** Instead of `result`: of a backup, a verification, a sweep. */
  readonly backup?: BackupResult;
  readonly failure?: OperationFailure;
}
