/** The example company judged by a real Prometheus: its own catalogue, real pods and router, the real watch of a step. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createObserveStep } from '../../../src/activities/metrics/observe-step.ts';
import { probeMetrics } from '../../../src/activities/metrics/probe-metrics.ts';
import { createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import type { KubernetesClient, KubernetesObject } from '../../../src/clients/kubernetes/port.ts';
import { createMetricsProvider } from '../../../src/clients/metrics/provider.ts';
import { createTrafficRouter } from '../../../src/clients/router/traffic-router.ts';
import { loadCatalogue } from '../../../src/config/load-catalogue.ts';
import { assessTally } from '../../../src/core/analysis/assess-tally.ts';
import type { ArmTargets, ObserveStepInput } from '../../../src/core/model/observe.ts';
import type { StepTally } from '../../../src/core/model/operation.ts';
import type { DeployPlan } from '../../../src/core/model/plan.ts';
import { resolvePlan } from '../../../src/core/rollout/resolve-plan.ts';
import type { MetricFact } from '../../../src/core/preflight/metrics-fact.ts';
import type { Deployment } from '../../../src/core/rollout/workload.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { isMissing } from '../../harness/tools.ts';
import { until } from '../../harness/until.ts';

const CATALOGUE = new URL('../../../examples/crm/mainstay-prometheus.yaml', import.meta.url).pathname;
const CANARY = 'crm-api-canary-7';
const ARMS: Required<ArmTargets> = {
  stable: { labelSelector: 'app=crm-api,mainstay.dev/track=stable', backend: 'crm-api' },
  canary: { labelSelector: 'app=crm-api,mainstay.dev/track=canary-7', backend: CANARY },
};

const seriesOf = (fact: MetricFact | undefined) =>
  fact?.found.seen === 'present' && 'series' in fact.found
    ? fact.found.series
    : [{ series: 0, isZero: false, scrapeEveryMs: null }];
const everyMs = (facts: readonly MetricFact[]) => seriesOf(facts[0])[0]?.scrapeEveryMs ?? null;

describe.skipIf(isMissing('prometheus'))('a canary judged by Prometheus', () => {
  let folder: string;
  let sandbox: Sandbox;
  let plan: DeployPlan;
  let image: string;
  const kubernetes = createKubernetesClients();
  const metrics = createMetricsProvider({ kubernetes });
  let client: KubernetesClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-prometheus-'));
    sandbox = await startSandbox({ stateDir: folder, rps: 100, prometheus: true });
    plan = await planOf(sandbox);
    client = kubernetes(plan.workload.cluster);
    image = await addCanary();
  });
  afterAll(async () => {
    await sandbox?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function planOf({ kubeconfigPath, registry, router, prometheusUrl = '' }: Sandbox): Promise<DeployPlan> {
    const environment = {
      KUBECONFIG: kubeconfigPath,
      MAINSTAY_REGISTRY: registry.host,
      MAINSTAY_SANDBOX_ROUTER_ADMIN: router.adminUrl,
      MAINSTAY_SANDBOX_PROMETHEUS: prometheusUrl,
    };
    const loaded = await loadCatalogue({ path: CATALOGUE, environment });
    if (loaded.outcome !== 'loaded') throw new Error(JSON.stringify(loaded.problems));
    const resolved = resolvePlan(loaded, { service: 'crm-api', environment: 'demo', version: 'v1.4.2' });
    if ('problems' in resolved) throw new Error(JSON.stringify(resolved.problems));
    // Scrapes come every second; the sandbox need not wait for more of them.
    const metricsOfPlan = resolved.plan.analysis.metrics.map((metric) => ({
      ...metric,
      judge: { ...metric.judge, intervalMs: 1_200, count: 3 },
    }));
    return { ...resolved.plan, analysis: { ...resolved.plan.analysis, metrics: metricsOfPlan } };
  }

  /** As a deployment of term 7 would make it: the second Deployment, its Service, half of the traffic. */
  async function addCanary(): Promise<string> {
    type Raw = KubernetesObject & { spec: Record<string, unknown> };
    const named = async (kind: 'Deployment' | 'Service' | 'HTTPRoute') => {
      const found = await client.get<Raw>({ kind, namespace: 'crm', name: 'crm-api' });
      if (!found) throw new Error(`no ${kind} crm-api`);
      return JSON.parse(
        JSON.stringify(found).replaceAll('"mainstay.dev/track":"stable"', '"mainstay.dev/track":"canary-7"'),
      ) as Raw;
    };
    const asNew = ({ apiVersion, kind, metadata, spec }: Raw): Raw => ({
      apiVersion,
      kind,
      metadata: { name: CANARY, namespace: 'crm', ...(metadata.labels && { labels: metadata.labels }) },
      spec,
    });
    const deployment = asNew(await named('Deployment'));
    await client.create({ ...deployment, spec: { ...deployment.spec, replicas: 1 } });
    const service = asNew(await named('Service'));
    const { clusterIP: _ip, clusterIPs: _ips, ...serviceSpec } = service.spec;
    await client.create({ ...service, spec: serviceSpec });
    await until(
      'the canary is ready',
      async () => {
        const found = await client.get<KubernetesObject & Deployment>({
          kind: 'Deployment',
          namespace: 'crm',
          name: CANARY,
        });
        return found?.status?.readyReplicas === 1 ? true : undefined;
      },
      40_000,
    );
    const route = await client.get<Raw>({ kind: 'HTTPRoute', namespace: 'crm', name: 'crm-api' });
    if (!route) throw new Error('no HTTPRoute crm-api');
    const text = JSON.stringify(route.spec.rules).replace(
      /\[(\{[^{}]*"name":"crm-api"[^{}]*\})\]/,
      JSON.stringify([
        { name: 'crm-api', port: 80, weight: 50 },
        { name: CANARY, port: 80, weight: 50 },
      ]),
    );
    await client.replace({ ...route, spec: { ...route.spec, rules: JSON.parse(text) as unknown } });
    return (deployment as unknown as Deployment).spec.template.spec.containers[0]?.image ?? '';
  }

  function input(more: Partial<ObserveStepInput> = {}): ObserveStepInput {
    const backends = [
      { service: 'crm-api', port: 80, weight: 50 },
      { service: CANARY, port: 80, weight: 50 },
    ];
    const expected = { backends, stableImage: image, canary: { name: CANARY, image, replicas: 1 } };
    return { plan, step: 1, mode: 'step', arms: ARMS, expected, weightPercent: 50, term: 7, ...more };
  }

  async function watch(of: ObserveStepInput): Promise<StepTally> {
    const { observeStep } = createObserveStep({ kubernetes, metrics, router: createTrafficRouter(kubernetes) });
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    return environment.run<[ObserveStepInput], StepTally, typeof observeStep>(observeStep, of);
  }

  it('is asked for before the deployment: every metric of the catalogue is there, scraped every second', async () => {
    const facts = await until(
      'all metrics scraped',
      async () => {
        const found = await probeMetrics(metrics, plan, ARMS.stable, (_, read) => read(AbortSignal.timeout(5_000)));
        const has = found.every((each) => seriesOf(each).every(({ series, isZero }) => series > 0 || isZero));
        // Two scrapes of the first one tell how often it is scraped.
        return has && everyMs(found) !== null ? found : undefined;
      },
      40_000,
    );
    expect(facts.map(({ name }) => name)).toEqual(['error-ratio', 'latency-p99', 'checkout-success']);
    expect(seriesOf(facts[2]).map(({ scrapeEveryMs }) => scrapeEveryMs)).toEqual([null]);
    expect(everyMs(facts)).toBeGreaterThan(500);
    expect(everyMs(facts)).toBeLessThan(1_700);
  });

  it('passes while it is good, with counts of both arms', async () => {
    const tally = await watch(input({ remainingMs: 4_000 }));
    expect(tally.ended).toBe('timeOver');
    expect(assessTally(plan, tally).phase).toBe('passed');
    const sum = (key: 'nC' | 'nS' | 'eC') => tally.slots.reduce((all, slot) => all + (slot[key] ?? 0), 0);
    const [nC, nS, eC] = [sum('nC'), sum('nS'), sum('eC')];
    expect(nC).toBeGreaterThan(100);
    expect(nS).toBeGreaterThan(100);
    expect(eC).toBe(0);
  });

  it('fails when its pods answer with errors, and says how many of how many', async () => {
    await sandbox.faults.add({
      kind: 'service',
      namespace: 'crm',
      selector: 'mainstay.dev/track=canary-7',
      errorRatio: 0.3,
    });
    const tally = await watch(input({ remainingMs: 60_000 }));
    expect(tally.ended).toBe('verdict');
    const verdict = assessTally(plan, tally);
    expect(verdict.phase).toBe('failed');
    expect(verdict.reason).toMatch(/error-ratio .*% \([\d,]+ of [\d,]+ canary requests, stable 0\.00 %\) > 1 %/);
  });
});
