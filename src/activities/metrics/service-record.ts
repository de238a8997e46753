/** The record of a service in the ledger: what one release has seen of the stable arm helps the next. */
import type { ServiceRecords } from '../../clients/ledger/port.ts';
import { comparedMetrics, type RecordState, type TimedBin } from '../../core/analysis/record-watch.ts';
import { slotMetric } from '../../core/analysis/reading.ts';
import { SLOT_MS } from '../../core/analysis/sequential/constants.ts';
import { stableMinutes } from '../../core/analysis/stable-minutes.ts';
import type { MetricPlan } from '../../core/model/analysis.ts';
import type { StepTally } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { isCoded } from '../../errors/coded-error.ts';

type Records = Pick<ServiceRecords, 'saveRecord'>;

export function recordKey({ service, environment }: DeployPlan, { name }: MetricPlan) {
  return { service, environment, metric: name };
}

/** What was watched while the release was prepared. */
export async function saveCollected(ledger: Records, plan: DeployPlan, state: RecordState): Promise<void> {
  for (const metric of comparedMetrics(plan)) {
    if (isKept(metric)) await save(ledger, plan, metric, state.metrics[metric.name]?.collected ?? []);
  }
}

/** The stable arm beside a canary; in the bake, the new version. */
export async function saveWatched(ledger: Records, plan: DeployPlan, tally: StepTally): Promise<void> {
  const metric = slotMetric(plan.analysis.metrics);
  if (metric && isKept(metric)) await save(ledger, plan, metric, stableMinutes(tally.slots));
}

/** Which requests are slow depends on a bound that each release chooses; in scaled time a minute is not six slots. */
function isKept({ query, sequential }: MetricPlan): boolean {
  return query.kind === 'errorRatio' && sequential?.options.slotMs === SLOT_MS;
}

/** A ledger that is away loses it; nothing waits for it. */
async function save(ledger: Records, plan: DeployPlan, metric: MetricPlan, bins: readonly TimedBin[]): Promise<void> {
  if (bins.length === 0) return;
  try {
    await ledger.saveRecord(recordKey(plan, metric), bins, Date.now());
  } catch (error) {
    if (!isCoded(error)) throw error;
  }
}
