/** What is known of the stable arm before the release: kept records, and what is seen of it while it is prepared. */
import { Context } from '@temporalio/activity';
import type { ServiceRecords } from '../../clients/ledger/port.ts';
import type { RecordScope } from '../../clients/metrics/port.ts';
import type { CollectedRecords } from '../../core/analysis/detection.ts';
import { lastHours } from '../../core/analysis/metric-record.ts';
import { durationText } from '../../core/analysis/format.ts';
import { selectorsOf } from '../../core/analysis/reading.ts';
import {
  afterRecordLook,
  beginRecord,
  collectedRecords,
  comparedMetrics,
  isRecordFull,
  type KeptRecord,
  keptSlowRecord,
  recordStateFrom,
  type RecordState,
} from '../../core/analysis/record-watch.ts';
import { SLOT_MS } from '../../core/analysis/sequential/constants.ts';
import type { MetricPlan } from '../../core/model/analysis.ts';
import type { ArmTargets } from '../../core/model/observe.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { type Deployment, selectorText } from '../../core/rollout/workload.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { toActivityFailure } from '../failure.ts';
import type { KubernetesObject } from '../../clients/kubernetes/port.ts';
import { isAskedToStop } from './asked-to-stop.ts';
import { readMetrics, type LookDeps } from './take-look.ts';

export interface CollectRecordDeps extends LookDeps {
  readonly ledger?: Pick<ServiceRecords, 'loadRecord' | 'saveRecord'>;
}

export interface CollectRecordInput {
  readonly plan: DeployPlan;
  /** Return what is kept, without watching: for a dry run. */
  readonly once?: boolean;
}

export interface CollectRecordResult {
  readonly records: CollectedRecords;
}

export function createCollectRecord(deps: CollectRecordDeps) {
  return {
    /**
     * Reads what metrics store and ledger have kept, then watches the stable arm until the workflow cancels it, or the
     * record is full. It never fails for want of data: then the record is short, and the threshold decides.
     */
    async collectRecord({ plan, once }: CollectRecordInput): Promise<CollectRecordResult> {
      const context = Context.current();
      const { cancellationSignal: signal } = context;
      const watch: { state: RecordState } = {
        state: recordStateFrom(context.info.heartbeatDetails) ?? beginRecord(plan, {}, Date.now()),
      };
      try {
        const arms = await stableArm(deps, plan, signal);
        if (recordStateFrom(context.info.heartbeatDetails) === undefined) {
          watch.state = beginRecord(plan, await keptRecords(deps, plan, arms, signal), Date.now());
        }
        if (once !== true && arms) await collect(deps, plan, arms, context, watch);
      } catch (error) {
        if (!isAskedToStop(context)) {
          throw toActivityFailure(context.cancellationSignal.aborted ? context.cancellationSignal.reason : error);
        }
      }
      await saveCollected(deps, plan, watch.state);
      return { records: collectedRecords(plan, watch.state) };
    },
  };
}

/** Undefined where there is no stable version yet: then there is nothing to know. */
async function stableArm(deps: LookDeps, plan: DeployPlan, signal: AbortSignal): Promise<ArmTargets | undefined> {
  const { cluster, namespace, deployment } = plan.workload;
  const address = { kind: 'Deployment', namespace, name: deployment } as const;
  const found = await deps.kubernetes(cluster).get<KubernetesObject & Deployment>(address, signal);
  const labels = found?.spec.selector?.matchLabels;
  if (!labels) return undefined;
  return { stable: { labelSelector: selectorText(labels), backend: plan.traffic.stableService } };
}

async function collect(
  deps: LookDeps,
  plan: DeployPlan,
  arms: ArmTargets,
  context: Context,
  watch: { state: RecordState },
): Promise<void> {
  const metrics = comparedMetrics(plan);
  while (!isRecordFull(watch.state)) {
    const atMs = Date.now();
    const readings = await readMetrics(deps, { plan, arms }, metrics, context.cancellationSignal);
    watch.state = afterRecordLook(plan, watch.state, readings, atMs);
    context.heartbeat(watch.state);
    await context.sleep(Math.max(0, atMs + plan.intervals.lookMs - Date.now()));
  }
}

/** The metrics store's own history first; else what the ledger has kept of earlier releases. */
async function keptRecords(
  deps: CollectRecordDeps,
  plan: DeployPlan,
  arms: ArmTargets | undefined,
  signal: AbortSignal,
): Promise<Readonly<Record<string, KeptRecord>>> {
  const kept: Record<string, KeptRecord> = {};
  for (const metric of comparedMetrics(plan)) {
    // In scaled time a minute of history is not six slots.
    if (metric.sequential?.options.slotMs !== SLOT_MS) continue;
    const found =
      (arms && (await orNone(() => fromProvider(deps, plan, metric, arms, signal), signal))) ??
      (await orNone(() => fromLedger(deps, plan, metric), signal));
    if (found && found.bins.length > 0) kept[metric.name] = found;
  }
  return kept;
}

/** A store that is away leaves the record short; it stops nothing. */
async function orNone<T>(read: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (signal.aborted || !isCoded(error)) throw error;
    return undefined;
  }
}

async function fromProvider(
  { metrics: provider }: CollectRecordDeps,
  plan: DeployPlan,
  metric: MetricPlan,
  arms: ArmTargets,
  signal: AbortSignal,
): Promise<KeptRecord | undefined> {
  const { cluster, namespace, deployment } = plan.workload;
  const window = lastHours(Date.now());
  const scope: RecordScope = { source: metric.source, cluster, namespace, stable: arms.stable, deployment, window };
  const { query } = metric;
  if (query.kind === 'errorRatio') {
    const found = await provider.readRecord?.({ ...scope, total: query.total, errors: query.errors }, signal);
    return found && { bins: found.bins, from: `${durationText(found.bins.length * 60_000)} kept by the metrics store` };
  }
  if (query.kind !== 'slowRatio') return undefined;
  const [buckets] = selectorsOf(query);
  const found = buckets && (await provider.readHistogramRecord?.({ ...scope, buckets }, signal));
  return (
    found &&
    keptSlowRecord(plan, metric, found, `${durationText(found.bins.length * 60_000)} kept by the metrics store`)
  );
}

async function fromLedger(
  { ledger }: CollectRecordDeps,
  plan: DeployPlan,
  metric: MetricPlan,
): Promise<KeptRecord | undefined> {
  // The ledger keeps counts of errors; which requests are slow depends on a bound that each release chooses anew.
  if (!ledger || metric.query.kind !== 'errorRatio') return undefined;
  const bins = await ledger.loadRecord(keyOf(plan, metric), Date.now());
  return { bins, from: `${durationText(bins.length * 60_000)} kept by the ledger` };
}

function keyOf({ service, environment }: DeployPlan, { name }: MetricPlan) {
  return { service, environment, metric: name };
}

/** What was seen here helps the next release. A ledger that is away loses it; nothing waits for it. */
async function saveCollected({ ledger }: CollectRecordDeps, plan: DeployPlan, state: RecordState): Promise<void> {
  if (!ledger) return;
  for (const metric of comparedMetrics(plan)) {
    const bins = state.metrics[metric.name]?.collected ?? [];
    if (bins.length === 0 || metric.query.kind !== 'errorRatio' || metric.sequential?.options.slotMs !== SLOT_MS)
      continue;
    try {
      await ledger.saveRecord(keyOf(plan, metric), bins, Date.now());
    } catch (error) {
      if (!isCoded(error)) throw error;
    }
  }
}
