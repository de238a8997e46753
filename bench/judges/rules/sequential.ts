/** The product's own judge on a stream: its functions, its state, a look after every slot. */
import { ERROR_DEFAULTS, type SequentialOptions } from '../../../src/core/analysis/sequential/constants.ts';
import { assessDispersion, type Bin } from '../../../src/core/analysis/sequential/dispersion.ts';
import {
  addSlot,
  FRESH_STATE,
  type SequentialPlan,
  type SequentialState,
} from '../../../src/core/analysis/sequential/state.ts';
import { isRollback } from '../../../src/core/analysis/sequential/verdict.ts';
import type { Stream } from '../streams/stream.ts';

/** Plan of a release whose record is `record`, oldest minute first. */
export function planOf(record: readonly Bin[], options: Partial<SequentialOptions> = {}): SequentialPlan {
  const all = { ...ERROR_DEFAULTS, ...options };
  return { options: all, record: assessDispersion(record, all) };
}

/** Called after each slot, from 1, that did not roll back. True ends the watch. */
export type Look = (slot: number, state: SequentialState) => boolean;

/** First slot, from 1, at which the judge rolls back; 0 when it never does. */
export function rollbackSlot(plan: SequentialPlan, stream: Stream, look?: Look): number {
  const { steps } = stream.spec;
  let state = FRESH_STATE;
  for (let at = 0; at < stream.slots; at += 1) {
    const step = stream.step[at] ?? 0;
    const slot = {
      step,
      atMs: 0,
      nC: stream.nC[at] ?? null,
      eC: stream.eC[at] ?? null,
      nS: stream.nS[at] ?? null,
      eS: stream.eS[at] ?? null,
    };
    state = addSlot(plan, state, slot, 100 * (steps[step]?.w ?? 0));
    if (isRollback(plan, state)) return at + 1;
    if (look?.(at + 1, state)) return 0;
  }
  return 0;
}
