import { describe, expect, it, vi } from 'vitest';
import type { ApiObject } from '../../../../src/sandbox/cluster/api/json.ts';
import { call, configMap, openWatch, pod, startServer } from './support.ts';

const POLL = { timeout: 5_000, interval: 10 };
const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';

async function create(
  url: string,
  name: string,
  owners: readonly ApiObject[] = [],
  more: object = {},
): Promise<ApiObject> {
  const ownerReferences = owners.map((owner) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    blockOwnerDeletion: true,
  }));
  const { code, body } = await call(url, 'POST', MAPS, { metadata: { name, ownerReferences, ...more } });
  expect(code).toBe(201);
  return body as ApiObject;
}

async function names(url: string): Promise<string[]> {
  const { body } = await call(url, 'GET', MAPS);
  return (body.items as ApiObject[]).map((item) => item.metadata.name ?? '');
}

describe('deletion', () => {
  it('answers a Status with the uid, and 404 the second time', async () => {
    const { url } = await startServer();
    const created = await create(url, 'a');
    const first = await call(url, 'DELETE', `${MAPS}/a`);
    expect(first).toMatchObject({
      code: 200,
      body: { status: 'Success', details: { name: 'a', kind: 'configmaps', uid: created.metadata.uid } },
    });
    const second = await call(url, 'DELETE', `${MAPS}/a`);
    expect(second).toMatchObject({
      code: 404,
      body: { reason: 'NotFound', details: { name: 'a', kind: 'configmaps' } },
    });
  });

  it('waits for finalizers, adds none meanwhile, ends with the last', async () => {
    const { url } = await startServer();
    await create(url, 'a', [], { finalizers: ['example.com/one', 'example.com/two'] });
    const marked = (await call(url, 'DELETE', `${MAPS}/a`)).body as ApiObject;
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    const more = await call(url, 'PATCH', `${MAPS}/a`, { metadata: { finalizers: ['example.com/three'] } });
    expect(more.code).toBe(422);
    await call(url, 'PATCH', `${MAPS}/a`, { metadata: { finalizers: ['example.com/two'] } });
    expect(await names(url)).toEqual(['a']);
    const watch = await openWatch(url, `${MAPS}?watch=true`);
    await call(url, 'PATCH', `${MAPS}/a`, { metadata: { finalizers: null } });
    expect(await names(url)).toEqual([]);
    await vi.waitFor(() => expect(watch.types()).toEqual(['ADDED', 'DELETED']), POLL);
  });

  it('takes dependents along, down the whole tree, but not those with another owner', async () => {
    const { url } = await startServer();
    const root = await create(url, 'root');
    const other = await create(url, 'other');
    const middle = await create(url, 'middle', [root]);
    await create(url, 'leaf', [middle]);
    await create(url, 'shared', [root, other]);
    await call(url, 'DELETE', `${MAPS}/root`, { propagationPolicy: 'Background' });
    await vi.waitFor(async () => expect(await names(url)).toEqual(['other', 'shared']), POLL);
    const shared = (await call(url, 'GET', `${MAPS}/shared`)).body as ApiObject;
    await vi.waitFor(
      () => expect(shared.metadata.ownerReferences?.map((owner) => owner.name)).toEqual(['other']),
      POLL,
    );
  });

  it('foreground: the owner goes last', async () => {
    const { url } = await startServer();
    const root = await create(url, 'root');
    const middle = await create(url, 'middle', [root]);
    await create(url, 'leaf', [middle], { finalizers: ['example.com/held'] });
    await call(url, 'DELETE', `${MAPS}/root`, { propagationPolicy: 'Foreground' });
    await vi.waitFor(async () => {
      const leaf = (await call(url, 'GET', `${MAPS}/leaf`)).body as ApiObject;
      expect(leaf.metadata.deletionTimestamp).toBeDefined();
    }, POLL);
    expect(await names(url)).toEqual(['leaf', 'middle', 'root']);
    const watch = await openWatch(url, `${MAPS}?watch=true&resourceVersion=${await version(url)}`);
    await call(url, 'PATCH', `${MAPS}/leaf`, { metadata: { finalizers: null } });
    await vi.waitFor(async () => expect(await names(url)).toEqual([]), POLL);
    const gone = watch.events.filter((event) => event.type === 'DELETED').map((event) => event.object.metadata.name);
    expect(gone).toEqual(['leaf', 'middle', 'root']);
  });

  it('orphan: dependents stay and forget their owner', async () => {
    const { url } = await startServer();
    const root = await create(url, 'root');
    await create(url, 'leaf', [root]);
    await call(url, 'DELETE', `${MAPS}/root`, { propagationPolicy: 'Orphan' });
    await vi.waitFor(async () => expect(await names(url)).toEqual(['leaf']), POLL);
    const leaf = (await call(url, 'GET', `${MAPS}/leaf`)).body as ApiObject;
    expect(leaf.metadata.ownerReferences).toBeUndefined();
  });

  it('collects what names an owner that never was, or one of another namespace', async () => {
    const { url } = await startServer();
    const foreign = await call(url, 'POST', '/api/v1/namespaces/kube-system/configmaps', configMap('foreign'));
    await create(url, 'stray', [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'never', uid: 'never' } }]);
    await create(url, 'across', [foreign.body as ApiObject]);
    await vi.waitFor(async () => expect(await names(url)).toEqual([]), POLL);
  });

  it('gives a bound pod its grace; the node ends it; an unbound or ended pod goes at once', async () => {
    const { url } = await startServer();
    for (const name of ['bound', 'ended']) await call(url, 'POST', PODS, pod(name, { nodeName: 'node-1' }));
    await call(url, 'POST', PODS, pod('unbound'));
    await call(url, 'PATCH', `${PODS}/ended/status`, { status: { phase: 'Succeeded' } });
    for (const name of ['bound', 'ended', 'unbound']) await call(url, 'DELETE', `${PODS}/${name}`);
    const left = (await call(url, 'GET', PODS)).body.items as ApiObject[];
    expect(left.map((item) => item.metadata.name)).toEqual(['bound']);
    expect(left[0]?.metadata.deletionGracePeriodSeconds).toBe(30);
    const seconds = (Date.parse(left[0]?.metadata.deletionTimestamp ?? '') - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(27);
    expect(seconds).toBeLessThan(32);
    await call(url, 'DELETE', `${PODS}/bound`, { gracePeriodSeconds: 5 });
    const shorter = (await call(url, 'GET', `${PODS}/bound`)).body as ApiObject;
    expect(shorter.metadata.deletionGracePeriodSeconds).toBe(5);
    await call(url, 'DELETE', `${PODS}/bound`, { gracePeriodSeconds: 60 });
    expect((await call(url, 'GET', `${PODS}/bound`)).body).toEqual(shorter);
    await call(url, 'DELETE', `${PODS}/bound?gracePeriodSeconds=0`);
    expect((await call(url, 'GET', `${PODS}/bound`)).code).toBe(404);
  });

  it('empties a namespace before it goes and lets nothing new in', async () => {
    const { url } = await startServer({ namespaces: ['default', 'shop'] });
    await call(url, 'POST', '/api/v1/namespaces/shop/pods', pod('slow', { nodeName: 'node-1' }));
    await call(url, 'POST', '/api/v1/namespaces/shop/configmaps', configMap('a'));
    const marked = await call(url, 'DELETE', '/api/v1/namespaces/shop');
    expect(marked.body).toMatchObject({ status: { phase: 'Terminating' } });
    await vi.waitFor(async () => {
      const left = (await call(url, 'GET', '/api/v1/namespaces/shop/configmaps')).body.items;
      expect(left).toEqual([]);
    }, POLL);
    const late = await call(url, 'POST', '/api/v1/namespaces/shop/configmaps', configMap('b'));
    expect(late).toMatchObject({
      code: 403,
      body: { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
    });
    expect((await call(url, 'GET', '/api/v1/namespaces/shop')).code).toBe(200);
    await call(url, 'DELETE', '/api/v1/namespaces/shop/pods/slow', { gracePeriodSeconds: 0 });
    await vi.waitFor(async () => expect((await call(url, 'GET', '/api/v1/namespaces/shop')).code).toBe(404), POLL);
  });

  it('deletes a collection by selector', async () => {
    const { url } = await startServer();
    await create(url, 'a', [], { labels: { old: 'true' } });
    await create(url, 'b');
    const done = await call(url, 'DELETE', `${MAPS}?labelSelector=old`);
    expect(done.body.items).toHaveLength(1);
    expect(await names(url)).toEqual(['b']);
    expect((await call(url, 'DELETE', `${MAPS}?propagationPolicy=Sideways`)).code).toBe(422);
  });
});

async function version(url: string): Promise<string> {
  const { body } = await call(url, 'GET', MAPS);
  return (body.metadata as { resourceVersion: string }).resourceVersion;
}
