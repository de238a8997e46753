/** What the release ledger tells of one operation. Parts that were never written are absent or empty. */
import type { StepVerdict } from './analysis.ts';
import type { Decision } from './deploy-state.ts';
import type { OperationKey, OperationKind } from './ledger.ts';
import type { Incident, Notification } from './notice.ts';
import type {
  BeforeRecord,
  ForeignChange,
  PreflightResult,
  RestoredObject,
  StepRecord,
  StepTally,
} from './operation.ts';
import type { MigrationReport } from './migration.ts';
import type { WatchMode } from './observe.ts';
import type { DeployPlan } from './plan.ts';

/** Requests of one arm over a watch; undefined where no look counted any. */
export interface ArmCount {
  readonly requests: number;
  readonly errors: number;
}

export interface LedgerEvent {
  readonly activityId: string;
  readonly what: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attempt: number;
  readonly outcome: 'done' | 'failed';
  readonly says: string;
}

export interface LedgerWatch {
  readonly activityId: string;
  readonly record?: number;
  readonly mode: WatchMode;
  readonly step: number;
  readonly weightPercent: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly ended: StepTally['ended'];
  readonly looks: number;
  readonly canary?: ArmCount;
  readonly stable?: ArmCount;
  readonly verdict?: StepVerdict;
}

export interface LedgerRelease extends LedgerSummary {
  readonly askedBecause: string;
  readonly image?: string;
  readonly term?: number;
  readonly plan?: DeployPlan;
  readonly planDigest?: string;
  readonly catalogueDigest?: string;
  readonly before?: BeforeRecord;
  readonly migrations?: MigrationReport;
  readonly events: readonly LedgerEvent[];
  readonly watches: readonly LedgerWatch[];
  readonly verdicts: readonly StepRecord[];
  readonly decisions: readonly Decision[];
  readonly restored: readonly RestoredObject[];
  readonly foreign: readonly ForeignChange[];
  readonly preflight: readonly PreflightResult[];
  readonly notifications: readonly Notification[];
  readonly incidents: readonly Incident[];
}

/** One line of `mainstay report --list`. */
export interface LedgerSummary {
  readonly key: OperationKey;
  readonly operation: OperationKind;
  readonly environment: string;
  readonly service: string;
  readonly version: string;
  readonly requestedBy: string;
  readonly startedAtMs: number;
  /** Absent: no end was written (it runs, or its end did not reach the ledger). */
  readonly endedAtMs?: number;
  /** An `Outcome`, or `terminated`. */
  readonly outcome?: string;
  readonly reasonCode?: string;
  readonly reason?: string;
  /** Workflow id of the operation that this one cleaned up after. */
  readonly restores?: string;
  /** Workflow id of the operation that cleaned up after this one. */
  readonly restoredBy?: string;
}
