/** How looks, heartbeats and deadlines must fit to the metrics' intervals. Paths are relative to the service. */
import type { DeadlinesEntry, IntervalsEntry } from '../model/catalogue.ts';
import { durationMs, formatDuration } from '../model/duration.ts';
import type { DeadlinePlan, IntervalPlan } from '../model/plan.ts';
import type { BrokenRule } from './rules.ts';

const LONGEST_LOOK_MS = 10_000;

/** `shortestIntervalMs`: of all metrics. A look is never longer than it, or a sample would be late. */
export function resolveIntervals(entry: IntervalsEntry, shortestIntervalMs: number): IntervalPlan {
  return {
    lookMs: entry.look === undefined ? Math.min(LONGEST_LOOK_MS, shortestIntervalMs) : durationMs(entry.look),
    observerHeartbeatMs: durationMs(entry.observerHeartbeat ?? '30s'),
    mutatorHeartbeatMs: durationMs(entry.mutatorHeartbeat ?? '3s'),
    ownershipQuestionMs: durationMs(entry.ownershipQuestion ?? '5m'),
  };
}

export function resolveDeadlines(entry: DeadlinesEntry): DeadlinePlan {
  return {
    noDataMs: durationMs(entry.noData ?? '5m'),
    foreignChangeMs: durationMs(entry.foreignChange ?? '10m'),
    confirmWeightMs: durationMs(entry.confirmWeight ?? '2m'),
    readyMs: durationMs(entry.ready ?? '10m'),
    queueMs: durationMs(entry.queue ?? '24h'),
    pauseMs: durationMs(entry.pause ?? '24h'),
  };
}

export function brokenIntervalRules(
  intervals: IntervalsEntry,
  deadlines: DeadlinesEntry,
  metricIntervalsMs: readonly number[],
): BrokenRule[] {
  if (metricIntervalsMs.length === 0) return [];
  const shortestMs = Math.min(...metricIntervalsMs);
  const longestMs = Math.max(...metricIntervalsMs);
  const { lookMs, observerHeartbeatMs } = resolveIntervals(intervals, shortestMs);
  const { noDataMs } = resolveDeadlines(deadlines);
  const broken: BrokenRule[] = [];
  if (lookMs > shortestMs) {
    broken.push({
      path: ['intervals', 'look'],
      expected: `at most ${formatDuration(shortestMs)}, the shortest interval of a metric`,
      found: formatDuration(lookMs),
    });
  }
  if (observerHeartbeatMs <= lookMs) {
    broken.push({
      path: ['intervals', intervals.observerHeartbeat === undefined ? 'look' : 'observerHeartbeat'],
      expected: `an observerHeartbeat longer than look: each look is a heartbeat`,
      found: `observerHeartbeat ${formatDuration(observerHeartbeatMs)}, look ${formatDuration(lookMs)}`,
    });
  }
  if (noDataMs < longestMs) {
    broken.push({
      path: ['deadlines', 'noData'],
      expected: `at least ${formatDuration(longestMs)}, the longest interval of a metric: no sample can come sooner`,
      found: formatDuration(noDataMs),
    });
  }
  return broken;
}
