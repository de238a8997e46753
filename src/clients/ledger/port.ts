/** The release ledger: what was done to production, by whom, why, and how it ended. It decides nothing. */
import type { BackupOperation, BackupRecord } from '../../core/model/backup-record.ts';
import type { LedgerEntry, OperationKey } from '../../core/model/ledger.ts';
import type { LedgerRelease, LedgerSummary } from '../../core/model/ledger-release.ts';

export interface ListWish {
  /** Newest first, at most so many. */
  readonly limit: number;
  readonly environment?: string;
  readonly service?: string;
}

export interface BackupWish {
  /** Newest first, at most so many. */
  readonly limit: number;
  readonly environment?: string;
  readonly database?: string;
  readonly operation?: BackupOperation;
  /** Whose nominal time is not later. */
  readonly beforeMs?: number;
}

/** Every call is bounded in time and throws a CodedError: Unavailable, Timeout, Forbidden, PreconditionFailed, BadResponse. */
export interface Ledger extends ServiceRecords {
  /** Safe to repeat, in any order. One entry is written whole or not at all. */
  write(entry: LedgerEntry): Promise<void>;
  /** The run that was named, or the latest of that id. */
  readRelease(key: Pick<OperationKey, 'workflowId'> & Partial<OperationKey>): Promise<LedgerRelease | undefined>;
  list(wish: ListWish): Promise<readonly LedgerSummary[]>;
  /** A backup or a verification with its checks: the run that was named, or the latest of that id. */
  readBackup(key: Pick<OperationKey, 'workflowId'> & Partial<OperationKey>): Promise<BackupRecord | undefined>;
  /** Without their checks. */
  listBackups(wish: BackupWish): Promise<readonly BackupRecord[]>;
  close(): Promise<void>;
}

/** Whose stable arm was measured. */
export interface RecordKey {
  readonly service: string;
  readonly environment: string;
  readonly metric: string;
}

/** One minute of the stable arm: requests `n` and errors `e`. */
export interface RecordBin {
  /** Begin of the minute; taken down to the whole minute. */
  readonly atMs: number;
  readonly n: number;
  readonly e: number;
}

/** Length and age of the record of a service: 4 hours of minutes, none older than a week. */
export const RECORD_BINS = 240;
export const RECORD_AGE_MS = 7 * 86_400_000;

/** How a service's error ratio swings by itself, kept from release to release for the `sequential` judge. */
export interface ServiceRecords {
  /** A minute that is saved again takes the later numbers. What is too old or too many is forgotten. */
  saveRecord(key: RecordKey, bins: readonly RecordBin[], nowMs: number): Promise<void>;
  /** Oldest first; at most the newest 240 that are at most 7 days old; empty when there is none. */
  loadRecord(key: RecordKey, nowMs: number): Promise<readonly RecordBin[]>;
}
