/** The judge of a metric with its defaults: what compares, and the threshold that stands in for it. */
import {
  ERROR_DEFAULTS,
  type SequentialOptions,
  SLOT_MS,
  SLOW_REQUEST_DEFAULTS,
} from '../analysis/sequential/constants.ts';
import type { AnalysisEntry, JudgeEntry, MetricEntry, SequentialEntry, ThresholdEntry } from '../model/catalogue.ts';
import { durationMs } from '../model/duration.ts';

/** Written out by nobody: an error ratio is compared, anything else says how it is judged. */
export function judgeOf({ judge, query }: Pick<MetricEntry, 'judge' | 'query'>): JudgeEntry | undefined {
  return judge ?? (query.kind === 'errorRatio' ? { kind: 'sequential' } : undefined);
}

/**
 * The threshold of a metric: its own judge, or the one that stands in where there is nothing to compare with. For an
 * error ratio that is `> objective` when none is written; other ratios have none, and decide nothing then.
 */
export function thresholdOf(metric: Pick<MetricEntry, 'judge' | 'query'>): ThresholdEntry {
  const judge = judgeOf(metric);
  if (judge === undefined) return { kind: 'threshold' };
  if (judge.kind === 'threshold') return judge;
  if (judge.threshold !== undefined) return { ...judge.threshold, kind: 'threshold' };
  if (metric.query.kind !== 'errorRatio') return { kind: 'threshold' };
  return { kind: 'threshold', fail: `> ${percent(judge.objective ?? '1%')}%` };
}

/** Options of a comparison; undefined for a metric that a threshold judges alone. `alpha` is shared by all of them. */
export function sequentialOptionsOf(
  metric: Pick<MetricEntry, 'judge' | 'query'>,
  analysis: Pick<AnalysisEntry, 'metrics' | 'slot'>,
): SequentialOptions | undefined {
  const judge = judgeOf(metric);
  if (judge?.kind !== 'sequential') return undefined;
  const usual = metric.query.kind === 'slowRatio' ? SLOW_REQUEST_DEFAULTS : ERROR_DEFAULTS;
  const objective = judge.objective === undefined ? usual.mustDetect.objective : percent(judge.objective) / 100;
  return {
    ...usual,
    alpha: (judge.alpha ?? usual.alpha) * shareOf(judge, analysis),
    beta: judge.beta ?? usual.beta,
    tolerance: judge.tolerance ?? usual.tolerance,
    minErrors: judge.minErrors ?? usual.minErrors,
    minRequests: judge.minRequests ?? usual.minRequests,
    mustDetect: { ratio: judge.mustDetect ?? usual.mustDetect.ratio, ...(objective !== undefined && { objective }) },
    gateDeadlineMs: judge.gateDeadline === undefined ? usual.gateDeadlineMs : durationMs(judge.gateDeadline),
    warmUpMs: judge.warmUp === undefined ? usual.warmUpMs : durationMs(judge.warmUp),
    slotMs: analysis.slot === undefined ? SLOT_MS : durationMs(analysis.slot),
  };
}

/** The metric's weight among all that compare; each has 1 when none is written. */
function shareOf(judge: SequentialEntry, { metrics }: Pick<AnalysisEntry, 'metrics'>): number {
  const weights = metrics.flatMap((metric) => {
    const other = judgeOf(metric);
    return other?.kind === 'sequential' ? [other.weight ?? 1] : [];
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum > 0 ? (judge.weight ?? 1) / sum : 1;
}

/** `1%` or `0.5 %` as a number of per cent. */
export function percent(written: string): number {
  return Number(written.replace('%', '').trim());
}
