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
import { recordKey, saveCollected } from './service-record.ts';
import { readMetrics, type LookDeps } from './take-look.ts';

export interface CollectRecordDeps extends LookDeps {
  readonly ledger?: Pick<ServiceRecords, 'loadRecord' | 'saveRecord'>;
}

export interface CollectRecordInput {
  readonly plan: DeployPlan;
  /** `kept`: what metrics store and ledger have, at once. `watched`: what is seen until the workflow cancels it. */
  readonly what: 'kept' | 'watched';
}

export interface CollectRecordResult {
  readonly records: CollectedRecords;
}

export function createCollectRecord(deps: CollectRecordDeps) {
  return {
    /**
     * The record of the stable arm. It never fails for want of data: then the record is short, and the threshold
     * decides.
     */
    async collectRecord({ plan, what }: CollectRecordInput): Promise<CollectRecordResult> {
      const context = Context.current();
      const { cancellationSignal: signal } = context;
      const watch: { state: RecordState } = {
        state: recordStateFrom(context.info.heartbeatDetails) ?? beginRecord(plan, {}, Date.now()),
      };
      try {
        const arms = await stableArm(deps, plan, signal);
        if (what === 'kept') {
          const kept = await keptRecords(deps, plan, arms, signal);
          return { records: collectedRecords(plan, beginRecord(plan, kept, Date.now())) };
        }
        if (arms) await collect(deps, plan, arms, context, watch);
      } catch (error) {
        if (!isAskedToStop(context)) {
          throw toActivityFailure(context.cancellationSignal.aborted ? context.cancellationSignal.reason : error);
        }
      }
      if (deps.ledger) await saveCollected(deps.ledger, plan, watch.state);
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
  const bins = await ledger.loadRecord(recordKey(plan, metric), Date.now());
  return { bins, from: `${durationText(bins.length * 60_000)} kept by the ledger` };
}
