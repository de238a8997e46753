/** Inputs and results of the activities on temporary instances; see ../database/types.ts for what holds for all. */
import type { Endpoint, InstanceFacts, ObjectReference, SnapshotRef } from '../../core/model/backup.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import type { CheckResult, CheckState, SuiteVerdict } from '../../core/model/restore.ts';
import type { TemporaryInstance } from '../../core/model/temporary.ts';
import type { NotStarted, WaitFailure } from '../database/types.ts';

export interface RestoreInstanceInput {
  readonly plan: DatabasePlan;
  readonly temporary: TemporaryInstance;
  readonly snapshot: SnapshotRef;
}
export type RestoreInstanceResult =
  | { readonly outcome: 'started'; readonly arn: string; readonly adopted: boolean }
  | NotStarted;

export interface AwaitInstanceInput {
  readonly temporary: TemporaryInstance;
  readonly untilMs: number;
  readonly pollMs: number;
}
export type AwaitInstanceResult =
  | {
      readonly outcome: 'ready';
      readonly instance: Omit<InstanceFacts, 'tags'>;
      readonly endpoint: Endpoint;
      readonly warnings: readonly string[];
      readonly elapsedMs: number;
    }
  | (WaitFailure & {
      /** It costs money until it is deleted. */
      readonly billed: boolean;
    });

export interface PrepareCopyInput {
  readonly plan: DatabasePlan;
  readonly temporary: TemporaryInstance;
  readonly untilMs: number;
}
export type PrepareCopyResult =
  | {
      readonly outcome: 'prepared';
      readonly disarmed: readonly string[];
      /** What the suite will not be able to verify, in words. */
      readonly lacking: readonly string[];
      readonly endpoint: Endpoint;
    }
  | {
      readonly outcome: 'couldNotPrepare';
      readonly reasonCode: 'notIsolated' | 'notOurs' | 'gone' | 'password' | 'unreachable' | 'deadline';
      readonly reason: string;
    };

export interface RunRestoreSuiteInput {
  readonly plan: DatabasePlan;
  readonly temporary: TemporaryInstance;
  readonly endpoint: Endpoint;
  /** Left out: what only a manifest can prove could not be verified. */
  readonly manifest?: Omit<ObjectReference, 'bytes'>;
  /** The moment of the backup: data may be older than it by the RPO. */
  readonly asOfMs: number;
}
export interface RunRestoreSuiteResult {
  readonly verdict: SuiteVerdict;
  /** The worst first, at most 20. */
  readonly reasons: readonly string[];
  /** What nobody looked at, at most 20. */
  readonly notProven: readonly string[];
  readonly checks: Readonly<Record<CheckState, number>>;
  /** Checks that are not `pass`, at most 20, texts cut at 300 characters. */
  readonly notable: readonly CheckResult[];
  /** The whole report; absent when it could not be stored, see `warnings`. */
  readonly report?: ObjectReference;
  readonly warnings: readonly string[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly serverVersion: number;
  readonly databaseBytes: number;
  readonly rows: number;
  readonly newestDataAtMs?: number;
  /** Checks that an earlier attempt had finished. */
  readonly resumed: number;
}

export interface DeleteTemporaryInput {
  readonly temporary: TemporaryInstance;
}
/**
 * Thrown meanwhile: NotReady (it may not be deleted yet: creating, a change runs), to be retried without end.
 * `foreign`: that name is somebody else's; it was not touched.
 */
export type DeleteTemporaryResult =
  | { readonly outcome: 'deleting'; readonly reason: string }
  | { readonly outcome: 'gone'; readonly reason: string }
  | { readonly outcome: 'foreign'; readonly reason: string };

export interface ProveGoneInput {
  readonly temporary: TemporaryInstance;
  readonly untilMs: number;
  readonly pollMs: number;
}
export interface Leftover {
  readonly kind: 'instance' | 'automatedBackup' | 'snapshot';
  readonly identifier: string;
  readonly status: string;
}
export type ProveGoneResult =
  | { readonly outcome: 'gone'; readonly provenAtMs: number; readonly looked: readonly string[] }
  /** It costs money: somebody must look. */
  | { readonly outcome: 'left'; readonly left: readonly Leftover[]; readonly reason: string }
  /** That name is somebody else's instance now; ours is gone. */
  | { readonly outcome: 'foreign'; readonly reason: string };

export interface FindTemporariesInput {
  readonly regions: readonly string[];
}
export interface FoundTemporary {
  readonly temporary: TemporaryInstance;
  readonly status: string;
  /** Past its expiry: to be deleted by whoever finds it. */
  readonly expired: boolean;
  readonly reason: string;
}
export interface FindTemporariesResult {
  readonly atMs: number;
  readonly found: readonly FoundTemporary[];
  /** Look like ours and lack something (tag, name, expiry): left alone, for a person to look at. */
  readonly suspicious: readonly { readonly region: string; readonly identifier: string; readonly reason: string }[];
  /** Regions that did not answer: nothing is known of them. */
  readonly notLooked: readonly { readonly region: string; readonly reason: string }[];
}
