import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createObserveStep, type ObserveHeartbeat } from '../../../src/activities/metrics/observe-step.ts';
import { createScrapeProvider } from '../../../src/clients/metrics/scrape-provider.ts';
import { assessTally } from '../../../src/core/analysis/assess-tally.ts';
import type { MetricPlan, ThresholdPlan } from '../../../src/core/model/analysis.ts';
import type { ObserveStepInput } from '../../../src/core/model/observe.ts';
import type { StepTally } from '../../../src/core/model/operation.ts';
import type { DeadlinePlan } from '../../../src/core/model/plan.ts';
import { startSmallCluster, type SmallCluster } from '../../clients/metrics/small-cluster.ts';
import { freeAddress } from '../../clients/http/tiny-server.ts';
import { deployPlan, errorRatio, gauge, latency, observeInput } from '../../core/analysis/fixtures.ts';

/** Short enough for a test: looks every 20 ms, samples every 40 ms. */
const FAST: Partial<ThresholdPlan> = { intervalMs: 40, count: 3, failureLimit: 0 };

let cluster: SmallCluster;
let served: { stable: string; canary: string };
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
const CANARY_PATH = '/apis/apps/v1/namespaces/crm/deployments/crm-api-canary-7';

function route(stable: number, canary: number) {
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
function deployment(name: string, image: string, replicas: number) {
  const template = { spec: { containers: [{ name: 'api', image }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'crm' },
    spec: { replicas, selector: {}, template },
  };
}

/** Counters that rise with every read, so that each look sees traffic. */
function traffic(errorsOfHundred: number): () => string {
  let requests = 0;
  return () => {
    requests += 100;
    const errors = (requests / 100) * errorsOfHundred;
    return `http_requests_total{code="200"} ${requests - errors}\nhttp_requests_total{code="500"} ${errors}\n`;
  };
}
async function serve(track: 'stable' | 'canary', page: () => string): Promise<void> {
  const server = await cluster.page((_, response) => response.writeHead(200).end(page()));
  const at = cluster.pods.findIndex((pod) => pod.track === track);
  cluster.pods[at] = { name: `${track}-1`, track, dial: server.host };
}

function inputOf(
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
      deadlines: { ...plan.deadlines, noDataMs: 400, foreignChangeMs: 400, ...deadlines },
      intervals: { ...plan.intervals, lookMs: 20 },
    },
    arms: {
      stable: { labelSelector: 'track=stable', backend: 'crm-api' },
      canary: { labelSelector: 'track=canary', backend: 'crm-api-canary-7' },
    },
    ...more,
  });
}

