/** What a restored database is compared with, and what is said of it. */

/** The number of the way digests are made; another number means that digests cannot be compared. */
export const DIGEST_ALGORITHM = 'hash_record_extended/1';

/** A part of a table whose rows never change any more, by a condition on its columns; without one the whole table. */
export interface ClosedRange {
  readonly schema: string;
  readonly table: string;
  /** SQL condition on the table's columns, such as `created_at < '2026-11-01'`; left out: every row. */
  readonly where?: string;
}

/** Count and order-free digest of one table, or of its closed range. */
export interface TableDigest {
  readonly schema: string;
  readonly table: string;
  /** Rows in the whole table. */
  readonly rows: number;
  /** Sum of the rows' hashes over `range` or, without one, over every row; a numeric in text. `null`: not made, see `note`. */
  readonly digest: string | null;
  /** Condition of the closed range. */
  readonly where?: string;
  /** Rows that `digest` was made of, where these are not all: of the range, of the sample. */
  readonly rangeRows?: number;
  /** With a range: sum over every row, so that a table nobody wrote to is proven whole. */
  readonly wholeDigest?: string;
  /** Closed by declaration or by observation: equality is required. Open: the rule for open ranges applies. */
  readonly closed: boolean;
  /** Closed by observation: it was the same before and after the backup, and nobody wrote to it meanwhile. */
  readonly unchanged?: true;
  /** Rows ever inserted, updated and deleted, as the server has counted them; left out where it does not count. */
  readonly writes?: string;
  /** Share of the rows that were hashed, 1 for all. */
  readonly sampled: number;
  readonly note?: string;
}

/** One row of the catalogue's fingerprint: set difference names each fault. */
export interface FingerprintRow {
  /** `relation`, `column`, `constraint`, `index`, `trigger`, `policy`, `function`, `extension`, `grant`, `role`, `collation`, ... */
  readonly kind: string;
  readonly name: string;
  readonly definition: string;
}

export interface SequenceMark {
  readonly schema: string;
  readonly sequence: string;
  readonly table: string;
  readonly column: string;
  /** It was behind its column already when the manifest was taken (explicit ids). */
  readonly behind: boolean;
}

/** What a database was when it was backed up; taken in one repeatable-read transaction. Holds no row of anybody. */
export interface Manifest {
  readonly format: 1;
  readonly algorithm: string;
  readonly takenAtMs: number;
  readonly database: string;
  readonly serverVersion: number;
  readonly serverMajor: number;
  readonly systemIdentifier: string;
  readonly timelineId: number;
  /** Transaction id at which it was taken, as `pg_current_snapshot()`'s xmin; a text, it exceeds 32 bits. */
  readonly xid: string;
  readonly tables: readonly TableDigest[];
  readonly fingerprint: readonly FingerprintRow[];
  /** sha256 of the fingerprint. */
  readonly schemaHash: string;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly settings: Readonly<Record<string, string>>;
  readonly sequences: readonly SequenceMark[];
  /** A row that was written just before, to be found again. */
  readonly canary?: { readonly token: string; readonly atMs: number };
  /** `schema.table` of the tables whose columns had statistics for the planner. */
  readonly analysed?: readonly string[];
  /** Large objects, foreign tables and the like that no digest covers. */
  readonly notCovered: readonly string[];
}

export const CHECK_KINDS = [
  'lineage',
  'isolation',
  'settings',
  'schema',
  'canary',
  'freshness',
  'counts',
  'digest',
  'heap',
  'index',
  'indexValid',
  'foreignKey',
  'sequence',
  'checksum',
  'collation',
  'statistics',
  'rule',
  'probe',
] as const;
export type CheckKind = (typeof CHECK_KINDS)[number];

/**
 * `unproven`: it ran, and what it saw neither proves nor refutes (an open range that changed). `couldNotVerify`: it could
 * not run (no rights, no amcheck, time over). `skip`: what it depends on failed. `warn`: true of the source too, or no
 * danger to the data.
 */
export const CHECK_STATES = ['pass', 'warn', 'fail', 'couldNotVerify', 'unproven', 'skip'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export interface CheckResult {
  readonly kind: CheckKind;
  /** `public.orders`, `public.orders_pkey`; the database's name for what concerns it as a whole. */
  readonly object: string;
  readonly state: CheckState;
  /** What was expected and what was seen, in words a person can act on. */
  readonly says: string;
  readonly ms: number;
  /** Rows that were read, where they were counted. */
  readonly rows?: number;
}

export const SUITE_VERDICTS = ['PASS', 'FAIL', 'COULD-NOT-VERIFY'] as const;
export type SuiteVerdict = (typeof SUITE_VERDICTS)[number];

/** Everything the suite saw. Verdict and reasons are core's: they can be made again from the checks. */
export interface SuiteReport {
  readonly verdict: SuiteVerdict;
  /** The worst first; one line each, ready to be shown. */
  readonly reasons: readonly string[];
  readonly checks: readonly CheckResult[];
  /** What nobody looked at, by name: open ranges, indexes without a checker, large objects, samples. */
  readonly notProven: readonly string[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly serverVersion: number;
  readonly databaseBytes: number;
  readonly rows: number;
  /** Newest moment found in the data: the canary row's, or the catalogue's freshness query. */
  readonly newestDataAtMs?: number;
}
