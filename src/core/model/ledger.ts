/**
 * What the release ledger is told. Every entry may be written twice, late and in any order: the rows are then the same
 * as after one writing in order. Nothing in it is a secret: plans carry references only (S11).
 */
import type { BackupRecord } from './backup-record.ts';
import type { Decision } from './deploy-state.ts';
import type { Incident, Notification } from './notice.ts';
import type { ReleaseRecords } from '../analysis/sequential/record.ts';
import type { StepVerdict } from './analysis.ts';
import type { BeforeRecord, DeployResult, StepTally } from './operation.ts';
import type { OwnerSummary } from './ownership.ts';
import type { DeployPlan } from './plan.ts';

/** One run of one workflow: ids may be given again, runs never. */
export interface OperationKey {
  readonly workflowId: string;
  readonly runId: string;
}

export type OperationKind = 'deployService' | 'restoreService';

/** It owns its service and is about to change something: what stands here must be told even if nothing else ever is. */
export interface StartEntry {
  readonly kind: 'start';
  readonly key: OperationKey;
  readonly operation: OperationKind;
  readonly plan: DeployPlan;
  readonly before?: BeforeRecord;
  readonly term: number;
  readonly atMs: number;
}

/** One thing that was done to the cluster, or that could not be. */
export interface EventEntry {
  readonly kind: 'event';
  readonly key: OperationKey;
  /** Id of the activity: the same in each of its attempts. */
  readonly activityId: string;
  /** Name of the activity. */
  readonly what: string;
  /** Left out where the activity is not told them. */
  readonly environment?: string;
  readonly service?: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attempt: number;
  readonly outcome: 'done' | 'failed';
  /** In words. */
  readonly says: string;
}

/** What a watch brought home: a step, a hold or the bake. */
export interface WatchEntry {
  readonly kind: 'watch';
  readonly key: OperationKey;
  readonly activityId: string;
  /** Index of the step record it led to; left out where the workflow does not say. */
  readonly record?: number;
  readonly plan: DeployPlan;
  readonly weightPercent: number;
  readonly tally: Omit<StepTally, 'cursor'>;
  /** What the `sequential` judge knew of the stable arm before the release. */
  readonly records?: ReleaseRecords;
  /** What core says of the tally by itself, should the operation never say it. */
  readonly verdict?: StepVerdict;
}

/** The whole of an operation, at its end. */
export interface EndEntry {
  readonly kind: 'end';
  readonly key: OperationKey;
  readonly operation: OperationKind;
  readonly requestedBy: string;
  /** Why it was asked for. */
  readonly askedBecause: string;
  readonly plan?: DeployPlan;
  readonly before?: BeforeRecord;
  readonly decisions: readonly Decision[];
  readonly result: DeployResult;
  /** Of a `restoreService`: the operation that ended without release. */
  readonly restores?: OwnerSummary;
}

export type NotificationEntry = { readonly kind: 'notification' } & Notification;
export type IncidentEntry = { readonly kind: 'incident' } & Incident;

/** The whole of a backup or a restore verification, at its end. */
export type BackupEntry = { readonly kind: 'backup' } & BackupRecord;

export type LedgerEntry =
  | StartEntry
  | EventEntry
  | WatchEntry
  | EndEntry
  | BackupEntry
  | NotificationEntry
  | IncidentEntry;

/**
 * How an operation ended as the ledger knows it. `terminated`: it ended without a word of its own (terminated, timed out,
 * failed), and a `restoreService` wrote its end.
 */
export const TERMINATED = 'terminated';