interface Run {
  readonly tally: Promise<StepTally>;
  readonly env: MockActivityEnvironment;
  readonly beats: ObserveHeartbeat[];
}
function observe(input: ObserveStepInput, heartbeatDetails?: unknown): Run {
  const metrics = createScrapeProvider({ kubernetes: cluster.kubernetes, limits: { timeoutMs: 200 } });
  const { observeStep } = createObserveStep({ kubernetes: cluster.kubernetes, metrics });
  const env = new MockActivityEnvironment({ heartbeatDetails }, { logger: new DefaultLogger('ERROR') });
  const beats: ObserveHeartbeat[] = [];
  env.on('heartbeat', (details: ObserveHeartbeat) => beats.push(details));
  const tally = env.run<[ObserveStepInput], StepTally, typeof observeStep>(observeStep, input);
  tally.catch(() => undefined);
  return { tally, env, beats };
}
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('the awaited state was not reached within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const outcomes = (tally: StepTally) => (tally.samples['error ratio'] ?? []).map((sample) => sample.outcome);
const verdictOf = (input: ObserveStepInput, tally: StepTally) => assessTally(input.plan, tally);

describe('observing a step', () => {
  it('ends by time with the tally of a good canary, from which the verdict follows', async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
    const input = inputOf([errorRatio(FAST)]);
    const { tally, beats } = observe(input);
    const found = await tally;
    expect(found.ended).toBe('timeOver');
    expect(verdictOf(input, found)).toMatchObject({ phase: 'passed' });
    expect(found.slots.length).toBeGreaterThan(3);
    expect(
      found.slots.slice(1).every((slot) => slot.nC === 100 && slot.nS === 100 && slot.eC === 0 && slot.eS === 0),
    ).toBe(true);
    expect(found.endedAtMs - found.startedAtMs).toBeGreaterThanOrEqual(300);
    expect(beats.at(-1)?.look).toMatchObject({ step: 0, weightPercent: 10, phase: 'passed' });
  });

  it('ends early when the canary is bad, with value, limit and counts', async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(10));
    const input = inputOf([errorRatio({ ...FAST, count: 5, failureLimit: 1 })], { remainingMs: 60_000 });
    const found = await observe(input).tally;
    expect(found.ended).toBe('verdict');
    expect(verdictOf(input, found).reason).toMatch(
      /^error ratio 10\.00 % \(\d+ of \d+ canary requests, stable 0\.00 %\) > 5 %: 2 failures, at most 1 allowed$/,
    );
  });

  it.each([
    {
      when: 'its counters are NaN',
      page: 'http_requests_total{code="200"} NaN\n',
      note: 'is no count in pod canary-1',
    },
    { when: 'its page is empty', page: '', note: 'no series http_requests_total in pod canary-1' },
    { when: 'it has no metrics page', page: '404', note: 'no metrics: pod canary-1 answers 404' },
    { when: 'it serves no requests', page: 'http_requests_total{code="200"} 0\n', note: 'no canary requests' },
  ])('holds, and ends at the no-data deadline, when $when', async ({ page, note }) => {
    await serve('stable', traffic(0));
    served.canary = page;
    const input = inputOf([errorRatio(FAST)]);
    const { tally, beats } = observe(input);
    const found = await tally;
    expect(found.ended).toBe('noDataDeadline');
    expect(new Set(outcomes(found))).toEqual(new Set(['no-data']));
    expect(verdictOf(input, found)).toMatchObject({ phase: 'no-data', reason: expect.stringContaining(note) });
    expect(beats.at(-1)?.look.holding).toContain(note);
  });

  it('takes slow pods and a broken API server as errors, and never throws for them', async () => {
    const slow = await cluster.page(() => undefined);
    cluster.pods[1] = { name: 'canary-1', track: 'canary', dial: slow.host };
    const input = inputOf([errorRatio(FAST)], {}, { noDataMs: 1_500 });
    const run = observe(input);
    await until(() => (run.beats.at(-1)?.state.metrics['error ratio']?.samples.length ?? 0) > 0);
    cluster.broken = true;
    await until(() => run.beats.at(-1)?.look.holding !== undefined);
    const found = await run.tally;
    expect(found.ended).toBe('noDataDeadline');
    expect(outcomes(found)[0]).toBe('error');
    expect(found.samples['error ratio']?.[0]?.note).toContain('canary: pod canary-1: ');
    expect(found.foreign).toEqual([]);
  });

  it('goes on from a pod that does not answer while another does', async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
    cluster.pods.push({ name: 'canary-2', track: 'canary', dial: await freeAddress() });
    const found = await observe(inputOf([errorRatio(FAST)])).tally;
    expect(found.ended).toBe('timeOver');
    expect(found.samples['error ratio']?.[0]?.note).toContain('partial: 1 of 2 answered, pod canary-2: ');
  });

  it('survives the restart of a counter', async () => {
    await serve('stable', traffic(0));
    const rising = traffic(0);
    let reads = 0;
    const fresh = traffic(0);
    await serve('canary', () => ((reads += 1) <= 4 ? rising() : fresh()));
    const found = await observe(inputOf([errorRatio(FAST)])).tally;
    expect(found.ended).toBe('timeOver');
    expect(found.slots.every((slot) => slot.nC === 100)).toBe(true);
  });

  it('refuses a gauge with two series in one pod', async () => {
    served.canary = 'crm_checkout_success_ratio{region="a"} 1\ncrm_checkout_success_ratio{region="b"} 1\n';
    await expect(observe(inputOf([gauge(false, FAST)])).tally).rejects.toMatchObject({
      type: 'AmbiguousMetric',
      nonRetryable: true,
      message: expect.stringContaining('has 2 series in pod canary-1'),
    });
  });

  it('judges quantiles and gauges from one page that is read once a look', async () => {
    let reads = 0;
    await serve('canary', () => {
      reads += 1;
      const n = reads * 10;
      return `http_request_duration_seconds_bucket{le="0.5"} ${n}\nhttp_request_duration_seconds_bucket{le="+Inf"} ${n}\ncrm_checkout_success_ratio 0.99\n`;
    });
    const { tally, beats } = observe(inputOf([latency(FAST), gauge(false, FAST)]));
    const found = await tally;
    expect(found.ended).toBe('timeOver');
    expect(found.samples.p99?.[0]).toMatchObject({ outcome: 'pass', value: expect.closeTo(0.495, 9) });
    expect(found.samples['checkout success']?.[0]).toMatchObject({ outcome: 'pass', value: 0.99 });
    expect(reads).toBe(beats.at(-1)?.state.looks);
  });

  it('in a bake judges the stable arm', async () => {
    await serve('stable', traffic(50));
    const input = inputOf([errorRatio(FAST)], {
      mode: 'bake',
      arms: { stable: { labelSelector: 'track=stable', backend: 'crm-api' } },
    });
    const found = await observe(input).tally;
    expect(found).toMatchObject({ ended: 'verdict', judged: 'stable', mode: 'bake' });
    expect(verdictOf(input, found).reason).toContain('requests) > 5 %');
  });
});

