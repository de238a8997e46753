/** Streams with and without a fault, on which every rule is run. */
import type { Cell, Columns } from '../measure.ts';
import type { Profile } from '../profiles.ts';
import { BAD_STRIDE, badMinutes } from '../rules/minutes.ts';
import { judgeRise } from '../rules/rank-test.ts';
import { planOf, rollbackSlot } from '../rules/sequential.ts';
import { Random } from '../streams/random.ts';
import { hourAt, Stream } from '../streams/stream.ts';
import { DELAY_GROUPS, type DelayGroup } from './delays-page.ts';

export const BASE = 0.002;
export const MINUTES = 60;
const SLOTS_PER_MINUTE = 6;
/** Minutes from one look of the rank test to the next, over all minutes so far. */
const RANK_LOOK = 10;

export function cellKey(group: DelayGroup, k: number): string {
  return `${group.id}/${k}`;
}

export function delayCells({ delays, onlyMarked }: Profile): Cell[] {
  return DELAY_GROUPS.filter(({ marked = false }) => marked || !onlyMarked).flatMap((group) => [
    { key: cellKey(group, 1), runs: delays.equal },
    ...group.faults.map(({ k }) => ({ key: cellKey(group, k), runs: delays.faulty })),
  ]);
}

/**
 * Columns: `slot` and `slot60` (records of 240 and 60 min) the sequential judge's slot, `kayenta` the rank test's minute,
 * 0 for never; `bad` see `badMinutes`; `errors` the canary's errors up to each minute; `errorsAtSlot` up to `slot`.
 */
export function simulateDelays(key: string, seed: number, from: number, to: number): Columns {
  const [group, k] = cellOf(key);
  const bursts = group.cv === 0 ? ({ kind: 'none' } as const) : ({ kind: 'gamma', cv: group.cv, minutes: 1 } as const);
  const stream = new Stream({ rps: group.rps, base: BASE, canary: BASE * k, bursts, steps: hourAt(group.w) });
  const runs = to - from;
  const columns = {
    slot: new Float64Array(runs),
    slot60: new Float64Array(runs),
    kayenta: new Float64Array(runs),
    bad: new Float64Array(runs * BAD_STRIDE),
    errors: new Float64Array(runs * MINUTES),
    errorsAtSlot: new Float64Array(runs),
  };
  for (let at = 0; at < runs; at += 1) {
    stream.draw(new Random(seed, 'delays', key, from + at));
    const slot = rollbackSlot(planOf(stream.record), stream);
    columns.slot[at] = slot;
    if (group.id === 'A 100 rps cv 0') columns.slot60[at] = rollbackSlot(planOf(stream.record.slice(-60)), stream);
    columns.kayenta[at] = rankMinute(stream);
    columns.bad.set(badMinutes(stream), at * BAD_STRIDE);
    let errors = 0;
    for (let of = 0; of < stream.slots; of += 1) {
      errors += stream.eC[of] ?? 0;
      if ((of + 1) % SLOTS_PER_MINUTE === 0) columns.errors[at * MINUTES + (of + 1) / SLOTS_PER_MINUTE - 1] = errors;
      if (of + 1 === slot || (slot === 0 && of + 1 === stream.slots)) columns.errorsAtSlot[at] = errors;
    }
  }
  return columns;
}

function cellOf(key: string): readonly [DelayGroup, number] {
  const group = DELAY_GROUPS.find(({ id }) => key.startsWith(`${id}/`));
  if (!group) throw new Error(`no cell is named ${key}`);
  return [group, Number(key.slice(group.id.length + 1))];
}

/** Minute in which the rank test first says that the canary's error ratios are higher; 0 when it never does. */
function rankMinute(stream: Stream): number {
  const canary: number[] = [];
  const stable: number[] = [];
  for (let minute = 1; minute <= MINUTES; minute += 1) {
    const sums = { nC: 0, eC: 0, nS: 0, eS: 0 };
    for (let slot = (minute - 1) * SLOTS_PER_MINUTE; slot < minute * SLOTS_PER_MINUTE; slot += 1) {
      sums.nC += stream.nC[slot] ?? 0;
      sums.eC += stream.eC[slot] ?? 0;
      sums.nS += stream.nS[slot] ?? 0;
      sums.eS += stream.eS[slot] ?? 0;
    }
    if (sums.nC > 0) canary.push(sums.eC / sums.nC);
    if (sums.nS > 0) stable.push(sums.eS / sums.nS);
    if (minute % RANK_LOOK === 0 && judgeRise(canary, stable) === 'high') return minute;
  }
  return 0;
}
