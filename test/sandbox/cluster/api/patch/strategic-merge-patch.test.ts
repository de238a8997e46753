import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyStrategicMergePatch } from '../../../../../src/sandbox/cluster/api/patch/strategic-merge-patch.ts';
import type { Json, JsonObject } from '../../../../../src/sandbox/cluster/api/json.ts';

const item = (name: string, value = name): JsonObject => ({ name, value });

/** The env list of the only container after a patch of that container. */
function patchEnv(env: Json[], patch: JsonObject): Json | undefined {
  const document = { spec: { containers: [{ name: 'web', env }] } };
  const result = applyStrategicMergePatch(document, { spec: { containers: [{ name: 'web', ...patch }] } }, 'V1Pod');
  return (result as typeof document).spec.containers[0]?.env;
}

describe('applyStrategicMergePatch', () => {
  it.each([
    {
      does: 'merges an item by name',
      env: [item('a', '1'), item('b')],
      patch: { env: [item('a', '2')] },
      gives: [item('a', '2'), item('b')],
    },
    {
      does: 'puts new items first',
      env: [item('a'), item('b')],
      patch: { env: [item('c')] },
      gives: [item('c'), item('a'), item('b')],
    },
    {
      does: 'deletes an item',
      env: [item('a'), item('b')],
      patch: { env: [{ name: 'a', $patch: 'delete' }] },
      gives: [item('b')],
    },
    {
      does: 'replaces the list',
      env: [item('a'), item('b')],
      patch: { env: [item('c'), { $patch: 'replace' }] },
      gives: [item('c')],
    },
    { does: 'removes by null', env: [item('a')], patch: { env: null }, gives: undefined },
    {
      does: 'orders by $setElementOrder',
      env: [item('a'), item('b')],
      patch: { '$setElementOrder/env': [{ name: 'b' }, { name: 'a' }] },
      gives: [item('b'), item('a')],
    },
    {
      does: 'orders new and old items by $setElementOrder',
      env: [item('a'), item('theirs'), item('b')],
      patch: { '$setElementOrder/env': [{ name: 'b' }, { name: 'new' }, { name: 'a' }], env: [item('new')] },
      gives: [item('theirs'), item('b'), item('new'), item('a')],
    },
    {
      does: 'drops directives where there was no list',
      env: [],
      patch: { env: [{ name: 'a', $patch: 'delete' }, item('b')] },
      gives: [item('b')],
    },
  ])('$does', ({ env, patch, gives }) => {
    expect(patchEnv(env, patch)).toEqual(gives);
  });

  it('takes the key of ports from the parent: containerPort in a container, port in a Service', () => {
    const pod = { spec: { containers: [{ name: 'web', ports: [{ containerPort: 80, name: 'http' }] }] } };
    const podPatch = { spec: { containers: [{ name: 'web', ports: [{ containerPort: 80, protocol: 'TCP' }] }] } };
    expect(applyStrategicMergePatch(pod, podPatch, 'V1Pod')).toEqual({
      spec: { containers: [{ name: 'web', ports: [{ containerPort: 80, name: 'http', protocol: 'TCP' }] }] },
    });
    const service = { spec: { ports: [{ port: 80, name: 'http', targetPort: 8080 }, { port: 81 }] } };
    expect(
      applyStrategicMergePatch(service, { spec: { ports: [{ port: 80, targetPort: 9090 }] } }, 'V1Service'),
    ).toEqual({
      spec: { ports: [{ port: 80, name: 'http', targetPort: 9090 }, { port: 81 }] },
    });
  });

  it('replaces lists without a key, merges lists of scalars, deletes from them', () => {
    const document = {
      metadata: { finalizers: ['a', 'b'] },
      spec: { containers: [{ name: 'web', args: ['1', '2'] }] },
    };
    const patched = applyStrategicMergePatch(
      document,
      {
        metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] },
        spec: { containers: [{ name: 'web', args: ['3'] }] },
      },
      'V1Pod',
    ) as { metadata: { finalizers: string[] }; spec: { containers: unknown[] } };
    expect(patched.metadata.finalizers.toSorted()).toEqual(['b', 'c']);
    expect(patched.spec.containers).toEqual([{ name: 'web', args: ['3'] }]);
  });

  it('keeps only the retained keys: a strategy changes its type in one patch', () => {
    const document = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    expect(applyStrategicMergePatch(document, patch, 'V1Deployment')).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    });
  });

  it.each([
    { when: 'an item has no key', patch: { env: [{ value: '1' }] }, code: 500 },
    { when: 'an item is no object', patch: { env: ['a'] }, code: 400 },
    { when: 'the directive is unknown', patch: { resources: { $patch: 'explode' } }, code: 500 },
    { when: '$retainKeys is no list', patch: { resources: { $retainKeys: 'x' } }, code: 400 },
  ])('refuses with $code when $when', ({ patch, code }) => {
    expect(() => patchEnv([item('a')], patch)).toThrow(expect.objectContaining({ code }));
  });

  it('leaves its inputs alone and gives the same again when applied twice', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 });
    const property = fc.property(names, names, names, (before, wanted, removed) => {
      const env = before.map((name) => item(name, 'old'));
      const patch = {
        env: [
          ...wanted.map((name) => item(name, 'new')),
          ...removed.filter((name) => !wanted.includes(name)).map((name) => ({ name, $patch: 'delete' })),
        ],
      };
      const copies = structuredClone({ env, patch });
      const once = patchEnv(env, patch) as JsonObject[];
      expect({ env, patch }).toEqual(copies);
      expect(patchEnv(once, patch)).toEqual(once);
      const untouched = before.filter((name) => !wanted.includes(name) && !removed.includes(name));
      expect(once.map((entry) => String(entry.name)).toSorted()).toEqual([...wanted, ...untouched].toSorted());
      expect(once.filter((entry) => entry.value === 'old').map((entry) => entry.name)).toEqual(untouched);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
