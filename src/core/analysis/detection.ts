/** Before the release: what each comparison can see at this traffic, and what is done where it cannot decide. */
import type { MetricPlan } from '../model/analysis.ts';
import type { PreflightResult } from '../model/operation.ts';
import type { DeployPlan } from '../model/plan.ts';
import { assessSequentialPreflight } from './sequential/preflight.ts';
import { type MetricRecord, planRecord, type ReleaseRecords, type SlowBound } from './sequential/record.ts';
import type { Bin } from './sequential/dispersion.ts';
import { recordText } from './sequential/verdict.ts';
import { hasBounds } from './stand-in.ts';

/** What `collectRecord` brings home for one metric. */
export interface CollectedRecord {
  /** Oldest first, 6 slots each. */
  readonly bins: readonly Bin[];
  /** In words: `240 min kept by Prometheus`. */
  readonly from: string;
  readonly slow?: SlowBound;
}

export type CollectedRecords = Readonly<Record<string, CollectedRecord>>;

export interface ReleaseDetection {
  readonly records: ReleaseRecords;
  /** One line a metric, shown with the checklist. */
  readonly results: readonly PreflightResult[];
  /** What makes it ask or refuse, in words; undefined where the ladder can decide. */
  readonly lowTraffic?: string;
}

/** Undefined in a plan that compares nothing. A metric whose record is too short is judged by its threshold, and says so. */
export function assessDetection(plan: DeployPlan, collected: CollectedRecords): ReleaseDetection | undefined {
  const compared = plan.analysis.metrics.filter(({ sequential }) => sequential !== undefined);
  if (compared.length === 0) return undefined;
  const policy = plan.analysis.onLowTraffic ?? 'approval';
  const records: Record<string, MetricRecord> = {};
  const results: PreflightResult[] = [];
  const low: string[] = [];
  for (const metric of compared) {
    const one = detect(plan, metric, collected[metric.name]);
    const isLow = one.lowTraffic && !metric.dryRun;
    const standsIn = isLow && policy === 'threshold' && hasBounds(metric);
    records[metric.name] = standsIn ? { ...one.record, standIn: 'low traffic' } : one.record;
    const said = `${metric.name}: ${one.text}`;
    if (isLow) low.push(standsIn ? `${said}; the threshold decides` : said);
    const result = one.record.windows === null ? 'could-not-check' : isLow ? 'fail' : 'pass';
    results.push({
      name: 'detection',
      mode: 'advisory',
      result,
      reason: standsIn ? `${said}; the threshold decides` : said,
    });
  }
  return { records, results, ...(low.length > 0 && { lowTraffic: low.join('; ') }) };
}

function detect(plan: DeployPlan, metric: MetricPlan, collected: CollectedRecord | undefined) {
  const options = metric.sequential?.options;
  if (!options) throw new Error(`metric ${metric.name} is not compared`);
  const { bins, from, slow } = collected ?? { bins: [], from: 'none' };
  const record = planRecord(bins, options, from, slow);
  if (record.dispersion.kind !== 'usable') {
    const instead = hasBounds(metric) ? 'its threshold decides' : 'it decides nothing';
    return { record, lowTraffic: false, text: `${recordText(record.dispersion)}: ${instead}` };
  }
  const ladder = plan.steps
    .filter(({ weightPercent }) => weightPercent < 100)
    .map(({ weightPercent, durationMs }) => ({
      w: weightPercent / 100,
      slots: Math.max(1, Math.floor(durationMs / options.slotMs)),
    }));
  const found = assessSequentialPreflight({ dispersion: record.dispersion, options, rps: record.rps, ladder });
  return { record, lowTraffic: found.lowTraffic, text: `${recordText(record.dispersion)} (${from}); ${found.text}` };
}
