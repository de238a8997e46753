import { describe, expect, it } from 'vitest';
import type { HttpRoute } from '../../../src/sandbox/router/gateway-objects.ts';
import { buildTable, findRule } from '../../../src/sandbox/router/routing-table.ts';
import { Objects } from './table-fixture.ts';

const backend = { name: 'crm-api', port: 80 };

function reasonsOf(objects: Objects): Record<string, string> {
  const [state] = buildTable(objects).routes;
  return Object.fromEntries((state?.parents[0]?.conditions ?? []).map(({ type, reason }) => [type, reason]));
}

describe('acceptance', () => {
  it.each([
    { when: 'all is well', spec: {}, accepted: 'Accepted', rules: 1 },
    {
      when: 'two hostnames are named',
      spec: { hostnames: ['a.example.com', 'b.example.com'] },
      accepted: 'Accepted',
      rules: 2,
    },
    {
      when: 'the listener is unknown',
      spec: { parentRefs: [{ name: 'public', sectionName: 'https' }] },
      accepted: 'NoMatchingParent',
      rules: 0,
    },
    {
      when: 'a header match is asked for',
      spec: { rules: [{ matches: [{ headers: [{ name: 'x', value: 'y' }] }], backendRefs: [backend] }] },
      accepted: 'UnsupportedValue',
      rules: 0,
    },
    {
      when: 'a filter is asked for',
      spec: { rules: [{ filters: [{ type: 'RequestMirror' }], backendRefs: [backend] }] },
      accepted: 'UnsupportedValue',
      rules: 0,
    },
  ] satisfies { when: string; spec: HttpRoute['spec']; accepted: string; rules: number }[])(
    '$accepted when $when',
    ({ spec, accepted, rules }) => {
      const objects = new Objects();
      objects.addService('crm-api', [1]);
      objects.addRoute([backend], spec);
      expect(reasonsOf(objects).Accepted).toBe(accepted);
      expect(buildTable(objects).rules).toHaveLength(rules);
    },
  );

  it('has nothing to say about a route of another router', () => {
    const objects = new Objects();
    objects.addRoute([backend], { parentRefs: [{ name: 'somebody-else' }] });
    expect(buildTable(objects)).toMatchObject({ rules: [], routes: [] });
  });

  it('observes the generation it applied', () => {
    const objects = new Objects();
    objects.addRoute([backend]);
    const [state] = buildTable(objects).routes;
    expect(state?.parents[0]?.conditions.map(({ observedGeneration }) => observedGeneration)).toEqual([7, 7]);
  });
});

describe('backends', () => {
  it.each([
    { when: 'the service exists', ref: backend, reason: 'ResolvedRefs' },
    { when: 'the service is missing', ref: { name: 'nobody', port: 80 }, reason: 'BackendNotFound' },
    { when: 'the port is missing', ref: { name: 'crm-api', port: 81 }, reason: 'BackendNotFound' },
    { when: 'it is no Service', ref: { ...backend, kind: 'Bucket' }, reason: 'InvalidKind' },
    { when: 'it lies elsewhere', ref: { ...backend, namespace: 'shop' }, reason: 'RefNotPermitted' },
  ])('ResolvedRefs says $reason when $when', ({ ref, reason }) => {
    const objects = new Objects();
    objects.addService('crm-api', [1]);
    objects.addRoute([ref]);
    expect(reasonsOf(objects).ResolvedRefs).toBe(reason);
  });

  it('dials ready pods by their annotation and leaves out those that are going', () => {
    const objects = new Objects();
    objects.addService('crm-api', [4001, 4002]);
    const pod = objects.podMap.get('crm/crm-api-4002');
    if (pod?.metadata) pod.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    objects.addRoute([backend]);
    const rule = findRule(buildTable(objects), 'crm.example.com', '/');
    expect(rule?.backends[0]?.resolution).toEqual({
      kind: 'endpoints',
      endpoints: [{ name: 'crm-api-4001', host: '127.0.0.1', port: 4001 }],
    });
  });

  it('keeps the place in the split while only pods change, and begins anew when a weight does', () => {
    const objects = new Objects();
    objects.addService('crm-api', [1]);
    objects.addRoute([
      { ...backend, weight: 90 },
      { name: 'canary', port: 80, weight: 10 },
    ]);
    const first = buildTable(objects);
    objects.addService('canary', [2]);
    const second = buildTable(objects, first);
    expect(second.rules[0]?.choice).toBe(first.rules[0]?.choice);
    objects.addRoute([
      { ...backend, weight: 80 },
      { name: 'canary', port: 80, weight: 20 },
    ]);
    expect(buildTable(objects, second).rules[0]?.choice).not.toBe(first.rules[0]?.choice);
  });
});
