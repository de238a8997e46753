/** Metrics from a Prometheus server, or one that speaks its HTTP API. PromQL is the server's business alone. */
import { ARMS } from '../../../core/model/analysis.ts';
import type { Arm, SeriesSelector } from '../../../core/model/analysis.ts';
import type { ArmReading, MetricReading } from '../../../core/analysis/reading.ts';
import type { RecordWindow } from '../../../core/analysis/metric-record.ts';
import type { ArmTargets } from '../../../core/model/observe.ts';
import type { PrometheusSource } from '../../../core/model/prometheus.ts';
import { podsPattern } from '../../../core/model/promql-template.ts';
import { CodedError, isCoded } from '../../../errors/coded-error.ts';
import type { ErrorCode } from '../../../errors/codes.ts';
import type { KubernetesClients } from '../../kubernetes/port.ts';
import type { MetricsProvider, MetricsRequest, RecordScope } from '../port.ts';
import { type ArmPod, listArmPods } from './arm-pods.ts';
import { needsPods, scopeOf } from './arm-scope.ts';
import { createPrometheusApi, type PrometheusApi } from './http-api.ts';
import { WHOLE_SERVER } from './queried.ts';
import { probeSelector } from './probe.ts';
import { readArm } from './read-arm.ts';
import { readHistogramRecord, readMetricRecord, type RecordQuestion } from './record.ts';

export interface PrometheusDeps {
  readonly kubernetes: KubernetesClients;
  /** Longest reply that is read. Default 16 MiB. */
  readonly maxBytes?: number;
}

export type PrometheusProvider = Required<MetricsProvider>;

/** What no waiting mends: the query is wrong, or gives several values where one is expected. */
const FINAL: readonly ErrorCode[] = ['InvalidInput', 'AmbiguousMetric'];

export function createPrometheusProvider(deps: PrometheusDeps): PrometheusProvider {
  return {
    async read(request, signal) {
      const asked = ask(deps, request);
      const atMs = Date.now() - asked.source.server.lagMs;
      const pods = await podsOf(deps, request, asked.source, signal);
      const arms = ARMS.filter((arm) => request.arms[arm] !== undefined);
      const readings = await Promise.all(
        arms.map((arm) => armOrSay(() => readOne(asked, request, arm, pods, atMs, signal), signal)),
      );
      const reading: Partial<Record<Arm, ArmReading>> = {};
      for (const [at, arm] of arms.entries()) reading[arm] = readings[at];
      return reading satisfies MetricReading;
    },

    async readRecord({ total, errors, ...wanted }, signal) {
      const question = recordQuestion(deps, wanted);
      return question && readMetricRecord(question, { total, errors }, signal);
    },

    async readHistogramRecord({ buckets, ...wanted }, signal) {
      const question = recordQuestion(deps, wanted);
      return question && readHistogramRecord(question, buckets, signal);
    },

    async probe(request, signal) {
      const { api, source } = ask(deps, request);
      const stableOnly = { ...request, arms: { stable: request.arms.stable } };
      const pods = await podsOf(deps, stableOnly, source, signal);
      if ('problem' in pods) throw pods.problem;
      const scope = scopeFor('stable', stableOnly, source, pods);
      const atMs = Date.now() - source.server.lagMs;
      if (!scope)
        throw new CodedError('NotFound', `pods ${request.namespace}/${request.arms.stable.labelSelector}: none`);
      return Promise.all(
        request.selectors.map((selector) => probeSelector(api, source, selector, scope, atMs, signal)),
      );
    },
  };
}

interface Asked {
  readonly api: PrometheusApi;
  readonly source: PrometheusSource;
}

function ask(deps: PrometheusDeps, { source, cluster }: Pick<MetricsRequest, 'source' | 'cluster'>): Asked {
  if (source.from !== 'prometheus') throw new CodedError('InvalidInput', `source ${source.from}: expected prometheus`);
  const limit = deps.maxBytes === undefined ? {} : { maxBytes: deps.maxBytes };
  return { api: createPrometheusApi(source.server, { kubernetes: deps.kubernetes(cluster), ...limit }), source };
}

