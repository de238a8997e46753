/** The threshold that judges in place of a comparison says so. */
import type { MetricPlan, MetricVerdict } from '../model/analysis.ts';
import { recordText } from './sequential/verdict.ts';
import type { ReleaseRecords } from './sequential/record.ts';

/** Without a record, or with one that is not enough, the verdict names it; a metric without bounds then decides nothing. */
export function standIn(
  verdict: MetricVerdict,
  metric: MetricPlan,
  records: ReleaseRecords | undefined,
): MetricVerdict {
  if (!metric.sequential) return verdict;
  const record = records?.[metric.name];
  const why = record === undefined ? 'no record' : (record.standIn ?? recordText(record.dispersion));
  const reason = `${verdict.reason}; ${why}: the threshold decides`;
  return hasBounds(metric)
    ? { ...verdict, reason }
    : { ...verdict, dryRun: true, reason: `${metric.name}: ${why}, and no bounds: nothing is decided` };
}

export function hasBounds(metric: MetricPlan): boolean {
  return metric.judge.pass !== undefined || metric.judge.fail !== undefined;
}
