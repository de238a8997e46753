import { CoreV1Api, makeInformer, type V1ConfigMap, Watch } from '@kubernetes/client-node';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { KINDS } from '../../../../src/sandbox/cluster/api/kinds/index.ts';
import { call, configMap, deployment, kubeConfigOf, openWatch, pod, startServer } from './support.ts';

const POLL = { timeout: 5_000, interval: 10 };
const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';

describe('watch', () => {
  it('starts with what is there, unless a version says where to go on', async () => {
    const { url } = await startServer();
    await call(url, 'POST', MAPS, configMap('a'));
    const listed = await call(url, 'GET', MAPS);
    const version = (listed.body.metadata as { resourceVersion: string }).resourceVersion;
    const fresh = await openWatch(url, `${MAPS}?watch=true`);
    const zero = await openWatch(url, `${MAPS}?watch=1&resourceVersion=0`);
    const later = await openWatch(url, `${MAPS}?watch=true&resourceVersion=${version}`);
    await call(url, 'PATCH', `${MAPS}/a`, { data: { key: 'new' } });
    await call(url, 'DELETE', `${MAPS}/a`);
    await vi.waitFor(() => expect(fresh.types()).toEqual(['ADDED', 'MODIFIED', 'DELETED']), POLL);
    await vi.waitFor(() => expect(zero.types()).toEqual(['ADDED', 'MODIFIED', 'DELETED']), POLL);
    await vi.waitFor(() => expect(later.types()).toEqual(['MODIFIED', 'DELETED']), POLL);
    const versions = fresh.events.map((event) => Number(event.object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it('replays every event after a version, in order and once', async () => {
    const { url } = await startServer();
    const first = await call(url, 'POST', MAPS, configMap('a', { n: '0' }));
    for (let n = 1; n <= 20; n += 1) await call(url, 'PATCH', `${MAPS}/a`, { data: { n: String(n) } });
    const version = (first.body.metadata as { resourceVersion: string }).resourceVersion;
    const watch = await openWatch(url, `${MAPS}?watch=true&resourceVersion=${version}`);
    await call(url, 'PATCH', `${MAPS}/a`, { data: { n: '21' } });
    await vi.waitFor(() => expect(watch.events).toHaveLength(21), POLL);
    const seen = watch.events.map((event) => (event.object.data as { n: string }).n);
    expect(seen).toEqual(Array.from({ length: 21 }, (_, index) => String(index + 1)));
  });

  it('tells ADDED and DELETED when an object enters and leaves the selector', async () => {
    const { url } = await startServer();
    await call(url, 'POST', PODS, pod('one', { labels: { app: 'web' } }));
    const byLabel = await openWatch(url, `${PODS}?watch=true&labelSelector=app%3Dapi`);
    const byField = await openWatch(url, `${PODS}?watch=true&fieldSelector=spec.nodeName%3Dnode-1`);
    await call(url, 'PATCH', `${PODS}/one`, { metadata: { labels: { app: 'api' } } });
    await call(url, 'POST', `${PODS}/one/binding`, { target: { kind: 'Node', name: 'node-1' } });
    await call(url, 'PATCH', `${PODS}/one`, { metadata: { labels: { app: 'web' } } });
    await vi.waitFor(() => expect(byLabel.types()).toEqual(['ADDED', 'MODIFIED', 'DELETED']), POLL);
    await vi.waitFor(() => expect(byField.types()).toEqual(['ADDED', 'MODIFIED']), POLL);
  });

  it('ends with ERROR 410 when the version is older than the window', async () => {
    const { url, store } = await startServer({ watchWindow: 5 });
    const first = await call(url, 'POST', MAPS, configMap('a', { n: '0' }));
    const version = (first.body.metadata as { resourceVersion: string }).resourceVersion;
    for (let n = 1; n <= 60; n += 1) await call(url, 'PATCH', `${MAPS}/a`, { data: { n: String(n) } });
    const watch = await openWatch(url, `${MAPS}?watch=true&resourceVersion=${version}`);
    await vi.waitFor(() => expect(watch.isEnded()).toBe(true), POLL);
    expect(watch.types()).toEqual(['ERROR']);
    expect(watch.events[0]?.object).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' });
    store.compact();
    const current = await openWatch(url, `${MAPS}?watch=true&resourceVersion=${store.version}`);
    await call(url, 'PATCH', `${MAPS}/a`, { data: { n: 'last' } });
    await vi.waitFor(() => expect(current.types()).toEqual(['MODIFIED']), POLL);
  });

  it('gives a restarted server only versions that no client has seen', async () => {
    const before = await startServer();
    for (let n = 0; n < 50; n += 1) await call(before.url, 'POST', MAPS, configMap(`map-${n}`));
    const last = before.store.version;
    await before.close();
    const after = await startServer();
    expect(after.store.version).toBeGreaterThan(last);
    const watch = await openWatch(after.url, `${MAPS}?watch=true&resourceVersion=${last}`);
    await vi.waitFor(() => expect(watch.types()).toEqual(['ERROR']), POLL);
  });

  it('sends bookmarks to those who ask, with the current version', async () => {
    const { url, store } = await startServer({ bookmarkEveryMs: 20 });
    const asked = await openWatch(url, `${MAPS}?watch=true&allowWatchBookmarks=true`);
    const silent = await openWatch(url, `${MAPS}?watch=true`);
    await call(url, 'POST', PODS, pod('one'));
    await vi.waitFor(() => {
      const last = asked.events.at(-1);
      expect(last?.type).toBe('BOOKMARK');
      expect(last?.object.metadata.resourceVersion).toBe(String(store.version));
    }, POLL);
    expect(silent.events).toEqual([]);
  });

  it('marks the end of the initial events for streaming lists', async () => {
    const { url } = await startServer();
    await call(url, 'POST', MAPS, configMap('a'));
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await openWatch(url, `${MAPS}?${query}`);
    await vi.waitFor(() => expect(watch.types()).toEqual(['ADDED', 'BOOKMARK']), POLL);
    expect(watch.events[1]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    const wrong = await call(url, 'GET', `${MAPS}?watch=true&sendInitialEvents=true`);
    expect(wrong.code).toBe(422);
  });

  it('speaks Table and PartialObjectMetadata', async () => {
    const { url } = await startServer();
    await call(url, 'POST', '/apis/apps/v1/namespaces/default/deployments', deployment('web'));
    const path = '/apis/apps/v1/namespaces/default/deployments?watch=true';
    const table = await openWatch(url, path, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    const meta = await openWatch(url, path, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' });
    await vi.waitFor(() => expect(table.events).toHaveLength(1), POLL);
    expect(table.events[0]?.object).toMatchObject({
      kind: 'Table',
      rows: [{ cells: ['web', '0/2', 0, 0, expect.anything(), 'web', expect.anything(), 'app=web'] }],
    });
    await vi.waitFor(
      () => expect(meta.events[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'web' } }),
      POLL,
    );
    expect(meta.events[0]?.object).not.toHaveProperty('spec');
  });

  it('ends at its timeout', async () => {
    const { url } = await startServer();
    const startMs = Date.now();
    const watch = await openWatch(url, `${MAPS}?watch=true&timeoutSeconds=1`);
    await vi.waitFor(() => expect(watch.isEnded()).toBe(true), POLL);
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(990);
  });

  it('survives writes between the end of a watch and its close', async () => {
    const server = await startServer();
    await call(server.url, 'POST', MAPS, configMap('a'));
    const watch = await openWatch(server.url, `${MAPS}?watch=true`);
    const kind = KINDS.find((candidate) => candidate.kind === 'ConfigMap');
    const stored = kind && server.store.get(kind, 'default', 'a');
    if (!stored) throw new Error('configmap a: expected it in the store');
    server.endWatches();
    server.store.put(kind, { ...stored, data: { key: 'new' } });
    await vi.waitFor(() => expect(watch.isEnded()).toBe(true), POLL);
    expect(watch.types()).toEqual(['ADDED']);
  });

  it('ends at endWatches and at once at close', async () => {
    const server = await startServer();
    const first = await openWatch(server.url, `${MAPS}?watch=true`);
    server.endWatches();
    await vi.waitFor(() => expect(first.isEnded()).toBe(true), POLL);
    const second = await openWatch(server.url, `${MAPS}?watch=true`);
    const startMs = Date.now();
    await server.close();
    expect(Date.now() - startMs).toBeLessThan(1_000);
    await vi.waitFor(() => expect(second.isEnded()).toBe(true), POLL);
  });
});

describe('client-node', () => {
  it('watches and keeps an informer in step, also after its watch was cut', async () => {
    const server = await startServer();
    const config = kubeConfigOf(server.url);
    const core = config.makeApiClient(CoreV1Api);
    const seen: string[] = [];
    const informer = makeInformer<V1ConfigMap>(config, MAPS, () =>
      core.listNamespacedConfigMap({ namespace: 'default' }),
    );
    for (const verb of ['add', 'update', 'delete'] as const)
      informer.on(verb, (object) => void seen.push(`${verb} ${object.metadata?.name ?? ''}`));
    informer.on('error', () => void informer.start());
    onTestFinished(() => informer.stop());
    await core.createNamespacedConfigMap({ namespace: 'default', body: configMap('a') });
    await informer.start();
    await vi.waitFor(() => expect(seen).toEqual(['add a']), POLL);
    await core.patchNamespacedConfigMap({
      name: 'a',
      namespace: 'default',
      body: [{ op: 'add', path: '/data/x', value: '1' }],
    });
    await vi.waitFor(() => expect(seen).toEqual(['add a', 'update a']), POLL);
    await core.deleteNamespacedConfigMap({ name: 'a', namespace: 'default' });
    await vi.waitFor(() => expect(seen).toEqual(['add a', 'update a', 'delete a']), POLL);
    server.endWatches();
    await core.createNamespacedConfigMap({ namespace: 'default', body: configMap('b') });
    await vi.waitFor(() => expect(seen.at(-1)).toBe('add b'), { timeout: 15_000, interval: 25 });
  });

  it('gets 410 by the watch callback', async () => {
    const { url, store } = await startServer();
    const old = store.version;
    await call(url, 'POST', MAPS, configMap('a'));
    store.compact();
    const events: { type: string; code: unknown }[] = [];
    const watch = new Watch(kubeConfigOf(url));
    const controller = await watch.watch(
      MAPS,
      { resourceVersion: String(old) },
      (type: string, object: { code?: number }) => void events.push({ type, code: object.code }),
      () => undefined,
    );
    onTestFinished(() => controller.abort());
    await vi.waitFor(() => expect(events).toEqual([{ type: 'ERROR', code: 410 }]), POLL);
  });
});
