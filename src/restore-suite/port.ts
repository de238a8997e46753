/** The restore suite as a library: what goes in and what comes out. It only reads, except where `prepare` says otherwise. */
import type { IntegrityRule } from '../core/model/database.ts';
import type { ClosedRange, Manifest, SuiteReport } from '../core/model/restore.ts';

export interface TakeManifestOptions {
  /** postgres:// URL: a secret, in no message. */
  readonly url: string;
  readonly closedRanges: readonly ClosedRange[];
  /** Tables above so many bytes are sampled. */
  readonly sampleAboveBytes: number;
  /** Parameters whose values are kept. */
  readonly settings?: readonly string[];
  /** Writes a row into `mainstay_canary` first (created when absent); false where the role may not write. */
  readonly canary: boolean;
  readonly connections: number;
  /** The moment that is written down, Unix ms; the server's clock when left out. */
  readonly nowMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SuiteProgress) => void;
}

export interface SuiteProgress {
  readonly done: number;
  readonly total: number;
  /** What runs now, `digest public.orders`. */
  readonly doing: string;
}

export interface VerifyOptions {
  readonly url: string;
  /** Without one, what only it can prove is could-not-verify. */
  readonly manifest?: Manifest;
  readonly connections: number;
  readonly checkTimeoutMs: number;
  readonly sampleAboveBytes: number;
  readonly criticalTables: readonly string[];
  readonly allowedLosses: Readonly<Record<string, number>>;
  readonly rules: readonly IntegrityRule[];
  readonly freshnessSql?: string;
  readonly probes: readonly { readonly name: string; readonly sql: string; readonly withinMs: number }[];
  /** Settings that differ on purpose (the quarantine's). */
  readonly expectedSettings?: Readonly<Record<string, string>>;
  /** Age of the data that is allowed at `nowMs`. */
  readonly rpoMs?: number;
  readonly nowMs: number;
  /** False where the copy is known to be no physical one (a dump that was loaded): lineage, amcheck's transaction rule and the like do not apply. */
  readonly physical: boolean;
  /** Results of checks that were finished by an earlier attempt, by `kind object`: they are not run again. */
  readonly finished?: SuiteReport['checks'];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SuiteProgress, finished: SuiteReport['checks']) => void;
}

export interface PrepareOptions {
  /** URL of the master user of the copy. */
  readonly url: string;
  /** Password of the role `mainstay_verifier`, which is made anew. */
  readonly verifierPassword: string;
}

export interface Prepared {
  /** What was disarmed: subscriptions, scheduled jobs, by name. */
  readonly disarmed: readonly string[];
  /** What could not be prepared (no amcheck, no BYPASSRLS), in words; the checks concerned could-not-verify. */
  readonly lacking: readonly string[];
  /**
   * Set: the copy was not isolated (a subscription could work before it was disarmed). It says what was seen, it is a
   * FAIL of `isolation`, and the suite says so too.
   */
  readonly refused?: string;
}

export interface RestoreSuite {
  takeManifest(options: TakeManifestOptions): Promise<Manifest>;
  /** Isolation proven, subscriptions disarmed, fingerprint kept, amcheck and role made; safe to repeat. */
  prepareCopy(options: PrepareOptions): Promise<Prepared>;
  verifyDatabase(options: VerifyOptions): Promise<SuiteReport>;
}
