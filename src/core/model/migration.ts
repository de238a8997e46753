/** Migrations of a service's database: what stands in the plan, what is seen, what is told. Never the text of a file. */

/** Part of the plan: everything but the files themselves, which are named by one digest. */
export interface MigrationsPlan {
  /** Secret reference of the database's URL. */
  readonly database: string;
  /** Absolute, on the worker's machine. */
  readonly directory: string;
  /** Over names and checksums of all files when the plan was made: what runs is what was approved. */
  readonly digest: string;
  /** How many files there are. */
  readonly files: number;
  /** Longest wait for another run's advisory lock. */
  readonly lockWaitMs: number;
  /** `lock_timeout` of each statement. */
  readonly lockTimeoutMs: number;
  /** How often a file is tried whose statement did not get its lock. */
  readonly lockTries: number;
  /** `statement_timeout` of each statement; a file may ask for its own. */
  readonly statementTimeoutMs: number;
  /** For the whole phase. */
  readonly deadlineMs: number;
  /** File of checksums in the directory, as `sha256sum` writes it: every pending file must stand there. */
  readonly reviewed?: string;
}

/** `expand` runs before the canary; `contract` takes something away, and waits until nobody needs it. */
export const MIGRATION_KINDS = ['expand', 'contract'] as const;
export type MigrationKind = (typeof MIGRATION_KINDS)[number];

export interface NamedChecksum {
  /** `0001_add_column.expand.sql` */
  readonly name: string;
  /** sha256 of the file's bytes, 64 hexadecimal digits. */
  readonly checksum: string;
}

/** What a rule found in a file that is to run before the canary. */
export interface MigrationFinding {
  readonly rule: string;
  /** From 1. */
  readonly line: number;
  readonly says: string;
  /** Why the file may do it all the same, as it says itself. */
  readonly allowed?: string;
}

export interface MigrationFile extends NamedChecksum {
  readonly kind: MigrationKind;
  /** Position in the order. */
  readonly number: number;
  /** True for the one statement that cannot run in a transaction. */
  readonly noTransaction: boolean;
  /** Why it may come before one that is applied already. */
  readonly outOfOrder?: string;
  /** What makes it unusable: never run, whatever the mode of the check. */
  readonly faults: readonly string[];
  readonly findings: readonly MigrationFinding[];
}

/** A row of `mainstay.migrations`. */
export interface RecordedMigration extends NamedChecksum {
  /** False for one outside a transaction that was begun and not seen to end. */
  readonly finished: boolean;
  /** Workflow id of the operation that ran it. */
  readonly operation: string;
}

/** What the preflight saw. */
export interface MigrationsFact {
  readonly files: readonly MigrationFile[];
  readonly recorded: readonly RecordedMigration[];
  /** Why the database would refuse to be migrated, if it would. */
  readonly refusal?: string;
  /** Of the file of checksums; left out when there is no such file. */
  readonly reviewed?: readonly NamedChecksum[];
}

/** What the report of a deployment tells of its migrations. */
export interface MigrationReport {
  /** Applied by this operation, in order. */
  readonly applied: readonly NamedChecksum[];
  /** Still to run, with the reason when one failed. */
  readonly pending: readonly NamedChecksum[];
  readonly failed?: { readonly name: string; readonly reason: string };
  /** Names of contract files that are not applied: they run after the bake, never here. */
  readonly contract: readonly string[];
  /** Recorded in the database, and no longer among the files. */
  readonly missing: readonly string[];
}
