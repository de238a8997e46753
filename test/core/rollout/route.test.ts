import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findRule,
  formatBackends,
  type HttpRoute,
  readBackends,
  sameBackends,
  sharePercent,
  splitBackends,
  whyNotAccepted,
  withBackends,
} from '../../../src/core/rollout/route.ts';

function route(
  ...rules: (readonly { name: string; weight?: number; port?: number; filters?: unknown }[])[]
): HttpRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'crm-api', generation: 3 },
    spec: { hostnames: ['crm.example.com'], rules: rules.map((backendRefs) => ({ backendRefs, matches: [] })) },
  };
}

describe('findRule', () => {
  it.each([
    { when: 'the second rule sends to it', rules: [[{ name: 'other' }], [{ name: 'crm-api' }]], index: 1 },
    { when: 'no rule does', rules: [[{ name: 'other' }]], index: -1 },
    { when: 'two rules do', rules: [[{ name: 'crm-api' }], [{ name: 'crm-api' }]], index: -2 },
    { when: 'there are no rules', rules: [], index: -1 },
  ])('is $index when $when', ({ rules, index }) => {
    expect(findRule(route(...rules), 'crm-api')).toBe(index);
  });
});

describe('withBackends', () => {
  it('leaves other rules, other fields and filters as they are', () => {
    const before = route([{ name: 'other', weight: 7 }], [{ name: 'crm-api', port: 80, weight: 1, filters: ['f'] }]);
    const stable = { service: 'crm-api', port: 80, weight: 1 };
    const after = withBackends(before, 1, splitBackends(stable, 'crm-api-canary-5', 10));
    expect(after.spec.rules?.[0]).toBe(before.spec.rules?.[0]);
    expect(after.spec.rules?.[1]).toEqual({
      matches: [],
      backendRefs: [
        { name: 'crm-api', port: 80, weight: 90, filters: ['f'] },
        { kind: 'Service', name: 'crm-api-canary-5', port: 80, weight: 10 },
      ],
    });
    expect(after.spec.hostnames).toEqual(['crm.example.com']);
  });

  it('reads back what it wrote, and restores what was read, for any weights', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 1000 }), (weight, found) => {
        const before = route([{ name: 'crm-api', port: 80, weight: found }]);
        const was = readBackends(before, 0);
        const split = splitBackends(was[0] ?? { service: '', port: 0, weight: 0 }, 'canary', weight);
        const during = withBackends(before, 0, split);
        expect(sameBackends(readBackends(during, 0), split)).toBe(true);
        expect(withBackends(during, 0, was).spec).toEqual(before.spec);
      }),
    );
  });
});

describe('shares and words', () => {
  it('tells shares of weights that do not sum to 100', () => {
    const shares = sharePercent([
      { service: 'a', port: 80, weight: 3 },
      { service: 'b', port: 80, weight: 1 },
    ]);
    expect(shares).toEqual([
      { service: 'a', percent: 75 },
      { service: 'b', percent: 25 },
    ]);
    expect(sharePercent([{ service: 'a', port: 80, weight: 0 }])).toEqual([{ service: 'a', percent: 0 }]);
    expect(formatBackends([])).toBe('no backend');
  });
});

describe('whyNotAccepted', () => {
  const parent = (...conditions: object[]): HttpRoute =>
    ({ ...route([{ name: 'a' }]), status: { parents: [{ conditions }] } }) as HttpRoute;
  it.each([
    { seen: route([]), why: 'no gateway' },
    { seen: parent(), why: 'has not said' },
    {
      seen: parent({ type: 'Accepted', status: 'True', observedGeneration: 2 }),
      why: 'seen generation 2, the route is at 3',
    },
    { seen: parent({ type: 'Accepted', status: 'False', reason: 'NoMatch', observedGeneration: 3 }), why: 'NoMatch' },
    {
      seen: parent(
        { type: 'Accepted', status: 'True', observedGeneration: 3 },
        { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound', observedGeneration: 3 },
      ),
      why: 'BackendNotFound',
    },
  ])('says "$why"', ({ seen, why }) => {
    expect(whyNotAccepted(seen)).toContain(why);
  });
  it('is nothing when this generation is accepted', () => {
    expect(whyNotAccepted(parent({ type: 'Accepted', status: 'True', observedGeneration: 3 }))).toBeUndefined();
  });
});
