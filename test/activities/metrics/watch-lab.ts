/** A small cluster with a stable and a canary pod, remade for each test, and an observer to run against it. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach } from 'vitest';
import { createObserveStep, type ObserveHeartbeat } from '../../../src/activities/metrics/observe-step.ts';
import { createScrapeProvider } from '../../../src/clients/metrics/scrape-provider.ts';
import { createTrafficRouter } from '../../../src/clients/router/traffic-router.ts';
import { assessTally } from '../../../src/core/analysis/assess-tally.ts';
import type { MetricPlan, ThresholdPlan } from '../../../src/core/model/analysis.ts';
import type { ObserveStepInput } from '../../../src/core/model/observe.ts';
import type { StepTally } from '../../../src/core/model/operation.ts';
import type { DeadlinePlan } from '../../../src/core/model/plan.ts';
import { startSmallCluster, type SmallCluster } from '../../clients/metrics/small-cluster.ts';
import { deployPlan, observeInput } from '../../core/analysis/fixtures.ts';

/** Short enough for a test: looks every 20 ms, samples every 40 ms. */
export const FAST: Partial<ThresholdPlan> = { intervalMs: 40, count: 3, failureLimit: 0 };

export let cluster: SmallCluster;
export let served: { stable: string; canary: string };
beforeEach(async () => {
  cluster = await startSmallCluster();
  served = { stable: '', canary: '' };
  for (const track of ['stable', 'canary'] as const) {
    const page = await cluster.page((_, response) =>
      response.writeHead(served[track] === '404' ? 404 : 200).end(served[track]),
    );
    cluster.pods.push({ name: `${track}-1`, track, dial: page.host });
  }
  cluster.objects.set('/apis/gateway.networking.k8s.io/v1/namespaces/crm/httproutes/crm-api', route(90, 10));
  cluster.objects.set('/apis/apps/v1/namespaces/crm/deployments/crm-api', deployment('crm-api', 'crm@sha256:old', 3));
  cluster.objects.set(CANARY_PATH, deployment('crm-api-canary-7', 'crm@sha256:new', 1));
});
afterEach(async () => {
  await cluster.close();
});
export const CANARY_PATH = '/apis/apps/v1/namespaces/crm/deployments/crm-api-canary-7';

export function route(stable: number, canary: number) {
  const backendRefs = [
    { name: 'crm-api', port: 80, weight: stable },
    { name: 'crm-api-canary-7', port: 80, weight: canary },
  ];
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'crm-api', namespace: 'crm' },
    spec: { rules: [{ backendRefs }] },
  };
}
export function deployment(name: string, image: string, replicas: number) {
  const template = { spec: { containers: [{ name: 'api', image }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'crm' },
    spec: { replicas, selector: {}, template },
  };
}

/** Counters that rise with every read, so that each look sees traffic. */
export function traffic(errorsOfHundred: number): () => string {
  let requests = 0;
  return () => {
    requests += 100;
    const errors = (requests / 100) * errorsOfHundred;
    return `http_requests_total{code="200"} ${requests - errors}\nhttp_requests_total{code="500"} ${errors}\n`;
  };
}
export async function serve(track: 'stable' | 'canary', page: () => string): Promise<void> {
  const server = await cluster.page((_, response) => response.writeHead(200).end(page()));
  const at = cluster.pods.findIndex((pod) => pod.track === track);
  cluster.pods[at] = { name: `${track}-1`, track, dial: server.host };
}

export function inputOf(
  metrics: readonly MetricPlan[],
  more: Partial<ObserveStepInput> = {},
  deadlines: Partial<DeadlinePlan> = {},
): ObserveStepInput {
  const plan = deployPlan(metrics);
  return observeInput(metrics, {
    plan: {
      ...plan,
      workload: { ...plan.workload, cluster: { kubeconfig: cluster.kubeconfig } },
      steps: [{ index: 0, weightPercent: 10, durationMs: 300, approval: false }],
      bakeMs: 300,
      deadlines: { ...plan.deadlines, noDataMs: 60_000, foreignChangeMs: 400, ...deadlines },
      intervals: { ...plan.intervals, lookMs: 20 },
    },
    arms: {
      stable: { labelSelector: 'track=stable', backend: 'crm-api' },
      canary: { labelSelector: 'track=canary', backend: 'crm-api-canary-7' },
    },
    ...more,
  });
}

export interface Run {
  readonly tally: Promise<StepTally>;
  readonly env: MockActivityEnvironment;
  readonly beats: ObserveHeartbeat[];
}
export function observe(input: ObserveStepInput, heartbeatDetails?: unknown, timeoutMs = 5_000): Run {
  const metrics = createScrapeProvider({ kubernetes: cluster.kubernetes, limits: { timeoutMs } });
  const { observeStep } = createObserveStep({
    kubernetes: cluster.kubernetes,
    metrics,
    router: createTrafficRouter(cluster.kubernetes),
  });
  const env = new MockActivityEnvironment({ heartbeatDetails }, { logger: new DefaultLogger('ERROR') });
  const beats: ObserveHeartbeat[] = [];
  env.on('heartbeat', (details: ObserveHeartbeat) => beats.push(details));
  const tally = env.run<[ObserveStepInput], StepTally, typeof observeStep>(observeStep, input);
  tally.catch(() => undefined);
  return { tally, env, beats };
}
export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('the awaited state was not reached within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
export const outcomes = (tally: StepTally) => (tally.samples['error ratio'] ?? []).map((sample) => sample.outcome);
export const verdictOf = (input: ObserveStepInput, tally: StepTally) => assessTally(input.plan, tally);
