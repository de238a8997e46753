/**
 * From cumulative counters to increments and slots. Source: the hygiene rules of the sequential judge; `threshold`
 * takes its samples from the same increments.
 */
import type { Arm, Slot } from '../model/analysis.ts';
import type { ArmReading, InstanceReading, SelectorReading } from './reading.ts';

/** Last cumulative values of one instance: for each selector, by series; a histogram's series by bucket bound. */
export type SeriesValues = Readonly<Record<string, Readonly<Record<string, number>>>>;
/** Null for a selector that has brought nothing yet. */
export type InstanceValues = readonly (SeriesValues | null)[];

/** Last cumulative values of one metric in one arm, by instance. */
export interface ArmCounters {
  readonly instances: Readonly<Record<string, InstanceValues>>;
  /**
   * Series of an instance are added up before they are compared: set once there are more than `MAX_SERIES`, so that
   * the state stays small. A process restarts as a whole, so only a series that vanishes alone would be misread.
   */
  readonly folded: boolean;
}

export const NO_COUNTERS: ArmCounters = { instances: {}, folded: false };

/** Values kept for one metric in one arm before series of one instance are added up. */
export const MAX_SERIES = 300;

/** Key of a series without buckets within its record. */
const PLAIN = '';
const FOLDED = '*';

export interface FirstSight {
  readonly arm: Arm;
  /** Start of the release by the clock of this process. */
  readonly releaseStartedAtMs: number;
}

/** Increments of one metric in one arm since the last look; for each selector, by bucket bound (`''` without). */
export interface ArmIncrements {
  /** Null: missing (nobody answered, the metric is not known there, or a value is NaN or negative). */
  readonly bySelector: readonly (Readonly<Record<string, number>> | null)[];
  readonly counters: ArmCounters;
}

/**
 * Increments per series: `now - before`, or `now` after a restart (`now < before`), added up over series and instances;
 * a sum is never differenced. First sight of an instance counts 0 when it is older than the release, else its full
 * value; a series that appears later in a known instance began at 0 there. An instance that vanished adds 0.
 *
 * While a selector is missing, its last values stay as they were: the next good look brings the requests in between.
 *
 * Example: before {a: 10, b: 7}, now {a: 15, b: 2, c: 3} gives 5 + 2 + 3 = 10.
 */
export function incrementsOf(
  before: ArmCounters,
  reading: ArmReading,
  selectors: number,
  sight: FirstSight,
): ArmIncrements {
  const folded = before.folded || countValues(reading) > MAX_SERIES;
  const old = folded && !before.folded ? foldCounters(before) : before;
  const sums: (Record<string, number> | null)[] = Array.from({ length: selectors }, () => ({}));
  const broken = Array.from({ length: selectors }, (_, at) => isMissing(reading, at));
  const instances: Record<string, InstanceValues> = {};
  for (const [name, values] of Object.entries(old.instances)) {
    if (reading.listed === null || reading.listed.includes(name)) instances[name] = values;
  }
  for (const one of reading.answered) {
    const known = old.instances[one.instance];
    instances[one.instance] = one.selectors.map((selector, at) => {
      const last = known?.[at] ?? null;
      const sum = sums[at];
      if (broken[at] === true || !sum) return last;
      const now = folded ? foldValues(valuesOf(selector)) : valuesOf(selector);
      const fromZero = last !== null || isNew(one, sight);
      for (const [id, buckets] of Object.entries(now)) addIncrement(sum, last?.[id], buckets, fromZero);
      return { ...last, ...now };
    });
  }
  return { bySelector: sums.map((sum, at) => (broken[at] === true ? null : sum)), counters: { instances, folded } };
}

/** A pod that the release started (every canary pod, and a stable pod created since) began at zero. */
function isNew(instance: InstanceReading, sight: FirstSight): boolean {
  if (sight.arm === 'canary') return true;
  return instance.createdAtMs !== null && instance.createdAtMs > sight.releaseStartedAtMs;
}

function addIncrement(
  sum: Record<string, number>,
  last: Readonly<Record<string, number>> | undefined,
  now: Readonly<Record<string, number>>,
  fromZero: boolean,
): void {
  // The buckets of one histogram restart together, so one that fell shows it for all.
  const restarted = last !== undefined && Object.entries(now).some(([le, value]) => value < (last[le] ?? 0));
  for (const [le, value] of Object.entries(now)) {
    const before = last === undefined ? (fromZero ? 0 : value) : restarted ? 0 : (last[le] ?? 0);
    sum[le] = (sum[le] ?? 0) + value - before;
  }
}

