/** What is known of the stable arm before a release: requests and errors minute by minute, from kept counters. */

export interface RecordWindow {
  /** End of the last bin. */
  readonly untilMs: number;
  readonly bins: number;
  readonly binMs: number;
}

/** The last 4 hours in minutes, as the sequential judge wants them. */
export const RECORD_BINS = 240;
export const RECORD_BIN_MS = 60_000;

export interface RecordBin {
  /** End of the bin. */
  readonly atMs: number;
  readonly n: number;
  readonly e: number;
}

export interface MetricRecord {
  /** Oldest first; bins nobody knows are left out, those without requests are not. */
  readonly bins: readonly RecordBin[];
  /** Bins that nobody knows. */
  readonly missing: number;
}

/** Cumulative values of one series at the bins' ends; a point that is not there was not known. */
export interface RangeSeries {
  readonly instance: string;
  /** Identity within the instance. */
  readonly id: string;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

/**
 * Bins from cumulative counters, differenced series by series: `now - before`, or `now` after a restart. A series that
 * appears between two bins that are known began at 0 there, a Pod that started; one that appears first of all, or after
 * a gap of the whole record, is a beginning only. A series that was away brings what it missed when it comes back.
 *
 * A bin is known when requests were known at its begin and its end. One with a value that is no count is not.
 *
 * Example: 60 s apart, total a: 100, 160, 20 (restarted), 80 gives n 60, 20, 60.
 */
export function recordOf(
  total: readonly RangeSeries[],
  errors: readonly RangeSeries[],
  window: RecordWindow,
): MetricRecord {
  const steps = window.bins + 1;
  const requests = countersOf(total, window, steps);
  const failures = countersOf(errors, window, steps);
  const known = Array.from({ length: steps }, (_, at) => requests.some((values) => values[at] !== undefined));
  const broken = (at: number) => [...requests, ...failures].some((values) => isBroken(values[at]));
  const n = incrementsAt(requests, known);
  const e = incrementsAt(failures, known);
  const bins: RecordBin[] = [];
  for (let at = 1; at < steps; at += 1) {
    if (known[at] !== true || known[at - 1] !== true || broken(at) || broken(at - 1)) continue;
    bins.push({ atMs: stepAt(window, at), n: n[at] ?? 0, e: e[at] ?? 0 });
  }
  return { bins, missing: window.bins - bins.length };
}

type Values = readonly (number | undefined)[];

function stepAt(window: RecordWindow, at: number): number {
  return window.untilMs - (window.bins - at) * window.binMs;
}

/** One row a series, one column a step. Halves of a series (a changed target label) are one. */
function countersOf(series: readonly RangeSeries[], window: RecordWindow, steps: number): readonly Values[] {
  const rows = new Map<string, (number | undefined)[]>();
  for (const { instance, id, points } of series) {
    const key = `${instance}\u0000${id}`;
    const row = rows.get(key) ?? Array.from<number | undefined>({ length: steps });
    rows.set(key, row);
    for (const { atMs, value } of points) {
      const at = Math.round((atMs - stepAt(window, 0)) / window.binMs);
      if (at >= 0 && at < steps) row[at] = value;
    }
  }
  return [...rows.values()];
}

function isBroken(value: number | undefined): boolean {
  return value !== undefined && !(Number.isFinite(value) && value >= 0);
}

function incrementsAt(rows: readonly Values[], known: readonly boolean[]): readonly number[] {
  const sums = known.map(() => 0);
  for (const row of rows) {
    let last: number | undefined;
    for (const [at, now] of row.entries()) {
      if (now === undefined || isBroken(now)) continue;
      const before = last ?? (known[at - 1] === true ? 0 : now);
      sums[at] = (sums[at] ?? 0) + (now < before ? now : now - before);
      last = now;
    }
  }
  return sums;
}
