/** One look: counters of both arms for every metric, and what stands on the cluster. Errors are part of what is seen. */
import { setMaxListeners } from 'node:events';
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import type { MetricsProvider } from '../../clients/metrics/port.ts';
import type { TrafficRouter } from '../../clients/router/port.ts';
import { ARMS } from '../../core/model/analysis.ts';
import type { Arm, MetricPlan, SeriesSelector } from '../../core/model/analysis.ts';
import type { ObserveStepInput } from '../../core/model/observe.ts';
import type { ArmReading, MetricReading, MetricReadings } from '../../core/analysis/reading.ts';
import { selectorsOf } from '../../core/analysis/reading.ts';
import type { Look } from '../../core/analysis/step-watch.ts';
import { isCoded } from '../../errors/coded-error.ts';
import type { ErrorCode } from '../../errors/codes.ts';
import { readStanding } from './read-standing.ts';

export interface LookDeps {
  readonly kubernetes: KubernetesClients;
  readonly metrics: MetricsProvider;
  readonly router: TrafficRouter;
}

/** Throws when it is cancelled, and for what no waiting mends (`FINAL`); every other error is in the look. */
export async function takeLook(
  deps: LookDeps,
  input: ObserveStepInput,
  atMs: number,
  signal: AbortSignal,
): Promise<Look> {
  const [standing, metrics] = await Promise.all([
    readStanding(deps, input, signal),
    readMetrics(deps, input, input.plan.analysis.metrics, signal),
  ]);
  return { atMs, metrics, standing };
}

/** Counters of these metrics in the arms that are asked for. */
export async function readMetrics(
  deps: Pick<LookDeps, 'metrics'>,
  input: ReadInput,
  metrics: readonly MetricPlan[],
  signal: AbortSignal,
): Promise<MetricReadings> {
  // One look asks many pages and queries at once, all of which end with it: no leak.
  setMaxListeners(0, signal);
  const groups = groupBySource(metrics);
  const readings = await Promise.all(groups.map((group) => readGroup(deps, input, group, signal)));
  return Object.assign({}, ...readings) as MetricReadings;
}

type ReadInput = Pick<ObserveStepInput, 'plan' | 'arms'>;

/** A query that is wrong, or that gives several values where one is expected: it will be so at the next look too. */
const FINAL: readonly ErrorCode[] = ['InvalidInput', 'AmbiguousMetric'];

/**
 * Metrics that read the same pages: each page is fetched once a look. A query to a server stands alone: one that fails
 * is no reason to be blind to the others.
 */
type Group = readonly [MetricPlan, ...MetricPlan[]];

function groupBySource(metrics: readonly MetricPlan[]): readonly Group[] {
  const groups = new Map<string, [MetricPlan, ...MetricPlan[]]>();
  for (const metric of metrics) {
    const { source, name } = metric;
    const key = JSON.stringify(source.from === 'prometheus' ? [source, name] : source);
    const group = groups.get(key);
    if (group) group.push(metric);
    else groups.set(key, [metric]);
  }
  return [...groups.values()];
}

async function readGroup(
  deps: Pick<LookDeps, 'metrics'>,
  input: ReadInput,
  group: Group,
  signal: AbortSignal,
): Promise<MetricReadings> {
  const { workload } = input.plan;
  const selectors: SeriesSelector[] = [];
  const slices = group.map((metric) => {
    const from = selectors.length;
    selectors.push(...selectorsOf(metric.query));
    return { name: metric.name, from, to: selectors.length };
  });
  const { source } = group[0];
  const { cluster, namespace } = workload;
  const everyMs = input.plan.intervals.lookMs;
  const request = { source, cluster, namespace, arms: input.arms, selectors, everyMs };
  // What never decides ends nothing either.
  const final = group.every((metric) => metric.dryRun) ? [] : FINAL;
  const reading = await readOrSay(() => deps.metrics.read(request, signal), input, final, signal);
  return Object.fromEntries(slices.map(({ name, from, to }) => [name, sliceOf(reading, from, to)]));
}

async function readOrSay(
  read: () => Promise<MetricReading>,
  input: ReadInput,
  final: readonly ErrorCode[],
  signal: AbortSignal,
): Promise<MetricReading> {
  try {
    return await read();
  } catch (error) {
    if (signal.aborted || !isCoded(error) || final.includes(error.code)) throw error;
    const failed = {
      listed: null,
      answered: [],
      failed: [{ instance: 'metrics', problem: error.message }],
      without: [],
    };
    return { stable: failed, ...(input.arms.canary ? { canary: failed } : {}) };
  }
}

function sliceOf(reading: MetricReading, from: number, to: number): MetricReading {
  const sliced: Partial<Record<Arm, ArmReading>> = {};
  for (const arm of ARMS) {
    const one = reading[arm];
    if (!one) continue;
    const answered = one.answered.map((each) => ({ ...each, selectors: each.selectors.slice(from, to) }));
    sliced[arm] = { ...one, answered };
  }
  return sliced;
}
