/** What the `sequential` judge carries for one metric from look to look, and from watch to watch of a release. */
import type { MetricPlan } from '../model/analysis.ts';
import type { ObserveStepInput } from '../model/observe.ts';
import { addToWindows, NO_WINDOWS, type WindowState } from './sequential/after-comparison.ts';
import type { Dispersion } from './sequential/dispersion.ts';
import type { MetricRecord } from './sequential/record.ts';
import { addSlot, FRESH_STATE, stateFrom, type SequentialPlan, type SequentialState } from './sequential/state.ts';

/** Requests and errors of both arms since the last slot was closed; null where the last look did not bring them. */
export interface PendingSlot {
  readonly fromMs: number;
  readonly nC: number;
  readonly eC: number;
  readonly nS: number;
  readonly eS: number;
}

/** Plain JSON with finite numbers, small enough for a heartbeat. */
export interface MetricEvidence {
  readonly state: SequentialState;
  readonly windows: WindowState;
  readonly pending: PendingSlot | null;
  /** End of the last slot that could be judged; null before the first. */
  readonly lastGoodMs: number | null;
  /** Since when the gate before 100 % is asked in vain. */
  readonly gateSinceMs: number | null;
}

export type ReleaseEvidence = Readonly<Record<string, MetricEvidence>>;

export const NO_EVIDENCE: MetricEvidence = {
  state: FRESH_STATE,
  windows: NO_WINDOWS,
  pending: null,
  lastGoodMs: null,
  gateSinceMs: null,
};

/** Evidence that this code wrote; a fresh start for anything else. The gate is asked anew in each watch. */
export function evidenceFrom(value: MetricEvidence | undefined): MetricEvidence {
  const state = stateFrom(value?.state);
  if (!value || !state) return NO_EVIDENCE;
  return { ...NO_EVIDENCE, state, windows: value.windows.version === 1 ? value.windows : NO_WINDOWS };
}

/** How a metric is compared in this release; undefined where its threshold decides alone. */
export interface Comparing {
  readonly plan: SequentialPlan & { readonly record: Dispersion };
  readonly record: MetricRecord;
}

export function comparing(metric: MetricPlan, input: Pick<ObserveStepInput, 'records'>): Comparing | undefined {
  const record = input.records?.[metric.name];
  if (!metric.sequential || !record || record.standIn !== undefined) return undefined;
  const { dispersion } = record;
  if (dispersion.kind !== 'usable' || !record.windows) return undefined;
  return { plan: { options: metric.sequential.options, record: dispersion }, record };
}

/** True where both arms serve: below 100 %, and not in the bake. */
export function isCompared(input: Pick<ObserveStepInput, 'mode' | 'weightPercent'>): boolean {
  return input.mode !== 'bake' && input.weightPercent < 100;
}

export interface LookCounts {
  readonly nC: number | null;
  readonly eC: number | null;
  readonly nS: number | null;
  readonly eS: number | null;
}

/**
 * Evidence after one look. Looks are added up until a slot is full; what a look could not read comes with a later one,
 * because counters are cumulative, and the slot that ends with such a look is missing. Looks of the warm-up are used up.
 */
export function afterCounts(
  before: MetricEvidence,
  found: Comparing,
  input: ObserveStepInput,
  look: { readonly atMs: number; readonly beganMs: number; readonly isWarm: boolean; readonly counts: LookCounts },
): MetricEvidence {
  const { counts, atMs } = look;
  if (!look.isWarm) return { ...before, pending: null };
  const pending = before.pending ?? { fromMs: look.beganMs, nC: 0, eC: 0, nS: 0, eS: 0 };
  const sums = {
    fromMs: pending.fromMs,
    nC: pending.nC + (counts.nC ?? 0),
    eC: pending.eC + (counts.eC ?? 0),
    nS: pending.nS + (counts.nS ?? 0),
    eS: pending.eS + (counts.eS ?? 0),
  };
  // A look that comes a little early still ends its slot.
  const { slotMs } = found.plan.options;
  if (atMs - pending.fromMs < 0.9 * slotMs) return { ...before, pending: sums };
  return closeSlot(before, found, input, { sums, counts, atMs });
}

function closeSlot(
  before: MetricEvidence,
  { plan, record }: Comparing,
  input: ObserveStepInput,
  { sums, counts, atMs }: { readonly sums: PendingSlot; readonly counts: LookCounts; readonly atMs: number },
): MetricEvidence {
  const known = (sum: number, last: number | null): number | null => (last === null ? null : sum);
  const [nC, eC] = [known(sums.nC, counts.nC), known(sums.eC, counts.eC)];
  const [nS, eS] = [known(sums.nS, counts.nS), known(sums.eS, counts.eS)];
  if (isCompared(input)) {
    const isMissing = [nC, eC, nS, eS].includes(null);
    const slot = { step: input.step, atMs, nC, eC, nS, eS };
    return {
      ...before,
      state: addSlot(plan, before.state, slot, input.weightPercent),
      // What was read of a missing slot is judged with the next one.
      pending: isMissing ? { ...sums, fromMs: atMs } : null,
      lastGoodMs: isMissing ? before.lastGoodMs : atMs,
    };
  }
  // The new version serves alone: as the canary until it is promoted, as stable in the bake.
  const alone = input.mode === 'bake' ? { n: nS, e: eS } : { n: nC, e: eC };
  const isMissing = alone.n === null || alone.e === null;
  return {
    ...before,
    windows: record.windows ? addToWindows(record.windows, before.windows, alone) : before.windows,
    pending: isMissing ? { ...sums, fromMs: atMs } : null,
    lastGoodMs: isMissing ? before.lastGoodMs : atMs,
  };
}