describe("someone else's change", () => {
  beforeEach(async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
  });

  it.each([
    {
      when: 'weights are changed',
      change: () =>
        cluster.objects.set('/apis/gateway.networking.k8s.io/v1/namespaces/crm/httproutes/crm-api', route(50, 50)),
      field: 'backends',
    },
    {
      when: 'the route is deleted',
      change: () => cluster.objects.delete('/apis/gateway.networking.k8s.io/v1/namespaces/crm/httproutes/crm-api'),
      field: 'route',
    },
    {
      when: 'the image is changed',
      change: () =>
        cluster.objects.set('/apis/apps/v1/namespaces/crm/deployments/crm-api', deployment('crm-api', 'crm:hotfix', 3)),
      field: 'image',
    },
    {
      when: 'the canary is scaled',
      change: () => cluster.objects.set(CANARY_PATH, deployment('crm-api-canary-7', 'crm@sha256:new', 0)),
      field: 'replicas',
    },
  ])('that stands ends the watch when $when', async ({ change, field }) => {
    change();
    const input = inputOf([errorRatio(FAST)]);
    const { tally, beats } = observe(input);
    const found = await tally;
    expect(found).toMatchObject({ ended: 'foreignChange', foreign: [{ field }] });
    expect(verdictOf(input, found).reason).toMatch(/^foreign change: /);
    expect(beats.at(-1)?.look.holding).toMatch(/^foreign change: /);
  });

  it('that goes away lets the step go on', async () => {
    cluster.objects.set(CANARY_PATH, deployment('crm-api-canary-7', 'crm@sha256:new', 0));
    const { tally, beats } = observe(inputOf([errorRatio(FAST)], {}, { foreignChangeMs: 60_000 }));
    await until(() => beats.at(-1)?.look.holding?.startsWith('foreign change') === true);
    cluster.objects.set(CANARY_PATH, deployment('crm-api-canary-7', 'crm@sha256:new', 1));
    expect(await tally).toMatchObject({ ended: 'timeOver', foreign: [] });
  });
});

