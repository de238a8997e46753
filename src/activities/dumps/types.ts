/**
 * Inputs and results of the activities of a dump. They stand in workflow histories: a field may be added, none may
 * change its meaning.
 */
import type { ObjectReference, OperationMark } from '../../core/model/backup.ts';
import type { DatabasePlan } from '../../core/model/database.ts';

export interface TakeDumpInput {
  readonly plan: DatabasePlan;
  readonly mark: OperationMark;
  /** The schedule's own time, or that of the start: part of the folder's name. */
  readonly nominalAtMs: number;
}

/** What is said of a dump; its relations stand in the manifest, in S3. */
export interface DumpFacts {
  readonly folder: string;
  readonly archive: ObjectReference;
  readonly manifest: ObjectReference;
  readonly serverVersion: number;
  readonly pgDumpVersion: string;
  readonly relations: number;
  readonly takenAtMs: number;
  readonly tookMs: number;
}

export type TakeDumpResult =
  | {
      readonly outcome: 'dumped';
      readonly dump: DumpFacts;
      /** A whole one of an earlier attempt was found. */
      readonly adopted: boolean;
      /** A newer pg_dump was used, and the like. */
      readonly notes: readonly string[];
    }
  | {
      readonly outcome: 'couldNotDump';
      /** `noProgram`: no pg_dump that may dump this server. `damage`: the server could not read its own data. */
      readonly reasonCode: 'noProgram' | 'damage' | 'refused';
      readonly reason: string;
    };

export interface VerifyDumpInput {
  readonly plan: DatabasePlan;
  readonly dump: DumpFacts;
}
export type VerifyDumpResult =
  | {
      readonly outcome: 'verified';
      readonly says: string;
      readonly entries: number;
      readonly bytes: number;
      readonly tookMs: number;
    }
  | { readonly outcome: 'failed' | 'couldNotVerify'; readonly reason: string };

export interface PruneDumpsInput {
  readonly plan: DatabasePlan;
  /** Folder of the dump that was just made: never touched. */
  readonly own: string;
  readonly nowMs: number;
}
export interface PruneDumpsResult {
  readonly removed: readonly { readonly folder: string; readonly reason: string }[];
  readonly kept: number;
}

/** What a heartbeat of a running dump tells. */
export interface TransferProgress {
  readonly doing: string;
  readonly bytes: number;
  readonly elapsedMs: number;
}
