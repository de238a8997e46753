/** Outcomes of every rule on the cells of one group, and the settings that a tuned rule is given. */
import { medianOf } from '../compare.ts';
import type { Columns } from '../measure.ts';
import {
  argoMinute,
  BAD_STRIDE,
  flaggerMinute,
  LIMITS,
  settingOf,
  THRESHOLDS,
  type Setting,
} from '../rules/minutes.ts';
import { MINUTES } from './delay-cells.ts';
import type { DelayGroup } from './delays-page.ts';

/** False rollbacks that a tuned rule may have on the streams without a difference. */
export const MOST_FALSE = 0.01;

export type Tool = 'argo' | 'flagger';

/** Minutes of the runs' rollbacks, infinite where a rule never acts. */
export type Minutes = readonly number[];

export function minutesOfSlots(slots: Float64Array): Minutes {
  return Array.from(slots, (slot) => (slot === 0 ? Number.POSITIVE_INFINITY : slot / 6));
}

export function minutesOf(columns: Columns, tool: Tool, setting: Setting): Minutes {
  const bad = columns.bad ?? new Float64Array();
  return Array.from({ length: bad.length / BAD_STRIDE }, (_, run) => {
    const minute = tool === 'argo' ? argoMinute(bad, setting, run) : flaggerMinute(bad, setting, MINUTES, run);
    return minute === 0 ? Number.POSITIVE_INFINITY : minute;
  });
}

export function shareFound(minutes: Minutes): number {
  return minutes.filter((minute) => Number.isFinite(minute)).length / minutes.length;
}

/** Settings with at most 1 % false rollbacks on these streams. */
export function allowedSettings(equal: Columns, tool: Tool): readonly Setting[] {
  const all = THRESHOLDS.flatMap((_, threshold) =>
    Array.from({ length: LIMITS }, (_unused, limit) => ({ threshold, limit })),
  );
  return all.filter((setting) => shareFound(minutesOf(equal, tool, setting)) <= MOST_FALSE);
}

/** The best setting for one fault: lowest median, then most found, then lowest mean with a miss as the whole hour. */
export function bestForOne(allowed: readonly Setting[], fault: Columns, tool: Tool): Setting | undefined {
  return bestBy(allowed, (setting) => {
    const minutes = minutesOf(fault, tool, setting);
    return [medianOf(minutes), -shareFound(minutes), cappedMean(minutes)];
  });
}

/** The best single setting for all faults of a group: lowest product of the mean delays, a miss as the whole hour. */
export function bestForAll(allowed: readonly Setting[], faulty: readonly Columns[], tool: Tool): Setting | undefined {
  return bestBy(allowed, (setting) => [
    faulty.reduce((sum, fault) => sum + Math.log(cappedMean(minutesOf(fault, tool, setting))), 0),
  ]);
}

export function pageSetting({ setting: [threshold, limit] }: DelayGroup): Setting {
  return settingOf(threshold, limit);
}

/** `> 0.8 %, 2`: the threshold and the failures that it lets pass. */
export function settingText(setting: Setting | undefined): string {
  return setting ? `> ${(100 * (THRESHOLDS[setting.threshold] ?? 0)).toPrecision(2)} %, ${setting.limit}` : 'none';
}

function cappedMean(minutes: Minutes): number {
  return minutes.reduce((sum, minute) => sum + Math.min(MINUTES, minute), 0) / minutes.length;
}

function bestBy(settings: readonly Setting[], costs: (setting: Setting) => readonly number[]): Setting | undefined {
  let best: { readonly setting: Setting; readonly cost: readonly number[] } | undefined;
  for (const setting of settings) {
    const cost = costs(setting);
    if (!best || isLess(cost, best.cost)) best = { setting, cost };
  }
  return best?.setting;
}

function isLess(left: readonly number[], right: readonly number[]): boolean {
  for (const [at, value] of left.entries()) {
    const other = right[at] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}
