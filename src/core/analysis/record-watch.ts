/** Collecting the record: the stable arm watched while the release is prepared, as a pure reducer. */
import type { MetricPlan } from '../model/analysis.ts';
import type { DeployPlan } from '../model/plan.ts';
import type { CollectedRecord, CollectedRecords } from './detection.ts';
import { durationText } from './format.ts';
import type { HistogramRecord } from './metric-record.ts';
import type { MetricReading, MetricReadings } from './reading.ts';
import { selectorsOf } from './reading.ts';
import { RECORD_BINS, SLOTS_PER_MINUTE } from './sequential/constants.ts';
import type { Bin } from './sequential/dispersion.ts';
import type { SlowBound } from './sequential/record.ts';
import { chooseSlowThreshold } from './sequential/slow-threshold.ts';
import { type ArmCounters, countsOf, incrementsOf, NO_COUNTERS, slowCountsOf } from './slots.ts';

/** A bin with its begin. */
export interface TimedBin extends Bin {
  readonly atMs: number;
}

export interface MetricCollection {
  readonly counters: ArmCounters;
  /** Bins kept elsewhere, older than what is collected here. */
  readonly kept: readonly Bin[];
  readonly keptFrom: string;
  readonly collected: readonly TimedBin[];
  readonly open: { readonly n: number; readonly e: number; readonly slots: number };
  readonly slotFromMs: number;
  readonly binFromMs: number;
  readonly slow?: SlowBound;
}

/** Plain JSON: it travels in heartbeats. */
export interface RecordState {
  readonly version: 1;
  readonly startedAtMs: number;
  readonly metrics: Readonly<Record<string, MetricCollection>>;
}

/** Bins that a metrics store or the ledger has kept. */
export interface KeptRecord {
  readonly bins: readonly Bin[];
  readonly from: string;
  readonly slow?: SlowBound;
}

export function beginRecord(plan: DeployPlan, kept: Readonly<Record<string, KeptRecord>>, nowMs: number): RecordState {
  const metrics: Record<string, MetricCollection> = {};
  for (const { name } of comparedMetrics(plan)) {
    const one = kept[name];
    metrics[name] = {
      counters: NO_COUNTERS,
      kept: one?.bins ?? [],
      keptFrom: one?.from ?? '',
      collected: [],
      open: { n: 0, e: 0, slots: 0 },
      slotFromMs: nowMs,
      binFromMs: nowMs,
      ...(one?.slow && { slow: one.slow }),
    };
  }
  return { version: 1, startedAtMs: nowMs, metrics };
}

export function comparedMetrics(plan: DeployPlan): readonly MetricPlan[] {
  return plan.analysis.metrics.filter(({ sequential }) => sequential !== undefined);
}

/** True when every record is as long as it may be: there is nothing left to wait for. */
export function isRecordFull(state: RecordState): boolean {
  return Object.values(state.metrics).every(({ kept, collected }) => kept.length + collected.length >= RECORD_BINS);
}

/** State after one look at the stable arm. A look that brought nothing changes nothing: counters are cumulative. */
export function afterRecordLook(
  plan: DeployPlan,
  state: RecordState,
  readings: MetricReadings,
  atMs: number,
): RecordState {
  const metrics: Record<string, MetricCollection> = { ...state.metrics };
  for (const metric of comparedMetrics(plan)) {
    const before = state.metrics[metric.name];
    const reading = readings[metric.name];
    if (before && reading) metrics[metric.name] = afterMetricLook(plan, metric, state, before, reading, atMs);
  }
  return { ...state, metrics };
}

function afterMetricLook(
  plan: DeployPlan,
  metric: MetricPlan,
  state: RecordState,
  before: MetricCollection,
  reading: MetricReading,
  atMs: number,
): MetricCollection {
  const { stable } = reading;
  if (!stable) return before;
  const selectors = selectorsOf(metric.query).length;
  const sight = { arm: 'stable', releaseStartedAtMs: state.startedAtMs } as const;
  const { bySelector, counters } = incrementsOf(before.counters, stable, selectors, sight);
  const slow = before.slow ?? (metric.query.kind === 'slowRatio' ? slowBoundOf(plan, metric, counters) : undefined);
  const found = { ...before, counters, ...(slow && { slow }) };
  const slotMs = metric.sequential?.options.slotMs ?? 0;
  const increments = { bySelector, counters };
  const counts = metric.query.kind === 'slowRatio' ? slowCountsOf(increments, slow?.le) : countsOf(increments);
  if (counts.n === null || counts.e === null) return found;
  const open = { n: before.open.n + counts.n, e: before.open.e + counts.e, slots: before.open.slots };
  if (atMs - before.slotFromMs < 0.9 * slotMs) return { ...found, open };
  const slots = open.slots + Math.max(1, Math.round((atMs - before.slotFromMs) / slotMs));
  if (slots < SLOTS_PER_MINUTE) return { ...found, open: { ...open, slots }, slotFromMs: atMs };
  const collected = [...before.collected, { atMs: before.binFromMs, n: open.n, e: Math.min(open.n, open.e) }].slice(
    -RECORD_BINS,
  );
  return { ...found, collected, open: { n: 0, e: 0, slots: 0 }, slotFromMs: atMs, binFromMs: atMs };
}

