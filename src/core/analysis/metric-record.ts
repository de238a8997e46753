/** What is known of the stable arm before a release: requests and errors minute by minute, from kept counters. */

export interface RecordWindow {
  /** End of the last bin. */
  readonly untilMs: number;
  readonly bins: number;
  readonly binMs: number;
}

/** The last 4 hours in minutes, as the sequential judge wants them. */
export function lastHours(untilMs: number): RecordWindow {
  return { untilMs, bins: 240, binMs: 60_000 };
}

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

/** The same for a histogram: requests at or below each bucket bound. */
export interface HistogramRecord {
  readonly bins: readonly { readonly atMs: number; readonly buckets: Readonly<Record<string, number>> }[];
  readonly missing: number;
}

/** Cumulative values of one series at the bins' ends; a point that is not there was not known. */
export interface RangeSeries {
  readonly instance: string;
  /** Identity within the instance. */
  readonly id: string;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

/** Requests and errors by bin; see `incrementBins`. Errors are some of the requests, so they are known where those are. */
export function recordOf(
  total: readonly RangeSeries[],
  errors: readonly RangeSeries[],
  window: RecordWindow,
): MetricRecord {
  const { bins, missing } = incrementBins({ n: total, e: errors }, window);
  return { bins: bins.map(({ atMs, increments }) => ({ atMs, n: increments.n ?? 0, e: increments.e ?? 0 })), missing };
}

/** Requests by bucket bound and bin; see `incrementBins`. */
export function histogramRecordOf(
  buckets: Readonly<Record<string, readonly RangeSeries[]>>,
  window: RecordWindow,
): HistogramRecord {
  const { bins, missing } = incrementBins(buckets, window);
  return { bins: bins.map(({ atMs, increments }) => ({ atMs, buckets: increments })), missing };
}

interface IncrementBins {
  readonly bins: readonly { readonly atMs: number; readonly increments: Readonly<Record<string, number>> }[];
  readonly missing: number;
}

/**
 * Bins from cumulative counters, differenced series by series: `now - before`, or `now` after a restart. A series that
 * appears between two bins that are known began at 0 there, a Pod that started; one that appears first of all, or after
 * a gap of the whole record, is a beginning only. A series that was away brings what it missed when it comes back.
 *
 * A bin is known when some series was known at its begin and at its end. One with a value that is no count is not.
 *
 * Example: 60 s apart, one series 100, 160, 20 (restarted), 80 gives 60, 20, 60.
 */
function incrementBins(columns: Readonly<Record<string, readonly RangeSeries[]>>, window: RecordWindow): IncrementBins {
  const steps = window.bins + 1;
  const rows = Object.entries(columns).map(([column, series]) => ({ column, rows: countersOf(series, window, steps) }));
  const all = rows.flatMap((each) => each.rows);
  const states = Array.from({ length: steps }, (_, at) => stateAt(all, at));
  const known = states.map((state) => state !== 'unknown');
  const sums = rows.map((each) => ({ column: each.column, sums: incrementsAt(each.rows, known) }));
  const bins: IncrementBins['bins'][number][] = [];
  for (let at = 1; at < steps; at += 1) {
    if (states[at] !== 'known' || states[at - 1] !== 'known') continue;
    const increments = Object.fromEntries(sums.map((each) => [each.column, each.sums[at] ?? 0]));
    bins.push({ atMs: stepAt(window, at), increments });
  }
  return { bins, missing: window.bins - bins.length };
}

function stateAt(rows: readonly Values[], at: number): 'known' | 'unknown' | 'broken' {
  const values = rows.map((row) => row[at]).filter((value) => value !== undefined);
  if (values.length === 0) return 'unknown';
  return values.some(isBroken) ? 'broken' : 'known';
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

function isBroken(value: number): boolean {
  return !(Number.isFinite(value) && value >= 0);
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
