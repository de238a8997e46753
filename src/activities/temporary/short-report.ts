/** What of a report stands in the history: the whole of it is kept beside the manifest. */
import { CHECK_STATES, type CheckResult, type CheckState, type SuiteReport } from '../../core/model/restore.ts';
import type { RunRestoreSuiteResult } from './types.ts';

const MOST_LINES = 20;
const LONGEST_LINE = 300;

type Short = Omit<RunRestoreSuiteResult, 'report' | 'warnings' | 'startedAtMs' | 'resumed'>;

export function shortReport(report: SuiteReport): Short {
  const { verdict, endedAtMs, serverVersion, databaseBytes, rows, newestDataAtMs } = report;
  return {
    verdict,
    reasons: lines(report.reasons),
    notProven: lines(report.notProven),
    checks: counted(report.checks),
    notable: report.checks
      .filter(({ state }) => state !== 'pass')
      .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
      .slice(0, MOST_LINES)
      .map((check): CheckResult => ({ ...check, says: cut(check.says) })),
    endedAtMs,
    serverVersion,
    databaseBytes,
    rows,
    ...(newestDataAtMs !== undefined && { newestDataAtMs }),
  };
}

/** The suite could not even begin. */
export function couldNotRun(ran: {
  readonly reason: string;
  readonly warnings: readonly string[];
  readonly startedAtMs: number;
  readonly resumed: number;
}): RunRestoreSuiteResult {
  const { reason, ...rest } = ran;
  return {
    ...rest,
    verdict: 'COULD-NOT-VERIFY',
    reasons: [cut(reason)],
    notProven: [],
    checks: counted([]),
    notable: [],
    endedAtMs: Date.now(),
    serverVersion: 0,
    databaseBytes: 0,
    rows: 0,
  };
}

const ORDER: readonly CheckState[] = ['fail', 'couldNotVerify', 'unproven', 'warn', 'skip', 'pass'];

function counted(checks: readonly CheckResult[]): Readonly<Record<CheckState, number>> {
  const counts = CHECK_STATES.map((state) => [state, checks.filter((check) => check.state === state).length] as const);
  return Object.fromEntries(counts) as Record<CheckState, number>;
}

function lines(all: readonly string[]): readonly string[] {
  if (all.length <= MOST_LINES) return all.map(cut);
  return [...all.slice(0, MOST_LINES - 1).map(cut), `and ${all.length - MOST_LINES + 1} more: see the report`];
}

function cut(text: string): string {
  return text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE - 3)}...` : text;
}
