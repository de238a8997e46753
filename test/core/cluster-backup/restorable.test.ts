import { describe, expect, it } from 'vitest';
import { bundleText, differences, inOrder, parseBundle } from '../../../src/core/cluster-backup/bundle.ts';
import { type PlainObject, restorable, whyLeftOut } from '../../../src/core/cluster-backup/restorable.ts';

const object = (kind: string, more: object = {}, meta: object = {}): PlainObject => ({
  kind,
  metadata: { name: 'x', namespace: 'crm', ...meta },
  ...more,
});
const HEAD = { environment: 'production', takenAtMs: 0, secrets: [], isEncryptedBeside: false };

describe('restorable', () => {
  it('takes out what the server gave, and keeps what the team wrote', () => {
    const seen = object(
      'ConfigMap',
      { status: {}, data: { a: '1' } },
      {
        uid: 'u',
        resourceVersion: '1',
        generation: 2,
        creationTimestamp: 't',
        managedFields: [],
        ownerReferences: [{ kind: 'Foo', name: 'f' }],
        labels: { app: 'x' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', team: 'crm' },
        finalizers: ['kubernetes.io/pvc-protection', 'example.com/mine'],
      },
    );
    expect(restorable(seen, 'v1')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'x',
        namespace: 'crm',
        labels: { app: 'x' },
        annotations: { team: 'crm' },
        finalizers: ['example.com/mine'],
      },
      data: { a: '1' },
    });
  });

  it.each([
    {
      kind: 'Service',
      spec: {
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        ipFamilies: ['IPv4'],
        healthCheckNodePort: 3,
        type: 'NodePort',
        ports: [{ port: 80, nodePort: 30000 }],
      },
      kept: { type: 'NodePort', ports: [{ port: 80 }] },
    },
    { kind: 'Service', spec: { clusterIP: 'None', ports: [] }, kept: { clusterIP: 'None', ports: [] } },
    {
      kind: 'PersistentVolumeClaim',
      spec: { volumeName: 'pv-1', storageClassName: 'gp3' },
      kept: { storageClassName: 'gp3' },
    },
    { kind: 'Namespace', spec: { finalizers: ['kubernetes'] }, kept: {} },
    { kind: 'Deployment', spec: { replicas: 0, paused: true }, kept: { replicas: 0, paused: true } },
  ])('of a $kind keeps $kept', ({ kind, spec, kept }) => {
    expect(restorable(object(kind, { spec }), 'v1').spec).toEqual(kept);
  });

  it.each([
    {
      seen: object('Pod', {}, { ownerReferences: [{ kind: 'ReplicaSet', name: 'r', controller: true }] }),
      why: 'ReplicaSet r makes it',
    },
    { seen: object('ConfigMap', {}, { name: 'kube-root-ca.crt' }), why: 'the cluster makes it' },
    { seen: object('Secret', { type: 'kubernetes.io/service-account-token' }), why: 'the cluster makes it' },
    { seen: object('ServiceAccount', {}, { name: 'default' }), why: 'the cluster makes it' },
    { seen: object('Deployment', {}, { deletionTimestamp: 't' }), why: 'it is being deleted' },
    {
      seen: object('Deployment', {}, { labels: { 'app.kubernetes.io/managed-by': 'mainstay' } }),
      why: 'it belongs to a release that was under way',
    },
    {
      seen: object(
        'Deployment',
        {},
        { labels: { 'app.kubernetes.io/managed-by': 'Helm' }, ownerReferences: [{ kind: 'App', name: 'a' }] },
      ),
      why: undefined,
    },
  ])('leaves $seen.kind $seen.metadata.name out: $why', ({ seen, why }) => {
    expect(whyLeftOut(seen)).toBe(why);
  });
});

describe('a bundle', () => {
  it('has an order and comes back as it was, whatever the values hold', () => {
    const objects = [
      object('Deployment'),
      object('ConfigMap', { data: { text: 'a\n---\n# b\n', odd: '\u2028 no' } }),
      object('Namespace', {}, { namespace: undefined, name: 'crm' }),
    ];
    const ordered = inOrder(objects, ['Namespace', 'ConfigMap', 'Deployment']);
    expect(ordered.map(({ kind }) => kind)).toEqual(['Namespace', 'ConfigMap', 'Deployment']);
    const text = bundleText(ordered, HEAD);
    expect(parseBundle(text)).toEqual(JSON.parse(JSON.stringify(ordered)));
    expect(bundleText([...ordered].reverse().reverse(), HEAD)).toBe(text);
    expect(parseBundle(bundleText([], HEAD))).toEqual([]);
    expect(() => parseBundle(text.slice(0, -10))).toThrow(SyntaxError);
  });

  it('tells where objects differ', () => {
    expect(differences({ a: { b: 1, c: [1] }, d: 1 }, { a: { b: 2, c: [1] }, e: 1 })).toEqual(['a.b', 'd', 'e']);
    expect(differences({ a: undefined }, {})).toEqual([]);
    expect(differences([1], [2])).toEqual(['(whole object)']);
  });
});
