import type { BuildEnd } from '../../core/build/build-outcome.ts';

export interface BuildRequest {
  /** Lower-case letters, digits and dashes. The same id is the same build: it is never started twice. */
  readonly jobId: string;
  /** argv; no shell. */
  readonly command: readonly string[];
  readonly directory: string;
  /** Added to the inherited environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names in `environment` whose values are replaced wherever they appear in the output. */
  readonly secretNames: readonly string[];
  readonly timeoutMs: number;
}

/** What can be seen of a build. */
export type BuildSight =
  | { readonly state: 'absent' }
  | { readonly state: 'running'; readonly startedAtMs: number; readonly lastLine: string }
  | { readonly state: 'ended'; readonly end: BuildEnd; readonly logPath: string };

/**
 * Builds that outlive the process that started them. All calls may be made by any process on the same host, again and
 * at the same time.
 */
export interface BuildJobs {
  /** Returns when the build runs or has ended. Throws CodedError Unavailable when it cannot be brought to run. */
  start(request: BuildRequest): Promise<void>;
  /** A build whose process is gone without a result is recorded as vanished. */
  look(jobId: string): Promise<BuildSight>;
  /** Ends the command and everything in its process group, and returns when that is done (within 15 s). */
  stop(jobId: string, why: 'stopped' | 'timedOut'): Promise<void>;
}
