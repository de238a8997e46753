import { shortDigest } from '../status/seen.ts';
import type { ReleaseReport } from './release-report.ts';

export interface TimelineRow {
  readonly atMs: number;
  readonly says: string;
}

/** What was done, judged and decided, in the order in which it happened. */
export function timelineOf(report: ReleaseReport): readonly TimelineRow[] {
  const { startedAtMs, endedAtMs, requestedBy, version, events, steps, decisions, outcome } = report;
  const rows: TimelineRow[] = [
    { atMs: startedAtMs, says: `begun: ${version}, asked by ${requestedBy}` },
    ...events.map(({ atMs, what, outcome: how, says, by }) => ({
      atMs,
      says: `${by === undefined ? '' : `${by}: `}${how === 'failed' ? `${what} failed: ` : ''}${shortDigest(says)}`,
    })),
    ...steps.map(({ name, endedAtMs: atMs, phase, reason, judged }) => ({
      atMs,
      says: `${name}: ${phase}${judged ? '' : ' (not judged)'}, ${reason}`,
    })),
    ...decisions.map(({ atMs, what, by, reason }) => ({
      atMs,
      says: `${by}: ${what}${reason === '' ? '' : ` (${reason})`}`,
    })),
  ];
  // Stable: what has the same moment stays as it was told.
  rows.sort((a, b) => a.atMs - b.atMs);
  if (endedAtMs !== undefined) rows.push({ atMs: endedAtMs, says: `ended: ${outcome}` });
  return rows;
}
