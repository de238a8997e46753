/** What the checks say of a VirtualService and of pods behind one Service. */
import { describe, expect, it } from 'vitest';
import type { DeployPlan, PodRatioPlan, VirtualServicePlan } from '../../../src/core/model/plan.ts';
import type { PreflightFacts } from '../../../src/core/preflight/facts.ts';
import { askedRights } from '../../../src/core/preflight/required-rights.ts';
import type { DestinationRule } from '../../../src/core/rollout/destination-rule.ts';
import type { VirtualService } from '../../../src/core/rollout/virtual-service.ts';
import { finding, plan, withSelector } from './changed-facts.ts';
import { deployment, service } from './facts-of-a-sound-service.ts';

type Change = {
  readonly facts?: Partial<PreflightFacts>;
  readonly traffic?: object;
  readonly steps?: readonly number[];
};

function stepsOf(weights: readonly number[]): DeployPlan['steps'] {
  return weights.map((weightPercent, index) => ({ index, weightPercent, durationMs: 1000, approval: false }));
}

describe('with a VirtualService', () => {
  const traffic: VirtualServicePlan = {
    kind: 'istioVirtualService',
    route: 'crm',
    stableService: 'crm-api',
    port: 80,
    destinationRule: { name: 'crm-api', stableSubset: 'stable' },
    settleMs: 10_000,
  };
  const virtualService: VirtualService = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'crm', namespace: 'crm', generation: 2 },
    spec: { http: [{ route: [{ destination: { host: 'crm-api', subset: 'stable' } }] }] },
  };
  const rule = (name: string, host: string, ...subsets: string[]): DestinationRule => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace: 'crm' },
    spec: { host, subsets: subsets.map((each) => ({ name: each })) },
  });
  const rules = (...objects: DestinationRule[]) => ({ destinationRules: { seen: 'present', objects } }) as const;
  const routed = (...route: object[]) =>
    ({
      route: { seen: 'present', object: { ...virtualService, spec: { http: [{ route }] } } },
    }) as Partial<PreflightFacts>;
  const stable = { destination: { host: 'crm-api', subset: 'stable' } };

  it.each<Change & { when: string; result: string; says: string }>([
    { when: 'all is well', result: 'pass', says: 'neither a weight metric nor a status of istiod' },
    {
      when: 'the rules cannot be read',
      facts: { destinationRules: { seen: 'unknown', problem: 'refused' } },
      result: 'could-not-check',
      says: 'refused',
    },
    {
      when: 'the subset is not defined',
      facts: rules(rule('crm-api', 'crm-api', 'v1')),
      result: 'fail',
      says: 'expected a subset stable, found v1',
    },
    { when: 'the rule is missing', facts: rules(), result: 'fail', says: 'DestinationRule crm/crm-api does not exist' },
    {
      when: 'the rule is of another host',
      facts: rules(rule('crm-api', 'docs', 'stable')),
      result: 'fail',
      says: 'expected host crm-api, found docs',
    },
    {
      when: 'a second rule governs the host',
      facts: rules(rule('crm-api', 'crm-api', 'stable'), rule('x', 'crm-api.crm')),
      result: 'fail',
      says: 'crm/x: also governs host',
    },
    {
      when: 'a rule is not named',
      traffic: { destinationRule: undefined },
      facts: routed({ destination: { host: 'crm-api' } }),
      result: 'fail',
      says: 'name it as traffic.destinationRule',
    },
    {
      when: 'stable has no subset',
      facts: routed({ destination: { host: 'crm-api' } }),
      result: 'fail',
      says: 'with subset stable, none does',
    },
    {
      when: 'another subset has weight',
      facts: routed({ ...stable, weight: 90 }, { destination: { host: 'crm-api', subset: 'v2' }, weight: 10 }),
      result: 'fail',
      says: 'found crm-api 90, crm-api/v2 10',
    },
    {
      when: 'another port is written',
      facts: routed({ destination: { ...stable.destination, port: { number: 81 } } }),
      result: 'fail',
      says: 'expected port 80',
    },
    {
      when: 'a canary is under way',
      facts: routed(
        { ...stable, weight: 90 },
        { destination: { host: 'crm-api-canary-6', subset: 'canary-6' }, weight: 10 },
      ),
      result: 'pass',
      says: 'another deployment is under way',
    },
  ])('$result when $when', ({ facts, traffic: more, result, says }) => {
    const sound = {
      route: { seen: 'present', object: virtualService },
      ...rules(rule('crm-api', 'crm-api', 'stable')),
    } as const;
    const found = finding('router', { ...sound, ...facts }, { traffic: { ...traffic, ...more } });
    expect(found).toMatchObject({ result, reason: expect.stringContaining(says) });
  });

  it('asks for rights on its objects and not for those of another router', () => {
    const rights = askedRights('istioVirtualService').map(({ kind, verb }) => `${verb} ${kind}`);
    expect(rights).toEqual(
      expect.arrayContaining(['update VirtualService', 'create DestinationRule', 'delete Service']),
    );
    expect(rights.filter((each) => each.endsWith('HTTPRoute'))).toEqual([]);
  });
});

