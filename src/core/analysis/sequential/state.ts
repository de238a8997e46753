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
  const { step, ...counts } = slot;
  const counted: SequentialState = {
    ...before,
    hygiene,
    release: addCounts(before.release, counts),
    step,
    inStep: before.step === step ? addCounts(before.inStep, counts) : counts,
    recent: [...before.recent, counts].slice(-BOTH_BREACH_SLOTS),
  };
  const { record, options } = plan;
  if (record.kind === 'too-short') return counted;
  const { closed, open } = cutBlocks(before.open, slot, record.block);
  if (!closed) return { ...counted, open };
  return {
    ...counted,
    open,
    masses: closeBlock(before.masses, closed, record, options.tolerance),
    gate: addToGate(before.gate, closed, record, options.mustDetect),
    closedBlocks: before.closedBlocks + 1,
  };
}

/** A state that this code wrote; undefined for anything else. */
export function stateFrom(value: unknown): SequentialState | undefined {
  if (typeof value !== 'object' || value === null || !('version' in value)) return undefined;
  return value.version === 1 ? (value as SequentialState) : undefined;
}