describe('being ended from outside', () => {
  beforeEach(async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
  });
  const hold = () => inputOf([errorRatio(FAST)], { mode: 'hold' });
  const details = (asked: ConstructorParameters<typeof ActivityCancellationDetails>[0]) =>
    new ActivityCancellationDetails(asked);

  it('brings the tally home when the workflow cancels it', async () => {
    const input = hold();
    const { tally, env, beats } = observe(input);
    await until(() => beats.length > 8);
    env.cancel('CANCELLED', details({ cancelRequested: true }));
    const found = await tally;
    expect(found.ended).toBe('cancelled');
    expect(found.slots.length).toBeGreaterThan(5);
    expect(found).not.toHaveProperty('remainingMs');
  });
  it('brings the tally home also in the middle of a slow look', async () => {
    const slow = await cluster.page(() => undefined);
    cluster.pods[1] = { name: 'canary-1', track: 'canary', dial: slow.host };
    const { tally, env } = observe(hold());
    await until(() => slow.requests.length > 0);
    env.cancel('CANCELLED', details({ cancelRequested: true }));
    expect((await tally).ended).toBe('cancelled');
  });
  it.each([
    { reason: 'WORKER_SHUTDOWN' as const, asked: { workerShutdown: true } },
    { reason: 'TIMED_OUT' as const, asked: { timedOut: true } },
    { reason: 'NOT_FOUND' as const, asked: { notFound: true } },
  ])('throws on $reason, so that another worker goes on', async ({ reason, asked }) => {
    const { tally, env, beats } = observe(hold());
    await until(() => beats.length > 3);
    env.cancel(reason, details(asked));
    await expect(tally).rejects.toMatchObject({ name: 'CancelledFailure', message: reason });
  });
  it('another worker resumes from the last heartbeat and loses no request', async () => {
    const input = hold();
    const first = observe(input);
    await until(() => first.beats.length > 5);
    first.env.cancel('WORKER_SHUTDOWN', details({ workerShutdown: true }));
    await first.tally.catch(() => undefined);
    const last = JSON.parse(JSON.stringify(first.beats.at(-1))) as ObserveHeartbeat;

    const second = observe(input, last);
    await until(() => (second.beats.at(-1)?.state.looks ?? 0) > last.state.looks + 3);
    second.env.cancel('CANCELLED', details({ cancelRequested: true }));
    const found = await second.tally;
    expect(found.startedAtMs).toBe(last.state.startedAtMs);
    expect(found.slots.slice(0, last.state.slots.length)).toEqual(last.state.slots);
    // The page counts 100 requests a read: what was read between the two workers is in the first slot of the second.
    expect(found.slots.reduce((sum, slot) => sum + (slot.nC ?? 0), 0) % 100).toBe(0);
    expect(found.slots.every((slot) => (slot.nC ?? 0) >= 100)).toBe(true);
  });
  it('a heartbeat of another step is not resumed from', async () => {
    const input = inputOf([errorRatio(FAST)]);
    const foreign = { look: {}, state: { version: 1, step: 3, mode: 'step', ended: 'timeOver' } };
    expect((await observe(input, foreign).tally).slots.length).toBeGreaterThan(3);
  });
  it('the next step counts on from the cursor', async () => {
    const input = inputOf([errorRatio(FAST)]);
    const first = await observe(input).tally;
    const cursor: unknown = JSON.parse(JSON.stringify(first.cursor));
    const next = await observe(inputOf([errorRatio(FAST)], { cursor })).tally;
    expect(next.slots[0]).toMatchObject({ nC: 100, nS: 100 });
  });
  it('keeps its heartbeat small', async () => {
    const { tally, env, beats } = observe(hold());
    await until(() => beats.length > 20);
    env.cancel('CANCELLED', details({ cancelRequested: true }));
    await tally;
    expect(JSON.stringify(beats.at(-1)).length).toBeLessThan(20_000);
  });
});
