import { AuthorizationV1Api, CoreV1Api, KubernetesObjectApi, VersionApi } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { expireEvents } from '../../../../src/sandbox/cluster/api/event-expiry.ts';
import { humanDuration } from '../../../../src/sandbox/cluster/api/kinds/cells.ts';
import { KINDS } from '../../../../src/sandbox/cluster/api/kinds/index.ts';
import { fieldsOf } from '../../../../src/sandbox/cluster/api/models.ts';
import { call, configMap, kubeConfigOf, pod, startServer } from './support.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

describe('discovery', () => {
  it('is aggregated when asked for v2, legacy otherwise', async () => {
    const { url } = await startServer();
    const aggregated = await call(url, 'GET', '/apis', undefined, { accept: AGGREGATED });
    expect(aggregated.headers.get('content-type')).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    expect(aggregated.body.kind).toBe('APIGroupDiscoveryList');
    const beta = await call(url, 'GET', '/apis', undefined, { accept: AGGREGATED.replace('v=v2', 'v=v2beta1') });
    expect(beta.body.kind).toBe('APIGroupList');
    const apps = await call(url, 'GET', '/apis/apps/v1');
    const resources = (apps.body.resources as { name: string }[]).map((resource) => resource.name);
    expect(resources).toEqual([
      'deployments',
      'deployments/status',
      'deployments/scale',
      'replicasets',
      'replicasets/status',
      'replicasets/scale',
    ]);
    expect((await call(url, 'GET', '/apis/apps')).body).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { version: 'v1' },
    });
    expect((await call(url, 'GET', '/apis/nothing')).code).toBe(404);
    expect((await call(url, 'GET', '/apis/apps/v9')).code).toBe(404);
  });

  it('is enough for generic clients', async () => {
    const { url } = await startServer();
    const config = kubeConfigOf(url);
    const objects = KubernetesObjectApi.makeApiClient(config);
    const created = await objects.create(configMap('a'));
    expect(created).toMatchObject({ metadata: { namespace: 'default' } });
    expect((await config.makeApiClient(VersionApi).getCode()).major).toBe('1');
    const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
    const answer = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({ body: review });
    expect(answer.status?.allowed).toBe(true);
    for (const path of ['/healthz', '/readyz', '/livez']) expect((await call(url, 'GET', path)).body.text).toBe('ok');
  });

  it('serves an OpenAPI document for every kind', async () => {
    const { url } = await startServer();
    const index = (await call(url, 'GET', '/openapi/v3')).body.paths as Record<string, { serverRelativeURL: string }>;
    const documents = await Promise.all(Object.values(index).map((entry) => call(url, 'GET', entry.serverRelativeURL)));
    const text = JSON.stringify(documents.map((document) => document.body));
    for (const kind of KINDS) expect(text).toContain(`"kind":"${kind.kind}"`);
    expect((await call(url, 'GET', '/openapi/v3/apis/nothing/v1')).code).toBe(404);
  });

  it.each(KINDS.map((kind) => [kind.kind, kind] as const))('%s has a model with its fields', (_name, kind) => {
    expect(fieldsOf(kind.model)?.has('metadata')).toBe(true);
    expect(new Set(kind.columns.map((column) => column.name)).size).toBe(kind.columns.length);
  });
});

describe('lists', () => {
  it('narrow by fields, and refuse fields they do not index', async () => {
    const { url } = await startServer();
    const core = kubeConfigOf(url).makeApiClient(CoreV1Api);
    await core.createNamespacedPod({ namespace: 'default', body: pod('one', { nodeName: 'node-1' }) });
    await core.createNamespacedPod({ namespace: 'default', body: pod('two') });
    const named = async (fieldSelector: string) =>
      (await core.listPodForAllNamespaces({ fieldSelector })).items.map((item) => item.metadata?.name);
    expect(await named('metadata.name=one')).toEqual(['one']);
    expect(await named('metadata.name!=one,metadata.namespace=default')).toEqual(['two']);
    expect(await named('spec.nodeName=')).toEqual(['two']);
    expect(await named('status.phase=Pending')).toEqual(['one', 'two']);
    for (const selector of ['spec.image=x', 'nonsense', 'metadata.labels=a'])
      await expect(named(selector)).rejects.toMatchObject({ code: 400 });
    await expect(core.listPodForAllNamespaces({ labelSelector: 'a b' })).rejects.toMatchObject({ code: 400 });
  });

  it('find events by the object they speak of', async () => {
    const { url } = await startServer();
    const core = kubeConfigOf(url).makeApiClient(CoreV1Api);
    for (const name of ['web', 'api']) {
      const involvedObject = { kind: 'Pod', namespace: 'default', name };
      await core.createNamespacedEvent({
        namespace: 'default',
        body: { metadata: { name }, involvedObject, type: 'Normal', reason: 'Pulled' },
      });
    }
    const found = await core.listNamespacedEvent({
      namespace: 'default',
      fieldSelector: 'involvedObject.name=web,involvedObject.kind=Pod',
    });
    expect(found.items.map((item) => item.metadata.name)).toEqual(['web']);
  });

  it('forget events an hour after they were last seen', async () => {
    const { url, store } = await startServer();
    const path = '/api/v1/namespaces/default/events';
    const nowMs = Date.now();
    for (const minutes of [59, 61]) {
      const lastTimestamp = new Date(nowMs - minutes * 60_000).toISOString();
      await call(url, 'POST', path, { metadata: { name: `ago-${minutes}` }, involvedObject: {}, lastTimestamp });
    }
    expireEvents({ store, kinds: KINDS }, nowMs);
    expect((await call(url, 'GET', path)).body.items).toMatchObject([{ metadata: { name: 'ago-59' } }]);
  });

  it('carry no kind in their items, speak metadata only, and know no version of the future', async () => {
    const { url, store } = await startServer();
    await call(url, 'POST', '/api/v1/namespaces/default/configmaps', configMap('a'));
    const path = '/api/v1/configmaps';
    const { body } = await call(url, 'GET', path);
    expect(body).toMatchObject({ kind: 'ConfigMapList', metadata: { resourceVersion: String(store.version) } });
    expect((body.items as object[])[0]).not.toHaveProperty('kind');
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const partial = await call(url, 'GET', path, undefined, { accept });
    expect(partial.body).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ metadata: { name: 'a' } }] });
    expect((await call(url, 'GET', `${path}?resourceVersion=${store.version + 1_000}`)).code).toBe(504);
    expect((await call(url, 'GET', `${path}?resourceVersion=abc`)).code).toBe(400);
  });

  it.each([
    '/api/v1/namespaces/default/unknowns',
    '/api/v1/namespaces/default/pods/one/exec',
    '/nowhere',
    '/api/v1/pods/one',
    '/api/v1/%E0%A4%A',
  ])('answer 404 for %s', async (path) => {
    const { url } = await startServer();
    expect(await call(url, 'GET', path)).toMatchObject({ code: 404, body: { kind: 'Status', reason: 'NotFound' } });
  });
});

describe('humanDuration', () => {
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [215, '3m35s'],
    [600, '10m'],
    [10_799, '179m'],
    [10_800, '3h'],
    [12_300, '3h25m'],
    [28_800, '8h'],
    [172_800, '2d'],
    [180_000, '2d2h'],
    [691_200, '8d'],
    [64_000_000, '2y10d'],
  ])('%s s is %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text);
  });
});
