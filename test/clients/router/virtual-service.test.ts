import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../src/clients/kubernetes/port.ts';
import { createVirtualServiceRouter } from '../../../src/clients/router/virtual-service.ts';
import type { VirtualServicePlan } from '../../../src/core/model/plan.ts';
import { splitBackends } from '../../../src/core/rollout/route.ts';
import { describeRouterContract, type RouterCase } from './contract.ts';
import { CANARY_NAME, openRouterLab, service } from './router-lab.ts';

const ADDRESS = { kind: 'VirtualService', namespace: 'crm', name: 'crm-api' } as const;

function rule(name: string, subset: string, track: string, host = name): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace: 'crm' },
    spec: { host, subsets: [{ name: subset, labels: { 'mainstay.dev/track': track } }] },
  };
}

function virtualService(stable: object): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'crm-api', namespace: 'crm', labels: { team: 'crm' }, annotations: { note: 'kept' } },
    spec: {
      hosts: ['crm.example.com'],
      gateways: ['crm/mainstay-sandbox'],
      http: [
        { name: 'main', match: [{ uri: { prefix: '/' } }], route: [stable] },
        { name: 'docs', match: [{ uri: { prefix: '/docs' } }], route: [{ destination: { host: 'docs' } }] },
      ],
    },
  };
}

const TRAFFIC: VirtualServicePlan = {
  kind: 'istioVirtualService',
  route: 'crm-api',
  stableService: 'crm-api',
  port: 80,
  settleMs: 60_000,
};

function aCase(stable: object, more: Partial<VirtualServicePlan>, before: RouterCase['before']): RouterCase {
  return {
    objects: [
      virtualService(stable),
      service(CANARY_NAME, 'canary-7'),
      rule('crm-api', 'stable', 'stable'),
      rule(CANARY_NAME, 'canary-7', 'canary-7'),
    ],
    trafficOf: (adminUrl) => ({
      ...TRAFFIC,
      ...more,
      weightMetric: {
        url: `${adminUrl}/metrics`,
        name: 'router_backend_weight',
        backendLabel: 'backend',
        labels: { namespace: 'crm', route: 'crm-api' },
      },
    }),
    address: ADDRESS,
    name: 'VirtualService crm/crm-api',
    before,
    shares: { 10: 10, 50: 50, 100: 100 },
    foreign: (object) => {
      const spec = structuredClone(object.spec) as { http: { route: { weight: number }[] }[] };
      for (const each of spec.http[0]?.route ?? []) each.weight = 50;
      return { ...object, spec };
    },
    blind: ({ router }) => router.faults.set({ kind: 'noMetrics' }),
  };
}

describeRouterContract(
  'VirtualService that names a subset and a full host',
  aCase(
    { destination: { host: 'crm-api.crm.svc.cluster.local', subset: 'stable', port: { number: 80 } }, weight: 100 },
    { destinationRule: { name: 'crm-api', stableSubset: 'stable' } },
    [{ service: 'crm-api', port: 80, weight: 100 }],
  ),
);

describeRouterContract(
  'VirtualService with a bare destination',
  aCase({ destination: { host: 'crm-api' } }, {}, [{ service: 'crm-api', port: 0, weight: 100, unwritten: true }]),
);

