/** The age of the newest data: what would be lost if this copy became the database. */
import { formatDuration } from '../model/duration.ts';
import { type Finding, finding } from './finding.ts';

/** A clock that is ahead by so much is no surprise; by more it is said. */
const CLOCK_SKEW_MS = 60_000;

export function assessFreshness(input: {
  readonly newestAtMs: number | undefined;
  readonly nowMs: number;
  readonly rpoMs: number | undefined;
}): Finding {
  const { newestAtMs, nowMs, rpoMs } = input;
  if (newestAtMs === undefined)
    return finding('couldNotVerify', 'nothing says how old the data are: no canary row, no freshness query');
  const ageMs = nowMs - newestAtMs;
  const said = `newest data of ${new Date(newestAtMs).toISOString()}, ${formatDuration(Math.max(0, Math.round(ageMs / 1000) * 1000))} old`;
  if (ageMs < -CLOCK_SKEW_MS)
    return finding('warn', `newest data of ${new Date(newestAtMs).toISOString()}: in the future`);
  if (rpoMs === undefined) return finding('pass', `${said}; no RPO to hold it against`);
  return ageMs > rpoMs
    ? finding('fail', `${said}: older than the RPO of ${formatDuration(rpoMs)}`)
    : finding('pass', `${said}, within the RPO of ${formatDuration(rpoMs)}`);
}
