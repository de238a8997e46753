import { ApiException, AppsV1Api, CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../../../../src/sandbox/cluster/api/json.ts';
import { call, configMap, deployment, kubeConfigOf, pod, startServer } from './support.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';

describe('optimistic concurrency', () => {
  it('lets one of two writers win and tells the other which object changed', async () => {
    const { url } = await startServer();
    const apps = kubeConfigOf(url).makeApiClient(AppsV1Api);
    await apps.createNamespacedDeployment({ namespace: 'default', body: deployment('web') });
    const mine = await apps.readNamespacedDeployment({ name: 'web', namespace: 'default' });
    const theirs = await apps.readNamespacedDeployment({ name: 'web', namespace: 'default' });
    if (mine.spec) mine.spec.replicas = 3;
    if (theirs.spec) theirs.spec.replicas = 4;
    await apps.replaceNamespacedDeployment({ name: 'web', namespace: 'default', body: mine });
    const error: unknown = await apps
      .replaceNamespacedDeployment({ name: 'web', namespace: 'default', body: theirs })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiException);
    expect(error).toMatchObject({ code: 409 });
    expect(error instanceof ApiException && JSON.parse(String(error.body))).toMatchObject({
      kind: 'Status',
      reason: 'Conflict',
      details: { name: 'web', group: 'apps', kind: 'deployments' },
    });
    const stored = await apps.readNamespacedDeployment({ name: 'web', namespace: 'default' });
    expect(stored.spec?.replicas).toBe(3);
  });

  it('checks the resourceVersion that stands in a patch, for each type', async () => {
    const { url } = await startServer();
    const created = await call(url, 'POST', DEPLOYMENTS, deployment('web'));
    const { resourceVersion } = (created.body as ApiObject).metadata;
    await call(url, 'PATCH', `${DEPLOYMENTS}/web`, { spec: { replicas: 3 } });
    const patch = { metadata: { resourceVersion }, spec: { replicas: 5 } };
    const jsonPatch = [{ op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion }];
    for (const type of ['merge-patch', 'strategic-merge-patch', 'json-patch']) {
      const body = type === 'json-patch' ? jsonPatch : patch;
      const answer = await call(url, 'PATCH', `${DEPLOYMENTS}/web`, body, {
        'content-type': `application/${type}+json`,
      });
      expect([type, answer.code]).toEqual([type, 409]);
    }
    expect((await call(url, 'PATCH', `${DEPLOYMENTS}/web/status`, patch)).code).toBe(409);
    expect((await call(url, 'PATCH', `${DEPLOYMENTS}/web/scale`, patch)).code).toBe(409);
  });

  it('refuses a second create, a create with a version, and another uid', async () => {
    const { url } = await startServer();
    const first = await call(url, 'POST', MAPS, configMap('a'));
    const second = await call(url, 'POST', MAPS, configMap('a'));
    expect(second).toMatchObject({
      code: 409,
      body: { reason: 'AlreadyExists', details: { name: 'a', kind: 'configmaps' } },
    });
    // The code of a real server, which does not expect this.
    expect((await call(url, 'POST', MAPS, first.body)).code).toBe(500);
    const stranger = await call(url, 'PUT', `${MAPS}/a`, { ...configMap('a'), metadata: { name: 'a', uid: 'other' } });
    expect(stranger).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    const wrongUid = await call(url, 'DELETE', `${MAPS}/a`, { preconditions: { uid: 'other' } });
    expect(wrongUid.code).toBe(409);
    expect((await call(url, 'PUT', `${MAPS}/absent`, configMap('absent'))).code).toBe(404);
  });

  it('wants a resourceVersion for a PUT of a custom resource', async () => {
    const { url } = await startServer();
    const gateways = '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways';
    const gateway = {
      metadata: { name: 'edge' },
      spec: { gatewayClassName: 'sandbox', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    };
    expect((await call(url, 'POST', gateways, gateway)).code).toBe(201);
    expect((await call(url, 'PUT', `${gateways}/edge`, gateway)).code).toBe(422);
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    expect((await call(url, 'PATCH', `${gateways}/edge`, {}, strategic)).code).toBe(415);
  });
});

describe('versions and generations', () => {
  it.each([
    { write: 'the same object again', body: {}, raises: [false, false] },
    {
      write: 'the same value spelled with nulls and empty lists',
      body: { metadata: { finalizers: [], labels: {} } },
      raises: [false, false],
    },
    { write: 'a label', body: { metadata: { labels: { a: 'b' } } }, raises: [true, false] },
    { write: 'an annotation of a Deployment', body: { metadata: { annotations: { a: 'b' } } }, raises: [true, true] },
    { write: 'the spec', body: { spec: { replicas: 3 } }, raises: [true, true] },
    { write: 'the status by the main resource', body: { status: { replicas: 3 } }, raises: [false, false] },
  ])('$write raises [resourceVersion, generation]: $raises', async ({ body, raises }) => {
    const { url } = await startServer();
    const before = (await call(url, 'POST', DEPLOYMENTS, deployment('web'))).body as ApiObject;
    const after = (await call(url, 'PATCH', `${DEPLOYMENTS}/web`, body)).body as ApiObject;
    expect([
      after.metadata.resourceVersion !== before.metadata.resourceVersion,
      after.metadata.generation !== before.metadata.generation,
    ]).toEqual(raises);
  });

  it('does not raise the generation of a ReplicaSet or Pod by annotations', async () => {
    const { url } = await startServer();
    await call(url, 'POST', PODS, pod('one'));
    const annotated = await call(url, 'PATCH', `${PODS}/one`, { metadata: { annotations: { a: 'b' } } });
    expect((annotated.body as ApiObject).metadata.generation).toBe(1);
  });

  it('keeps spec and status apart', async () => {
    const { url } = await startServer();
    const core = kubeConfigOf(url).makeApiClient(CoreV1Api);
    const created = await core.createNamespacedPod({
      namespace: 'default',
      body: { ...pod('one'), status: { phase: 'Running' } },
    });
    expect(created.status?.phase).toBe('Pending');
    const patched = await core.patchNamespacedPodStatus(
      {
        name: 'one',
        namespace: 'default',
        body: { status: { phase: 'Running', podIP: '10.244.0.5' }, spec: { nodeName: 'x' } },
      },
      setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
    );
    expect(patched.status).toMatchObject({ phase: 'Running', podIP: '10.244.0.5' });
    expect(patched.spec?.nodeName).toBeUndefined();
    const relabelled = await core.patchNamespacedPod(
      { name: 'one', namespace: 'default', body: { metadata: { labels: { a: 'b' } }, status: { phase: 'Failed' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    expect(relabelled.status?.phase).toBe('Running');
    expect(relabelled.metadata?.labels).toEqual({ a: 'b' });
  });

  it('drops a status that comes with a create, and nulls that clients write', async () => {
    const { url } = await startServer();
    const body = { ...deployment('web', { paused: null }), status: { replicas: 9 } };
    const created = (await call(url, 'POST', DEPLOYMENTS, body)).body as ApiObject;
    expect(created.status).toEqual({});
    expect(created.spec).not.toHaveProperty('paused');
    const undo = [{ op: 'add', path: '/spec/template/metadata/creationTimestamp', value: null }];
    const json = { 'content-type': 'application/json-patch+json' };
    const undone = (await call(url, 'PATCH', `${DEPLOYMENTS}/web`, undo, json)).body as ApiObject;
    expect(undone.metadata).toEqual(created.metadata);
  });

  it('lets no body change a prototype', async () => {
    const { url } = await startServer();
    await call(url, 'POST', MAPS, configMap('a'));
    const answer = await call(url, 'PATCH', `${MAPS}/a`, '{"data":{"__proto__":{"evil":"1"},"x":"y"}}');
    expect(answer.body.data).toEqual({ key: 'value', x: 'y' });
  });

  it('leaves identity to the server', async () => {
    const { url } = await startServer();
    const before = (await call(url, 'POST', MAPS, configMap('a'))).body as ApiObject;
    const forged = {
      metadata: {
        creationTimestamp: '2001-01-01T00:00:00Z',
        generation: 99,
        deletionTimestamp: '2001-01-01T00:00:00Z',
      },
    };
    const after = (await call(url, 'PATCH', `${MAPS}/a`, forged)).body as ApiObject;
    expect(after.metadata).toEqual(before.metadata);
    expect((await call(url, 'PATCH', `${MAPS}/a`, { metadata: { name: 'b' } })).code).toBe(400);
  });

  it('makes names from generateName and changes nothing in a dry run', async () => {
    const { url, store } = await startServer();
    const body = { metadata: { generateName: 'web-' }, data: {} };
    const first = (await call(url, 'POST', MAPS, body)).body as ApiObject;
    const second = (await call(url, 'POST', MAPS, body)).body as ApiObject;
    expect(first.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
    expect(second.metadata.name).not.toBe(first.metadata.name);
    const version = store.version;
    const path = `${MAPS}/${first.metadata.name ?? ''}`;
    expect((await call(url, 'POST', `${MAPS}?dryRun=All`, configMap('dry'))).code).toBe(201);
    expect((await call(url, 'PATCH', `${path}?dryRun=All`, { data: { a: 'b' } })).body).toMatchObject({
      data: { a: 'b' },
    });
    expect((await call(url, 'DELETE', `${path}?dryRun=All`)).code).toBe(200);
    expect((await call(url, 'DELETE', path, { dryRun: ['All'] })).code).toBe(200);
    expect(store.version).toBe(version);
  });

  it('writes times in whole seconds of UTC, so that one instant is one value', async () => {
    const { url, store } = await startServer();
    await call(url, 'POST', PODS, pod('one'));
    const at = (startTime: string) => call(url, 'PATCH', `${PODS}/one/status`, { status: { startTime } });
    expect((await at('2026-01-02T03:04:05.678Z')).body).toMatchObject({
      status: { startTime: '2026-01-02T03:04:05Z' },
    });
    const version = store.version;
    await at('2026-01-02T05:04:05+02:00');
    expect(store.version).toBe(version);
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    const lease = { metadata: { name: 'leader' }, spec: { renewTime: '2026-01-02T03:04:05.678Z' } };
    expect((await call(url, 'POST', leases, lease)).body.spec).toEqual({ renewTime: '2026-01-02T03:04:05.678000Z' });
  });

  it('binds a pod once', async () => {
    const { url } = await startServer();
    await call(url, 'POST', PODS, pod('one'));
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'one' },
      target: { kind: 'Node', name: 'node-1' },
    };
    expect((await call(url, 'POST', `${PODS}/one/binding`, binding)).code).toBe(201);
    const bound = await call(url, 'GET', `${PODS}/one`);
    expect(bound.body).toMatchObject({
      spec: { nodeName: 'node-1' },
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
    });
    expect((await call(url, 'POST', `${PODS}/one/binding`, binding)).code).toBe(409);
    const found = await call(url, 'GET', `${PODS}?fieldSelector=spec.nodeName%3Dnode-1`);
    expect(found.body.items).toHaveLength(1);
  });
});