describe('VirtualService', () => {
  const bare = virtualService({ destination: { host: 'crm-api', subset: 'stable' } });
  const SUBSET = { ...TRAFFIC, destinationRule: { name: 'crm-api', stableSubset: 'stable' } };

  it('sends the canary to a host and a subset of its own, written as the stable host is', async () => {
    const stable = { destination: { host: 'crm-api.crm.svc.cluster.local', subset: 'stable' }, weight: 100 };
    const lab = await openRouterLab([virtualService(stable)], () => SUBSET);
    const router = createVirtualServiceRouter(lab.clients);
    const target = { ...lab.target, traffic: SUBSET };
    const state = await router.read(target);
    if (state?.backends[0] === undefined) throw new Error('no backend');
    await router.write(target, state, splitBackends(state.backends[0], CANARY_NAME, 10), {});
    expect((await lab.client.get(ADDRESS))?.spec).toMatchObject({
      http: [
        {
          route: [
            { destination: { host: 'crm-api.crm.svc.cluster.local', subset: 'stable' }, weight: 90 },
            { destination: { host: `${CANARY_NAME}.crm.svc.cluster.local`, subset: 'canary-7' }, weight: 10 },
          ],
        },
        { name: 'docs' },
      ],
    });
  });

  it.each([
    { when: 'the subset is another one', traffic: TRAFFIC, object: bare, says: 'without a subset, none does' },
    {
      when: 'two http routes do',
      traffic: SUBSET,
      object: {
        ...bare,
        spec: {
          ...(bare.spec as object),
          http: ['a', 'b'].map((name) => ({ name, route: [{ destination: { host: 'crm-api', subset: 'stable' } }] })),
        },
      },
      says: 'with subset stable, several do',
    },
  ])('refuses to choose when $when', async ({ traffic, object, says }) => {
    const lab = await openRouterLab([object], () => traffic);
    const router = createVirtualServiceRouter(lab.clients);
    await expect(router.read({ ...lab.target, traffic })).rejects.toMatchObject({
      code: 'PreconditionFailed',
      message: expect.stringContaining(says),
    });
    const named = { ...SUBSET, httpRoute: 'b' };
    if (traffic === SUBSET) expect(await router.read({ ...lab.target, traffic: named })).toMatchObject({ rule: 1 });
  });

  describe('without a gauge', () => {
    const stable = { destination: { host: 'crm-api' }, weight: 100 };

    it('counts a weight as applied when it has stood for the time to settle, and says that nothing tells more', async () => {
      const lab = await openRouterLab([virtualService(stable)], () => TRAFFIC);
      const clock = { ms: Date.parse('2026-11-21T12:00:00Z') };
      const router = createVirtualServiceRouter(lab.clients, () => clock.ms);
      const target = { ...lab.target, traffic: TRAFFIC };
      const state = await router.read(target);
      if (state?.backends[0] === undefined) throw new Error('no backend');
      const wanted = splitBackends(state.backends[0], CANARY_NAME, 10);
      await router.write(target, state, wanted, {});
      clock.ms += 59_000;
      expect(await router.readApplied(target, wanted)).toEqual({
        confirmed: false,
        says: 'VirtualService crm/crm-api is written; Istio tells no more of it, so 1 s more are waited',
      });
      clock.ms += 1000;
      const applied = await router.readApplied(target, wanted);
      expect(applied.confirmed).toBe(true);
      expect(applied.says).toContain('neither a weight metric nor a status');
      expect(await router.readPercent(target, CANARY_NAME)).toBeNull();
    });

    it.each([
      { when: 'it saw an older generation', observedGeneration: '0', status: 'True', confirmed: false },
      { when: 'a proxy has not taken it up', observedGeneration: '1', status: 'False', confirmed: false },
      { when: 'all proxies have this generation', observedGeneration: '1', status: 'True', confirmed: true },
    ])(
      'believes the status of istiod where it writes one: $when',
      async ({ observedGeneration, status, confirmed }) => {
        const lab = await openRouterLab([virtualService(stable)], () => TRAFFIC);
        const router = createVirtualServiceRouter(lab.clients);
        const target = { ...lab.target, traffic: TRAFFIC };
        const state = await router.read(target);
        const patch = { conditions: [{ type: 'Reconciled', status }], observedGeneration };
        const row = { ...((await lab.client.get(ADDRESS)) as KubernetesObject), status: patch };
        await fetch(`${lab.api.url}/apis/networking.istio.io/v1/namespaces/crm/virtualservices/crm-api/status`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(row),
        });
        expect(await router.readApplied(target, state?.backends ?? [])).toMatchObject({ confirmed });
      },
    );
  });
});
