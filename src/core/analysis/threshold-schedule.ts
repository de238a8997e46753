import type { SampleOutcome, ThresholdPlan } from '../model/analysis.ts';
import { ERROR_RETRY_MS } from './threshold.ts';

/** What is known when the next sample of a metric is planned. */
export interface SampleSchedule {
  /** Start of the analysis, from which the warm-up counts; undefined when it has not begun. */
  readonly startedAtMs?: number;
  /** The last finished sample. */
  readonly last?: { readonly atMs: number; readonly outcome: SampleOutcome };
  /** A sample in flight is looked at again at this time. */
  readonly resumeAtMs?: number;
}

/**
 * When the next sample is due; undefined when never (not begun, or one sample was asked for and is there).
 * Example: interval 60 s, last sample at 0 s: due at 60 s; had it been an error, at 10 s.
 */
export function nextSampleAt(plan: ThresholdPlan, schedule: SampleSchedule): number | undefined {
  if (schedule.resumeAtMs !== undefined) return schedule.resumeAtMs;
  if (schedule.startedAtMs === undefined) return undefined;
  const warm = schedule.startedAtMs + plan.warmUpMs;
  const { last } = schedule;
  if (last === undefined) return warm;
  return max(warm, afterSample(plan, last));
}

function afterSample(plan: ThresholdPlan, last: { atMs: number; outcome: SampleOutcome }): number | undefined {
  if (last.outcome === 'error') return last.atMs + ERROR_RETRY_MS;
  if (plan.intervalMs > 0) return last.atMs + plan.intervalMs;
  // Without an interval one sample is wanted; a sample without data does not count as one.
  return last.outcome === 'no-data' ? last.atMs + ERROR_RETRY_MS : undefined;
}

function max(left: number, right: number | undefined): number | undefined {
  return right === undefined ? undefined : Math.max(left, right);
}

export function isSampleDue(plan: ThresholdPlan, schedule: SampleSchedule, nowMs: number): boolean {
  const at = nextSampleAt(plan, schedule);
  return at !== undefined && nowMs >= at;
}

/** The earliest time at which any of the metrics is due; undefined when none is. */
export function nextOfAll(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
