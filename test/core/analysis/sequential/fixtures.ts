/** Parameters of the judge's test vectors, and rows of slots. */
import { ERROR_DEFAULTS, type SequentialOptions } from '../../../../src/core/analysis/sequential/constants.ts';
import type { Dispersion, ShortRecord } from '../../../../src/core/analysis/sequential/dispersion.ts';
import {
  addSlot,
  FRESH_STATE,
  type SequentialPlan,
  type SequentialState,
} from '../../../../src/core/analysis/sequential/state.ts';
import { assessLook, type SequentialVerdict } from '../../../../src/core/analysis/sequential/verdict.ts';
import type { Slot } from '../../../../src/core/model/analysis.ts';

const usable = { kind: 'usable', r: 0.002, block: 6, bins: 240 } as const;
export const RECORDS = {
  P: { ...usable, v: 0.01, cap: 50 },
  Q: { ...usable, v: 1, cap: 2.7 },
  Z: { ...usable, v: 0.25, cap: 2.7 },
  X: { ...usable, v: 0.3, block: 30, cap: 2.7 },
} as const satisfies Record<string, Dispersion>;
export type RecordName = keyof typeof RECORDS;

export function plan(
  record: Dispersion | ShortRecord = RECORDS.P,
  options: Partial<SequentialOptions> = {},
): SequentialPlan {
  return { record, options: { ...ERROR_DEFAULTS, ...options } };
}

/** Step, canary requests and errors, stable requests and errors. */
export type Row = readonly [step: number, nC: number, eC: number, nS: number, eS: number];

export function slot([step, nC, eC, nS, eS]: Row): Slot {
  return { step, atMs: 0, nC, eC, nS, eS };
}

export function times(count: number, row: Row): Slot[] {
  return Array.from({ length: count }, () => slot(row));
}

export const missing: Slot = { step: 0, atMs: 0, nC: null, eC: 1, nS: 100, eS: 1 };

export interface Watched {
  readonly state: SequentialState;
  readonly last: SequentialVerdict;
  /** First look, from 1, that rolls back. */
  readonly rollback: { readonly slot: number; readonly evidence: number | null } | undefined;
}

/** Looks at every slot, and goes on after a rollback. */
export function watch(
  judge: SequentialPlan,
  slots: readonly Slot[],
  { from = FRESH_STATE, weightPercent = 10 }: { from?: SequentialState; weightPercent?: number } = {},
): Watched {
  let state = from;
  let rollback: Watched['rollback'];
  for (const [at, one] of slots.entries()) {
    state = addSlot(judge, state, one, weightPercent);
    const look = assessLook(judge, state, weightPercent);
    if (look.phase === 'rollback') rollback ??= { slot: at + 1, evidence: look.evidence };
  }
  return { state, last: assessLook(judge, state, weightPercent), rollback };
}

export function afterSlots(judge: SequentialPlan, slots: readonly Slot[], from = FRESH_STATE): SequentialState {
  return slots.reduce((state, one) => addSlot(judge, state, one, 10), from);
}
