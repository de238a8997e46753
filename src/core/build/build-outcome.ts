/** What a finished build means. */

/** How a build command ended, as its job folder records it. */
export interface BuildEnd {
  readonly ended: 'exited' | 'timedOut' | 'stopped' | 'vanished' | 'notStarted';
  /** Null unless the command exited by itself. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Last line of standard output that is not empty, without surrounding white space. */
  readonly lastOutputLine: string;
  /** Last lines of both outputs, oldest first, secrets replaced. */
  readonly tail: readonly string[];
  /** Why it was not started or was taken for vanished. */
  readonly problem?: string;
}

export type BuildAssessment =
  | { readonly outcome: 'built'; readonly digest: string }
  | { readonly outcome: 'failed'; readonly reason: string };

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/**
 * The digest of a build, or why there is none. A build that says nothing usable has failed, whatever its exit code.
 *
 * exit 0, last line `sha256:` + 64 digits -> built; exit 0, last line `done` -> failed: last line of output is `done`;
 * exit 2 -> failed: command exited with code 2 after 3.2 s.
 */
export function assessBuild(end: BuildEnd): BuildAssessment {
  const took = `after ${formatSeconds(end.endedAtMs - end.startedAtMs)} s`;
  switch (end.ended) {
    case 'notStarted':
      return failed(`command could not be started: ${end.problem ?? 'no reason was recorded'}`);
    case 'vanished':
      return failed(`build process vanished ${took}: ${end.problem ?? 'no reason was recorded'}`);
    case 'timedOut':
      return failed(`command was stopped ${took}: its time was over`);
    case 'stopped':
      return failed(`command was stopped ${took}: the deployment no longer wants it`);
    case 'exited':
      break;
  }
  if (end.signal !== null) return failed(`command was killed by ${end.signal} ${took}`);
  if (end.exitCode !== 0) return failed(`command exited with code ${end.exitCode} ${took}`);
  if (!isDigest(end.lastOutputLine)) {
    const found = end.lastOutputLine === '' ? 'the output is empty' : `it is \`${end.lastOutputLine.slice(0, 120)}\``;
    return failed(`last line of output must be the image digest, sha256: and 64 hexadecimal digits; ${found}`);
  }
  return { outcome: 'built', digest: end.lastOutputLine };
}

function failed(reason: string): BuildAssessment {
  return { outcome: 'failed', reason };
}

/** One decimal below a minute, whole seconds from there: `3.2`, `75`. */
function formatSeconds(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return seconds < 60 ? seconds.toFixed(1) : String(Math.round(seconds));
}

/** Message of a failed build: what, why, and the end of its log. */
export function explainBuildFailure(what: string, reason: string, tail: readonly string[]): string {
  if (tail.length === 0) return `${what}: ${reason}; it wrote no output`;
  return [`${what}: ${reason}; the last lines of its output:`, ...tail.map((line) => `  ${line}`)].join('\n');
}
