import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VirtualServicePlan } from '../../../src/core/model/plan.ts';
import { makeCanaryRule } from '../../../src/core/rollout/destination-rule.ts';
import { sameBackends, splitBackends } from '../../../src/core/rollout/route.ts';
import { backendsElsewhere, createdObjects, readRouting, routingName } from '../../../src/core/rollout/routing.ts';
import {
  type HttpDestination,
  nameOfDestination,
  reconciliationOf,
  type VirtualService,
  withDestinations,
} from '../../../src/core/rollout/virtual-service.ts';
import { somePlan } from '../../harness/some-plan.ts';

const TRAFFIC: VirtualServicePlan = {
  kind: 'istioVirtualService',
  route: 'crm',
  stableService: 'crm-api',
  port: 80,
  destinationRule: { name: 'crm-api', stableSubset: 'stable' },
  settleMs: 10_000,
};

function object(...routes: (readonly HttpDestination[])[]): VirtualService {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'crm', namespace: 'crm', generation: 3 },
    spec: { hosts: ['crm.example.com'], http: routes.map((route) => ({ route, timeout: '1s' })) },
  };
}

describe('nameOfDestination', () => {
  it.each([
    { host: 'crm-api', subset: 'stable', name: 'crm-api' },
    { host: 'crm-api.crm.svc.cluster.local', subset: 'stable', name: 'crm-api' },
    { host: 'crm-api', name: 'crm-api/(no subset)' },
    { host: 'crm-api', subset: 'v2', name: 'crm-api/v2' },
    { host: 'crm-api-canary-7', subset: 'canary-7', name: 'crm-api-canary-7' },
    { host: 'crm-api-canary-7', subset: 'canary-8', name: 'crm-api-canary-7/canary-8' },
    { host: 'crm-api.shop', subset: 'stable', name: 'crm-api.shop/stable' },
    { host: 'docs', name: 'docs' },
  ])('of $host, subset $subset, is $name', ({ host, subset, name }) => {
    expect(nameOfDestination({ destination: { host, ...(subset && { subset }) } }, TRAFFIC, 'crm')).toBe(name);
  });
});

describe('withDestinations', () => {
  it('reads back what it wrote, and restores what was read: with and without port and weight', () => {
    const written = fc.record({ port: fc.constantFrom(undefined, 80), weight: fc.constantFrom(undefined, 100) });
    fc.assert(
      fc.property(written, fc.integer({ min: 0, max: 100 }), ({ port, weight }, percent) => {
        const stable = {
          destination: { host: 'crm-api', subset: 'stable', ...(port && { port: { number: port } }) },
          ...(weight && { weight }),
          headers: { request: {} },
        };
        const before = object([{ destination: { host: 'docs' } }], [stable]);
        const was = readRouting(TRAFFIC, before);
        const split = splitBackends(
          was.backends[0] ?? { service: '', port: 0, weight: 0 },
          'crm-api-canary-7',
          percent,
        );
        const during = withDestinations(before, was.rule, split, TRAFFIC);
        expect(sameBackends(readRouting(TRAFFIC, during).backends, split)).toBe(true);
        // As a record in a history gives it back.
        const kept = JSON.parse(JSON.stringify(was.backends)) as typeof was.backends;
        expect(withDestinations(during, was.rule, kept, TRAFFIC)).toEqual(before);
      }),
    );
  });

  it('knows which backends stand in rules of others', () => {
    const stable = { destination: { host: 'crm-api', subset: 'stable' } };
    const found = object(
      [stable],
      [{ destination: { host: 'docs' } }, { destination: { host: 'crm-api', subset: 'v2' } }],
    );
    expect([...backendsElsewhere(TRAFFIC, found)]).toEqual(['docs', 'crm-api/v2']);
  });
});

describe('reconciliationOf', () => {
  const of = (status: VirtualService['status']) => reconciliationOf({ ...object(), ...(status && { status }) });
  const condition = (status: string, observedGeneration: string) => ({
    conditions: [{ type: 'Reconciled', status, observedGeneration, message: '3 of 4 proxies' }],
  });
  it.each([
    { when: 'there is no status', status: undefined, found: { told: false } },
    { when: 'the status is empty', status: {}, found: { told: false } },
    { when: 'it is behind', status: { observedGeneration: '2' }, problem: 'istiod has seen generation 2' },
    { when: 'proxies are behind', status: condition('False', '3'), problem: '3 of 4 proxies' },
    {
      when: 'it is refused',
      status: { observedGeneration: '3', validationMessages: [{ level: 'ERROR', type: { code: 'IST0101' } }] },
      problem: 'IST0101',
    },
    { when: 'all have it', status: condition('True', '3'), found: { told: true } },
  ])('when $when', ({ status, found, problem }) => {
    if (found) expect(of(status)).toEqual(found);
    else expect(of(status)).toMatchObject({ told: true, problem: expect.stringContaining(problem ?? '') });
  });
});

describe('the objects of a canary', () => {
  it('have a rule of their own with the policy of the team, owned by the canary Deployment', () => {
    const team = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'crm-api', namespace: 'crm' },
      spec: {
        host: 'crm-api',
        trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } },
        subsets: [{ name: 'stable', labels: { a: 'b' }, trafficPolicy: { connectionPool: {} } }],
        exportTo: ['.'],
      },
    };
    const naming = { name: 'crm-api-canary-7', term: 7, service: 'crm-api' };
    const made = makeCanaryRule(naming, 'crm-api-canary-7', {
      namespace: 'crm',
      annotations: { 'mainstay.dev/fence': '7/2' },
      owner: { name: 'crm-api-canary-7', uid: 'u' },
      team,
      stableSubset: 'stable',
    });
    expect(made).toMatchObject({
      metadata: {
        name: 'crm-api-canary-7',
        labels: { 'app.kubernetes.io/managed-by': 'mainstay' },
        ownerReferences: [{ kind: 'Deployment', name: 'crm-api-canary-7', uid: 'u' }],
      },
    });
    expect(made.spec).toEqual({
      host: 'crm-api-canary-7',
      subsets: [
        { name: 'canary-7', labels: { 'mainstay.dev/track': 'canary-7' }, trafficPolicy: { connectionPool: {} } },
      ],
      trafficPolicy: team.spec.trafficPolicy,
      exportTo: ['.'],
    });
  });

  it('are those that the kind of router needs', () => {
    const kinds = (traffic: ReturnType<typeof somePlan>['traffic']) =>
      createdObjects(somePlan({ traffic }), 7).map(({ kind, name }) => `${kind} ${name}`);
    const { traffic } = somePlan();
    expect(kinds(traffic)).toEqual(['Deployment crm-api-canary-7', 'Service crm-api-canary-7']);
    expect(kinds(TRAFFIC)).toEqual([
      'Deployment crm-api-canary-7',
      'Service crm-api-canary-7',
      'DestinationRule crm-api-canary-7',
    ]);
    const byPods = {
      kind: 'podRatio',
      route: 'crm-api',
      stableService: 'crm-api',
      port: 80,
      tolerancePercent: 10,
    } as const;
    expect(kinds(byPods)).toEqual(['Deployment crm-api-canary-7']);
    expect(routingName(somePlan({ traffic: byPods }))).toBe('Service crm/crm-api');
    expect(routingName(somePlan({ traffic: TRAFFIC }))).toBe('VirtualService crm/crm');
  });
});