function recordQuestion(deps: PrometheusDeps, wanted: RecordScope): RecordQuestion | undefined {
  const { api, source } = ask(deps, wanted);
  const { deployment, namespace, stable } = wanted;
  // Pods of the ReplicaSets of this Deployment, also those that are gone. A canary's are named longer.
  const pods = { stable: `${deployment}-[a-z0-9]+-[a-z0-9]+` };
  const scope = scopeOf('stable', { source, namespace, arms: { stable }, pods });
  return scope && { api, source, scope, window: wholeBins(wanted.window, Date.now() - source.server.lagMs) };
}

/** Pods by arm; undefined for an arm when nobody needs them. */
type ListedPods = Readonly<Partial<Record<Arm, readonly ArmPod[]>>>;

async function podsOf(
  deps: PrometheusDeps,
  { cluster, namespace, arms, selectors }: MetricsRequest,
  source: PrometheusSource,
  signal?: AbortSignal,
): Promise<ListedPods | { readonly problem: unknown; readonly text: string }> {
  if (!needsPods(source, textsOf(selectors))) return {};
  const client = deps.kubernetes(cluster);
  try {
    const [stable, canary] = await Promise.all([
      listArmPods(client, namespace, arms.stable, signal),
      arms.canary && listArmPods(client, namespace, arms.canary, signal),
    ]);
    return { stable, ...(canary && { canary }) };
  } catch (error) {
    if (signal?.aborted || !isCoded(error)) throw error;
    return { problem: error, text: error.message };
  }
}

function textsOf(selectors: readonly SeriesSelector[]): readonly string[] {
  return selectors.flatMap((selector) => ('promql' in selector ? [selector.promql] : Object.values(selector.labels)));
}

function scopeFor(arm: Arm, request: MetricsRequest, source: PrometheusSource, pods: ListedPods) {
  const pattern = (each: Arm) => podsPattern((pods[each] ?? []).map(({ name }) => name));
  const patterns = { stable: pattern('stable'), canary: pattern('canary') };
  return scopeOf(arm, { source, namespace: request.namespace, arms: request.arms, pods: patterns });
}

async function readOne(
  { api, source }: Asked,
  request: MetricsRequest,
  arm: Arm,
  pods: Awaited<ReturnType<typeof podsOf>>,
  atMs: number,
  signal?: AbortSignal,
): Promise<ArmReading> {
  if ('problem' in pods) return silent(podsText(request.namespace, request.arms, arm), pods.text);
  const scope = scopeFor(arm, request, source, pods);
  // Told by its Pods, and without any: nothing to ask for.
  if (!scope) return { listed: [], answered: [], failed: [], without: [] };
  const { selectors, everyMs } = request;
  return readArm({ api, source, selectors, scope, pods: pods[arm], atMs, everyMs }, signal);
}

function podsText(namespace: string, arms: ArmTargets, arm: Arm): string {
  return `pods ${namespace}/${arms[arm]?.labelSelector ?? ''}`;
}

function silent(instance: string, problem: string): ArmReading {
  return { listed: null, answered: [], failed: [{ instance, problem }], without: [] };
}

/** A query that fails is the arm's problem; one that can never do is everybody's. */
async function armOrSay(read: () => Promise<ArmReading>, signal?: AbortSignal): Promise<ArmReading> {
  try {
    return await read();
  } catch (error) {
    if (signal?.aborted || !isCoded(error) || FINAL.includes(error.code)) throw error;
    return silent(WHOLE_SERVER, error.message);
  }
}

/** Bins end at full minutes, so that the same record is read again within one; the last one is stored whole. */
function wholeBins(window: RecordWindow, storedMs: number): RecordWindow {
  const untilMs = Math.min(window.untilMs, storedMs);
  return { ...window, untilMs: Math.floor(untilMs / window.binMs) * window.binMs };
}