/** From what the pods have counted since they started: that, too, is what is known of stable before the release. */
function slowBoundOf(plan: DeployPlan, metric: MetricPlan, counters: ArmCounters): SlowBound | undefined {
  const { query } = metric;
  if (query.kind !== 'slowRatio') return undefined;
  const cumulative: Record<string, number> = {};
  for (const [series] of Object.values(counters.instances)) {
    for (const buckets of Object.values(series ?? {})) {
      for (const [le, value] of Object.entries(buckets)) cumulative[le] = (cumulative[le] ?? 0) + value;
    }
  }
  if (query.slowerThan !== undefined) return { le: query.slowerThan, bound: Number(query.slowerThan) };
  return chooseBound(plan, cumulative, cumulative['+Inf'] ?? 0);
}

/** `observations` stand for the traffic of the first step where no rate is known. */
function chooseBound(
  plan: DeployPlan,
  cumulative: Readonly<Record<string, number>>,
  observations: number,
): SlowBound | undefined {
  const first = plan.steps[0];
  // Without a rate yet, what was counted so far stands for the record: the first step's share of it.
  const expected = (observations * (first?.weightPercent ?? 0)) / 100;
  const found = chooseSlowThreshold(cumulative, expected);
  return found && { le: found.le, bound: found.bound };
}

/** The record of slow requests from a kept histogram: the bound is chosen from it, then its bins are counted. */
export function keptSlowRecord(
  plan: DeployPlan,
  metric: MetricPlan,
  kept: HistogramRecord,
  from: string,
): KeptRecord | undefined {
  if (metric.query.kind !== 'slowRatio') return undefined;
  const { slowerThan } = metric.query;
  const cumulative: Record<string, number> = {};
  for (const { buckets } of kept.bins) {
    for (const [le, count] of Object.entries(buckets)) cumulative[le] = (cumulative[le] ?? 0) + count;
  }
  const minutes = Math.max(1, kept.bins.length);
  const first = (plan.steps[0]?.durationMs ?? 0) / 60_000;
  const inFirstStep = ((cumulative['+Inf'] ?? 0) / minutes) * first;
  const slow =
    slowerThan === undefined
      ? chooseBound(plan, cumulative, inFirstStep)
      : { le: slowerThan, bound: Number(slowerThan) };
  if (!slow) return undefined;
  const bins = kept.bins.flatMap(({ buckets }) => {
    const { '+Inf': n, [slow.le]: fast } = buckets;
    return n === undefined || fast === undefined ? [] : [{ n, e: Math.max(0, n - fast) }];
  });
  return { bins, from, slow };
}

export function collectedRecords(plan: DeployPlan, state: RecordState): CollectedRecords {
  const records: Record<string, CollectedRecord> = {};
  for (const metric of comparedMetrics(plan)) {
    const one = state.metrics[metric.name];
    if (!one) continue;
    const bins = [...one.kept, ...one.collected].slice(-RECORD_BINS);
    const binMs = SLOTS_PER_MINUTE * (metric.sequential?.options.slotMs ?? 0);
    const words = [
      ...(one.kept.length > 0 ? [one.keptFrom] : []),
      ...(one.collected.length > 0 ? [`${durationText(one.collected.length * binMs)} collected while preparing`] : []),
    ];
    const from = words.length === 0 ? 'nothing kept, nothing collected' : words.join(' and ');
    records[metric.name] = { bins, from, ...(one.slow && { slow: one.slow }) };
  }
  return records;
}

/** True when what is kept needs no more: 4 h of every metric. */
export function isRecordLong(plan: DeployPlan, kept: CollectedRecords): boolean {
  return comparedMetrics(plan).every(({ name }) => (kept[name]?.bins.length ?? 0) >= RECORD_BINS);
}

/** What was kept, followed by what was watched. The bound of slow requests is the one the kept bins were counted with. */
export function joinRecords(kept: CollectedRecords, watched: CollectedRecords): CollectedRecords {
  const records: Record<string, CollectedRecord> = { ...watched };
  for (const [name, one] of Object.entries(kept)) {
    const later = watched[name];
    const isSame = one.slow?.le === later?.slow?.le;
    if (one.bins.length === 0) continue;
    if (!later || later.bins.length === 0 || !isSame) records[name] = one;
    else {
      const bins = [...one.bins, ...later.bins].slice(-RECORD_BINS);
      records[name] = { bins, from: `${one.from} and ${later.from}`, ...(one.slow && { slow: one.slow }) };
    }
  }
  return records;
}

/** A state that this code wrote; undefined for anything else. */
export function recordStateFrom(value: unknown): RecordState | undefined {
  if (typeof value !== 'object' || value === null || !('version' in value)) return undefined;
  return value.version === 1 ? (value as RecordState) : undefined;
}
