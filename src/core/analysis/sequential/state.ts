/**
 * What the `sequential` judge knows at a look: plain JSON with finite numbers only, small enough for a heartbeat, and
 * carried over the steps of a release. The same slots give the same state.
 */
import type { Slot } from '../../model/analysis.ts';
import { addCounts, cutBlocks, NO_COUNTS, type Block, type Counts } from './block.ts';
import { BOTH_BREACH_SLOTS, type SequentialOptions } from './constants.ts';
import type { Dispersion, ShortRecord } from './dispersion.ts';
import { closeBlock, START_MASSES, type LogMasses } from './evidence.ts';
import { addToGate, NO_GATE_SUMS, type GateSums } from './gate.ts';
import { NO_HYGIENE, takeSlot, type Hygiene } from './hygiene.ts';

/** What is fixed for the release. */
export interface SequentialPlan {
  readonly options: SequentialOptions;
  readonly record: Dispersion | ShortRecord;
}

export interface SequentialState {
  readonly version: 1;
  readonly masses: LogMasses;
  readonly gate: GateSums;
  readonly open: Block | null;
  readonly closedBlocks: number;
  /** Since the release began, up to the step before 100 %. */
  readonly release: Counts;
  /** In the step that was last given traffic. */
  readonly step: number | null;
  readonly inStep: Counts;
  /** Last 12 usable slots, oldest first. */
  readonly recent: readonly Counts[];
  readonly hygiene: Hygiene;
}

export const FRESH_STATE: SequentialState = {
  version: 1,
  masses: START_MASSES,
  gate: NO_GATE_SUMS,
  open: null,
  closedBlocks: 0,
  release: NO_COUNTS,
  step: null,
  inStep: NO_COUNTS,
  recent: [],
  hygiene: NO_HYGIENE,
};

/**
 * State after one more slot. Warm-up slots are not given to it. `weightPercent` is the weight asked for: with none a
 * canary without requests is no fault, and at 100 there is nobody to compare with, so that the evidence stands still
 * (`after-comparison.ts` judges then). Without a usable record there is no evidence; counts are kept for people.
 */
export function addSlot(
  plan: SequentialPlan,
  before: SequentialState,
  raw: Slot,
  weightPercent: number,
): SequentialState {
  const { hygiene, slot } = takeSlot(before.hygiene, raw, weightPercent);
  if (!slot || weightPercent >= 100) return { ...before, hygiene };
  const counts: Counts = { nC: slot.nC, eC: slot.eC, nS: slot.nS, eS: slot.eS };
  const { record, options } = plan;
  const cut = record.kind === 'usable' ? cutBlocks(before.open, slot, record.block) : undefined;
  const closed = cut?.closed;
  const closes = record.kind === 'usable' && closed ? { record, closed } : undefined;
  // Written out, not spread: this runs at every look, and for thousands of simulated hours in the benchmark.
  return {
    version: before.version,
    masses: closes ? closeBlock(before.masses, closes.closed, closes.record, options.tolerance) : before.masses,
    gate: closes ? addToGate(before.gate, closes.closed, closes.record, options.mustDetect) : before.gate,
    open: cut ? cut.open : before.open,
    closedBlocks: before.closedBlocks + (closes ? 1 : 0),
    release: addCounts(before.release, counts),
    step: slot.step,
    inStep: before.step === slot.step ? addCounts(before.inStep, counts) : counts,
    recent: lastSlots(before.recent, counts),
    hygiene,
  };
}

function lastSlots(recent: readonly Counts[], counts: Counts): readonly Counts[] {
  const kept = recent.slice(Math.max(0, recent.length + 1 - BOTH_BREACH_SLOTS));
  kept.push(counts);
  return kept;
}

/** A state that this code wrote; undefined for anything else. */
export function stateFrom(value: unknown): SequentialState | undefined {
  if (typeof value !== 'object' || value === null || !('version' in value)) return undefined;
  return value.version === 1 ? (value as SequentialState) : undefined;
}