function isMissing(reading: ArmReading, at: number): boolean {
  if (reading.answered.length === 0) return true;
  if (!reading.answered.some((one) => one.selectors[at]?.known === true)) return true;
  return reading.answered.some((one) => one.selectors[at]?.series.some((series) => !isCount(series.value)) === true);
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function valuesOf(selector: SelectorReading): SeriesValues {
  const values: Record<string, Record<string, number>> = {};
  for (const series of selector.series) {
    if (!isCount(series.value)) continue;
    const buckets = (values[series.id] ??= {});
    const le = series.le ?? PLAIN;
    buckets[le] = (buckets[le] ?? 0) + series.value;
  }
  return values;
}

function countValues(reading: ArmReading): number {
  let count = 0;
  for (const instance of reading.answered) for (const one of instance.selectors) count += one.series.length;
  return count;
}

function foldCounters(counters: ArmCounters): ArmCounters {
  const instances: Record<string, InstanceValues> = {};
  for (const [name, values] of Object.entries(counters.instances))
    instances[name] = values.map((one) => one && foldValues(one));
  return { instances, folded: true };
}

function foldValues(values: SeriesValues): SeriesValues {
  const sum: Record<string, number> = {};
  for (const buckets of Object.values(values)) {
    for (const [le, value] of Object.entries(buckets)) sum[le] = (sum[le] ?? 0) + value;
  }
  return Object.keys(sum).length === 0 ? {} : { [FOLDED]: sum };
}

/** Requests and errors since the last look, null where missing. */
export function countsOf(increments: ArmIncrements): { readonly n: number | null; readonly e: number | null } {
  const plain = (at: number) => {
    const sum = increments.bySelector[at];
    return sum ? (sum[PLAIN] ?? 0) : null;
  };
  return { n: plain(0), e: plain(1) };
}

/**
 * Requests and slow ones since the last look, from a histogram's buckets; null where missing, and where the histogram
 * does not have the bound.
 *
 * Example: le 0.5: 95, +Inf: 100 and the bound 0.5: 100 requests, 5 slow.
 */
export function slowCountsOf(
  increments: ArmIncrements,
  le: string | undefined,
): { readonly n: number | null; readonly e: number | null } {
  const buckets = increments.bySelector[0];
  if (!buckets || le === undefined) return { n: null, e: null };
  // A look without any request brings no bucket at all.
  if (Object.keys(buckets).length === 0) return { n: 0, e: 0 };
  const n = buckets['+Inf'];
  const fast = buckets[le];
  return n === undefined || fast === undefined ? { n: null, e: null } : { n, e: Math.max(0, n - fast) };
}

/** A slot whose four numbers are known and agree. */
export interface CleanSlot {
  readonly step: number;
  readonly nC: number;
  readonly eC: number;
  readonly nS: number;
  readonly eS: number;
}

export interface CleanSlots {
  readonly slots: readonly CleanSlot[];
  /** Slots dropped because a number was missing, NaN or negative. */
  readonly missing: number;
  /** Why the judge must hold now, if it must. */
  readonly hold?: 'no-data' | 'inconsistent-counts';
}

/** Slots in a row that may be missing, or carried over, before the judge holds. */
export const MAX_UNUSABLE_SLOTS = 6;

/**
 * Drops slots with a missing number, and adds a slot with more errors than requests to the next one until it holds in
 * both arms (at most 6 slots, across a change of step as well: it then counts for the later step).
 * Example: (n 1, e 2), (n 3, e 0) becomes (n 4, e 2).
 */
export function cleanSlots(slots: readonly Slot[]): CleanSlots {
  const clean: CleanSlot[] = [];
  let missing = 0;
  let missingInRow = 0;
  let carried: CleanSlot | undefined;
  let carriedSlots = 0;
  let inconsistent = false;
  for (const slot of slots) {
    const whole = wholeSlot(slot);
    if (!whole) {
      missing += 1;
      missingInRow += 1;
      continue;
    }
    missingInRow = 0;
    const sum: CleanSlot = carried ? addSlots(carried, whole) : whole;
    if (sum.eC <= sum.nC && sum.eS <= sum.nS) {
      clean.push(sum);
      carried = undefined;
      carriedSlots = 0;
      inconsistent = false;
      continue;
    }
    carried = sum;
    carriedSlots += 1;
    if (carriedSlots < MAX_UNUSABLE_SLOTS) continue;
    inconsistent = true;
    carried = undefined;
    carriedSlots = 0;
  }
  if (missingInRow >= MAX_UNUSABLE_SLOTS) return { slots: clean, missing, hold: 'no-data' };
  return { slots: clean, missing, ...(inconsistent ? { hold: 'inconsistent-counts' as const } : {}) };
}

function wholeSlot(slot: Slot): CleanSlot | undefined {
  const { step, nC, eC, nS, eS } = slot;
  if (nC === null || eC === null || nS === null || eS === null) return undefined;
  return [nC, eC, nS, eS].every(isCount) ? { step, nC, eC, nS, eS } : undefined;
}

function addSlots(left: CleanSlot, right: CleanSlot): CleanSlot {
  return {
    step: right.step,
    nC: left.nC + right.nC,
    eC: left.eC + right.eC,
    nS: left.nS + right.nS,
    eS: left.eS + right.eS,
  };
}

/** Slots kept one by one in a watch: an hour of looks at 10 s. */
export const MAX_SLOTS = 360;

/** Keeps a list of slots short over a watch of hours: when full, its older two thirds are joined in pairs. */
export function keepSlots(slots: readonly Slot[]): readonly Slot[] {
  if (slots.length <= MAX_SLOTS) return slots;
  const older = slots.slice(0, 240);
  const joined: Slot[] = [];
  for (let at = 0; at < older.length; at += 2) {
    const [first, second] = [older[at], older[at + 1]];
    if (first && second) joined.push(joinSlots(first, second));
  }
  return [...joined, ...slots.slice(240)];
}

/** A pair in which one slot misses a number keeps the other slot; which counts are missing stays visible. */
function joinSlots(first: Slot, second: Slot): Slot {
  if (!wholeSlot(first)) return { ...second };
  if (!wholeSlot(second)) return { ...first, atMs: second.atMs };
  const add = (key: 'nC' | 'eC' | 'nS' | 'eS') => (first[key] ?? 0) + (second[key] ?? 0);
  return { step: second.step, atMs: second.atMs, nC: add('nC'), eC: add('eC'), nS: add('nS'), eS: add('eS') };
}
