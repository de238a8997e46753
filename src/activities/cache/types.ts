/**
 * Inputs and results of the activities of a cache's copy. They stand in workflow histories: a field may be added, none
 * may change its meaning. No key and no value of the cache stands in them.
 */
import type { ObjectReference, OperationMark } from '../../core/model/backup.ts';
import type { CacheName, CachePlan } from '../../core/model/cache.ts';

export interface ResolveCacheInput {
  readonly input: CacheName;
  readonly expectCatalogue?: string;
}

export interface CopyCacheInput {
  readonly plan: CachePlan;
  readonly mark: OperationMark;
  readonly nominalAtMs: number;
}

export interface CacheCopyFacts {
  readonly folder: string;
  readonly rdb: ObjectReference;
  readonly manifest: ObjectReference;
  readonly rdbVersion: number;
  /** `redis 7.0.15` */
  readonly server: string;
  readonly keysBefore: number;
  readonly keysAfter: number;
  readonly takenAtMs: number;
  readonly tookMs: number;
}

export type CopyCacheResult =
  | {
      readonly outcome: 'copied';
      readonly copy: CacheCopyFacts;
      readonly adopted: boolean;
      readonly notes: readonly string[];
    }
  | { readonly outcome: 'couldNotCopy'; readonly reason: string };

export interface VerifyCacheInput {
  readonly plan: CachePlan;
  readonly copy: CacheCopyFacts;
}
export type VerifyCacheResult =
  | { readonly outcome: 'verified'; readonly says: readonly string[]; readonly keys: number; readonly tookMs: number }
  | { readonly outcome: 'failed' | 'couldNotVerify'; readonly says: readonly string[] };

export interface PruneCacheInput {
  readonly plan: CachePlan;
  readonly own: string;
  readonly nowMs: number;
}
export interface PruneCopiesResult {
  readonly removed: readonly { readonly folder: string; readonly reason: string }[];
  readonly kept: number;
}
