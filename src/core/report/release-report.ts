/** The report of one operation, whatever it was read from. Also what `mainstay report --format json` prints. */
import type { ArmCount } from '../model/ledger-release.ts';
import type { Decision } from '../model/deploy-state.ts';
import type { MetricVerdict } from '../model/analysis.ts';
import type { BeforeRecord, ForeignChange, Outcome, PreflightResult, RestoredObject } from '../model/operation.ts';
import type { MigrationReport } from '../model/migration.ts';
import type { DeployPlan } from '../model/plan.ts';

/** Beside the outcomes of a result: how a workflow without one stands or ended. */
export const REPORT_OUTCOMES = [
  'promoted',
  'unchanged',
  'rolledBack',
  'rejected',
  'aborted',
  'superseded',
  'planned',
  'running',
  'terminated',
  'failed',
  'unknown',
] as const;
export type ReportOutcome = Outcome | (typeof REPORT_OUTCOMES)[number];

export const REPORT_SOURCES = ['ledger', 'result', 'status', 'memo', 'ownership', 'describe'] as const;
export type ReportSourceName = (typeof REPORT_SOURCES)[number];

/** From where a part of the report comes, so that nobody takes less for all. */
export interface ReportSource {
  readonly from: ReportSourceName;
  readonly says: string;
}

export interface ReportStep {
  /** `Step 2 at 25 %`, `Bake` */
  readonly name: string;
  readonly step: number;
  readonly weightPercent: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly phase: string;
  readonly reason: string;
  readonly metrics: readonly MetricVerdict[];
  readonly looks: number;
  /** All requests while it was watched, where the ledger has them. */
  readonly canary?: ArmCount;
  readonly stable?: ArmCount;
  /** False: the operation ended before it judged this; the verdict is what the numbers say by themselves. */
  readonly judged: boolean;
}

export interface ReportEvent {
  readonly atMs: number;
  readonly what: string;
  readonly outcome: 'done' | 'failed';
  readonly says: string;
  /** Id of another operation that did it: the one that cleaned up. */
  readonly by?: string;
}

/** One notice or incident that was made of the operation. */
export interface ReportNotice {
  readonly kind: 'notification' | 'incident';
  readonly atMs: number;
  readonly urgency: string;
  readonly subject: string;
}

export interface ReleaseReport {
  readonly schemaVersion: 1;
  readonly workflowId: string;
  readonly runId: string;
  readonly operation: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly image?: string;
  readonly requestedBy: string;
  /** Why it was asked for; empty where nobody said. */
  readonly askedBecause: string;
  readonly outcome: ReportOutcome;
  readonly reasonCode?: string;
  readonly reason: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly term?: number;
  readonly planDigest?: string;
  readonly catalogueDigest?: string;
  readonly plan?: DeployPlan;
  readonly before?: BeforeRecord;
  readonly migrations?: MigrationReport;
  readonly steps: readonly ReportStep[];
  readonly events: readonly ReportEvent[];
  readonly decisions: readonly Decision[];
  readonly restored: readonly RestoredObject[];
  readonly foreign: readonly ForeignChange[];
  readonly preflight: readonly PreflightResult[];
  readonly notices: readonly ReportNotice[];
  /** Workflow id of the operation this one cleaned up after. */
  readonly restores?: string;
  /** Workflow id of the operation that cleaned up after this one. */
  readonly restoredBy?: string;
  readonly next: readonly NextStep[];
  readonly sources: readonly ReportSource[];
  /** What could not be known, and why. */
  readonly missing: readonly string[];
}

/** What a person may do now. */
export interface NextStep {
  readonly says: string;
  /** Ready to paste. */
  readonly command?: string;
}