describe('with pod ratio', () => {
  const traffic: PodRatioPlan = {
    kind: 'podRatio',
    route: 'crm-api',
    stableService: 'crm-api',
    port: 80,
    tolerancePercent: 10,
  };
  const pods = (...tracks: (string | null)[]) =>
    ({ seen: 'present', pods: tracks.map((track, index) => ({ name: `pod-${index}`, track })) }) as const;
  const replicas = (count: number) =>
    ({ seen: 'present', object: { ...deployment, spec: { ...deployment.spec, replicas: count } } }) as const;

  it.each<Change & { when: string; result: string; says: string }>([
    {
      when: 'the weights can be reached',
      result: 'pass',
      says: '10 % is 20 % (1 of 5), 50 % is 50 % (4 of 8), 100 % is 100 % (4 of 4)',
    },
    { when: 'a step cannot be reached', steps: [10, 75, 100], result: 'fail', says: '75 % is 50 % (4 of 8)' },
    {
      when: 'there are too few pods',
      facts: { deployment: replicas(1) },
      result: 'fail',
      says: 'off by more than 10 points: 10 %',
    },
    {
      when: 'the tolerance allows it',
      facts: { deployment: replicas(1) },
      traffic: { tolerancePercent: 40 },
      result: 'pass',
      says: '10 % is 50 %',
    },
    {
      when: 'a stranger has the labels',
      facts: { pods: pods('stable', null) },
      result: 'fail',
      says: 'pod-1 (mainstay.dev/track not set)',
    },
    {
      when: 'the pods cannot be listed',
      facts: { pods: { seen: 'unknown', problem: 'refused' } },
      result: 'could-not-check',
      says: 'refused',
    },
    {
      when: 'the Service is missing',
      facts: { route: { seen: 'missing' } },
      result: 'fail',
      says: 'Service crm/crm-api does not exist',
    },
  ])('$result when $when', ({ facts, steps = [10, 50, 100], traffic: more, result, says }) => {
    const sound = {
      deployment: replicas(4),
      route: { seen: 'present', object: service },
      pods: pods('stable', 'stable'),
    } as const;
    const found = finding(
      'router',
      { ...sound, ...facts },
      { traffic: { ...traffic, ...more }, steps: stepsOf(steps) },
    );
    expect(found).toMatchObject({ result, reason: expect.stringContaining(says) });
  });

  it.each([
    { selector: { app: 'crm-api', 'mainstay.dev/track': 'stable' }, result: 'pass', says: 'canary pods do not match' },
    {
      selector: { 'mainstay.dev/track': 'stable' },
      result: 'fail',
      says: 'needs another label than mainstay.dev/track',
    },
    { selector: { app: 'crm-api' }, result: 'fail', says: 'would also select canary pods' },
  ])('wants a selector with the track and more: $result for $selector', ({ selector, result, says }) => {
    const facts = { service: withSelector(selector as Record<string, string>) };
    const route = facts.service as PreflightFacts['route'];
    expect(finding('selector', { ...facts, route }, { ...plan, traffic })).toMatchObject({
      result,
      reason: expect.stringContaining(says),
    });
  });
});
