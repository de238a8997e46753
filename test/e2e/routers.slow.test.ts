/** The same deployment where traffic is routed by a VirtualService, or by nothing but the Service's selector. */
import { describe, expect, it } from 'vitest';
import { type KubeObject, RESOURCES, type Service } from '../../src/sandbox/cluster/kube/objects.ts';
import { DESTINATION_RULES, VIRTUAL_SERVICES, type VirtualService } from '../../src/sandbox/router/istio-objects.ts';
import type { StageCatalogue } from '../harness/e2e/catalogue.ts';
import { expectNoneFailed, ofCanaries } from '../harness/e2e/router-counts.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import { useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';
import { until } from '../harness/until.ts';

const BAD = 'v1.5.0-errors';

/** Half and all, 3 s each: with two pods a half is what numbers of pods give exactly. */
const SHORT: StageCatalogue = {
  strategy: {
    steps: [
      { weight: 50, duration: '3s' },
      { weight: 100, duration: '3s' },
    ],
    bake: '2s',
  },
  analysis: {
    interval: '1s',
    count: 2,
    failureLimit: 0,
    minRequests: 2,
    metrics: [
      {
        name: 'error-ratio',
        source: { from: 'pods', port: 8080, path: '/metrics' },
        query: {
          kind: 'errorRatio',
          total: { name: 'http_requests_total' },
          errors: { name: 'http_requests_total', labels: { code: '~5..' } },
        },
        judge: { kind: 'threshold', fail: '> 10%' },
      },
    ],
  },
};

describe.skipIf(isMissing('temporal'))('a canary by another router', () => {
  const e2e = useE2e({ versions: ['v1.4.2', BAD] });

  /** Promotes a good version and rolls a bad one back; `standing` is what must be as it was after both. */
  async function promoteAndRollBack(stage: Stage, route: string, standing: () => Promise<unknown>): Promise<void> {
    const routed = await standing();
    const promoted = await (await stage.deploy('v1.4.2')).result();
    expect(promoted).toMatchObject({ outcome: 'promoted', reasonCode: 'AnalysisPassed' });
    expect(await stage.whyNotS1({ image: e2e().image('v1.4.2') })).toBeUndefined();
    expect(await standing()).toEqual(routed);
    expect(await stage.version()).toBe('v1.4.2');
    expectNoneFailed(await stage.counts());

    await e2e().sandbox.faults.add({ kind: 'service', namespace: stage.name, version: BAD, errorRatio: 0.6 });
    const before = await stage.standing();
    const rolledBack = await (await stage.deploy(BAD)).result();
    expect(rolledBack).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect(await standing()).toEqual(routed);
    expect(rolledBack.restored[0]).toMatchObject({ object: route, field: 'backends', restored: true, changed: true });
    expect(rolledBack.steps.map(({ weightPercent }) => weightPercent)).toEqual([50]);
  }

  it.concurrent('promotes and rolls back by VirtualService, with a rule of its own and the policy of the team', async () => {
    const weightMetric = {
      url: '${MAINSTAY_SANDBOX_ROUTER_ADMIN}/metrics',
      name: 'router_backend_weight',
      backendLabel: 'backend',
      labels: { namespace: 'istio', route: 'crm' },
    };
    const traffic = {
      kind: 'istioVirtualService',
      virtualService: 'crm',
      stableService: 'crm-api',
      port: 80,
      destinationRule: { name: 'crm-api', stableSubset: 'stable' },
      weightMetric,
    };
    const stage = await e2e().stage('istio', { ...SHORT, traffic });
    const at = { namespace: stage.name };
    const make = (resource: typeof VIRTUAL_SERVICES | typeof DESTINATION_RULES, name: string, spec: object) => {
      const { apiVersion, kind } = resource;
      return stage.kube.create({ resource, ...at }, { apiVersion, kind, metadata: { name, ...at }, spec });
    };
    const subsets = [{ name: 'stable', labels: { 'mainstay.dev/track': 'stable' } }];
    await make(DESTINATION_RULES, 'crm-api', { host: 'crm-api', subsets });
    await make(VIRTUAL_SERVICES, 'crm', {
      hosts: ['istio.example.com'],
      http: [{ route: [{ destination: { host: 'crm-api', subset: 'stable' } }] }],
    });
    await until('the router to follow the VirtualService', async () => {
      const text = await (await fetch(`${stage.router.adminUrl}/metrics`)).text();
      return text.includes('namespace="istio",route="crm",backend="crm-api"') ? true : undefined;
    });
    const rules = async () => {
      const { items } = await stage.kube.list<KubeObject>({ resource: DESTINATION_RULES, ...at });
      return items.map(({ metadata }) => metadata?.name);
    };
    await promoteAndRollBack(stage, 'VirtualService istio/crm', async () => {
      // What is owned by the canary Deployment goes a moment after it.
      await until('one DestinationRule', async () => ((await rules()).length === 1 ? true : undefined));
      const { spec } = await stage.kube.get<VirtualService>(stage.at(VIRTUAL_SERVICES, 'crm'));
      return { spec, rules: await rules() };
    });
    expect(ofCanaries(await stage.counts()).requests).toBeGreaterThan(10);
  });

  it.concurrent('promotes and rolls back by numbers of pods', async () => {
    const traffic = { kind: 'podRatio', stableService: 'crm-api', port: 80 };
    const stage = await e2e().stage('pods', { ...SHORT, traffic });
    await promoteAndRollBack(stage, 'Service pods/crm-api', async () => {
      const { spec } = await stage.kube.get<Service>(stage.at(RESOURCES.services));
      return spec;
    });
  });
});
