import { describe, expect, it } from 'vitest';
import type { HttpRule, VirtualService } from '../../../src/sandbox/router/istio-objects.ts';
import { type AppliedRule, buildTable, findRule } from '../../../src/sandbox/router/routing-table.ts';
import { Objects } from './table-fixture.ts';

const STABLE = { destination: { host: 'crm-api' } };

function objectsWith(http: readonly HttpRule[], spec: VirtualService['spec'] = {}): Objects {
  const objects = new Objects();
  objects.addService('crm-api', [1, 2]);
  objects.virtualServiceList.push({
    metadata: { name: 'crm', namespace: 'crm', generation: 3, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { hosts: ['crm.example.com'], http, ...spec },
  });
  return objects;
}

function addRule(objects: Objects, name: string, host: string, subset: string, track: string): void {
  objects.ruleList.push({
    metadata: { name, namespace: 'crm', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { host, subsets: [{ name: subset, labels: { track } }] },
  });
}

function label(objects: Objects, pod: string, track: string): void {
  const found = objects.podMap.get(`crm/${pod}`);
  objects.podMap.set(`crm/${pod}`, { ...found, metadata: { ...found?.metadata, labels: { track } } });
}

function backendsOf(rule: AppliedRule | undefined) {
  return rule?.backends.map(({ name, weightPercent, resolution }) => ({
    name,
    weightPercent,
    to: resolution.kind === 'endpoints' ? resolution.endpoints.map((each) => each.name) : resolution.message,
  }));
}

describe('a VirtualService', () => {
  it('splits by host and subset, each with the pods that the labels of the subset select', () => {
    const objects = objectsWith([
      {
        route: [
          { destination: { host: 'crm-api.crm.svc.cluster.local', subset: 'stable' }, weight: 75 },
          { destination: { host: 'crm-api', subset: 'canary' }, weight: 25 },
        ],
      },
    ]);
    label(objects, 'crm-api-1', 'stable');
    label(objects, 'crm-api-2', 'canary');
    addRule(objects, 'team', 'crm-api', 'stable', 'stable');
    // A second rule of the same host adds its subsets.
    addRule(objects, 'ours', 'crm-api.crm', 'canary', 'canary');
    const table = buildTable(objects);
    expect(backendsOf(findRule(table, 'crm.example.com', '/'))).toEqual([
      { name: 'crm-api/stable', weightPercent: 75, to: ['crm-api-1'] },
      { name: 'crm-api/canary', weightPercent: 25, to: ['crm-api-2'] },
    ]);
    expect(table.virtualServices).toEqual([{ key: 'crm/crm', generation: 3 }]);
  });

  it.each([
    { when: 'one stands alone', route: [STABLE], percents: [100] },
    { when: 'one stands alone at 0', route: [{ ...STABLE, weight: 0 }], percents: [100] },
    { when: 'one of two has none', route: [{ ...STABLE, weight: 10 }, STABLE], percents: [100, 0] },
  ])('reads weights as Istio does when $when', ({ route, percents }) => {
    const [rule] = buildTable(objectsWith([{ route }])).rules;
    expect(rule?.backends.map(({ weightPercent }) => weightPercent)).toEqual(percents);
  });

  it.each([
    { when: 'the host is unknown', destination: { host: 'nobody' }, says: 'service crm/nobody does not exist' },
    { when: 'it lies elsewhere', destination: { host: 'web.shop' }, says: 'host web.shop is no service of crm' },
    { when: 'no rule has the subset', destination: { host: 'crm-api', subset: 'v2' }, says: 'has a subset v2' },
    { when: 'the port is unknown', destination: { host: 'crm-api', port: { number: 81 } }, says: 'has no port 81' },
  ])('leads nowhere, 503, when $when', ({ destination, says }) => {
    const [rule] = buildTable(objectsWith([{ route: [{ destination }] }])).rules;
    expect(rule?.backends[0]?.resolution).toMatchObject({
      kind: 'unresolved',
      code: 503,
      message: expect.stringContaining(says),
    });
  });

  it('tries its http routes as they are listed, not the more specific first', () => {
    const other = { destination: { host: 'docs' } };
    const objects = objectsWith([
      { name: 'all', match: [{ uri: { prefix: '/do' } }], route: [STABLE] },
      { name: 'docs', match: [{ uri: { exact: '/docs' } }], route: [other] },
      { name: 'rest', route: [other] },
    ]);
    const table = buildTable(objects);
    expect(findRule(table, 'crm.example.com', '/docs')?.index).toBe(0);
    expect(findRule(table, 'crm.example.com', '/x')?.index).toBe(2);
    expect(findRule(table, 'other.example.com', '/docs')).toBeUndefined();
  });

  it.each([
    { when: 'it is of the mesh', spec: { hosts: ['crm-api'] }, host: 'crm-api.crm.svc:80', rules: 4 },
    { when: 'it is of every host', spec: { hosts: ['*'] }, host: 'any.example.com', rules: 1 },
    { when: 'it names our gateway', spec: { gateways: ['crm/mainstay-sandbox'] }, host: 'crm.example.com', rules: 1 },
    { when: 'it names another gateway', spec: { gateways: ['edge'] }, host: 'crm.example.com', rules: 0 },
  ])('has $rules rules when $when', ({ spec, host, rules }) => {
    const table = buildTable(objectsWith([{ route: [STABLE] }], spec));
    expect(table.rules).toHaveLength(rules);
    expect(findRule(table, host, '/') !== undefined).toBe(rules > 0);
  });

  it.each([
    { what: 'timeout', http: { route: [STABLE], timeout: '1s' } },
    { what: 'headers', http: { match: [{ headers: {} }], route: [STABLE] } },
    { what: 'regular expression', http: { match: [{ uri: { regex: '.*' } }], route: [STABLE] } },
    { what: 'has no route', http: { redirect: { uri: '/' } } },
  ])('is refused whole, saying so, when it asks for what the router cannot do: $what', ({ what, http }) => {
    const table = buildTable(objectsWith([http as HttpRule]));
    expect(table.rules).toEqual([]);
    expect(table.virtualServices[0]?.refused).toMatch(
      what === 'has no route' ? /redirect is not supported/ : new RegExp(what),
    );
  });
});
