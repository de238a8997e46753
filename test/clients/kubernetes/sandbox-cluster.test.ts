import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../../src/clients/kubernetes/http-client.ts';
import type { KubernetesClient, KubernetesObject } from '../../../src/clients/kubernetes/port.ts';
import { type ApiServer, startApiServer } from '../../../src/sandbox/cluster/api/server.ts';

/** What a mutation of ours stands on: the same calls against an API server that keeps objects and versions. */
describe('against an API server', () => {
  let folder: string;
  let api: ApiServer;
  let client: KubernetesClient;
  const at = { kind: 'Service', namespace: 'crm', name: 'crm-api' } as const;
  const service: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'crm-api', namespace: 'crm', labels: { app: 'crm' } },
    spec: { selector: { app: 'crm' }, ports: [{ port: 80 }] },
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-cluster-'));
    api = await startApiServer({ namespaces: ['crm'] });
    const kubeconfig = join(folder, 'kubeconfig');
    const config = {
      clusters: [{ name: 'c', cluster: { server: api.url } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }],
      'current-context': 'c',
      users: [],
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    client = createKubernetesClient({ kubeconfig });
  });
  afterEach(async () => {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('creates once, reads, lists by label', async () => {
    expect(await client.get(at)).toBeUndefined();
    const made = await client.create(service);
    expect(made.metadata.uid).toBeTruthy();
    await expect(client.create(service)).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('create Service crm/crm-api: 409 already exists'),
    });
    expect((await client.get(at))?.metadata.uid).toBe(made.metadata.uid);
    expect(await client.list('Service', 'crm', { labelSelector: 'app=crm' })).toMatchObject([
      { kind: 'Service', apiVersion: 'v1' },
    ]);
    expect(await client.list('Service', 'crm', { labelSelector: 'app=other' })).toEqual([]);
  });

  it('refuses a write over a version that somebody else replaced', async () => {
    const first = await client.create(service);
    await client.replace({ ...first, metadata: { ...first.metadata, annotations: { by: 'somebody' } } });
    const mine = { ...first, metadata: { ...first.metadata, annotations: { by: 'us' } } };
    await expect(client.replace(mine)).rejects.toMatchObject({ code: 'Conflict' });
    expect((await client.get(at))?.metadata.annotations).toEqual({ by: 'somebody' });
  });

  it('does not know what became of a write whose reply was lost, and finds it by looking', async () => {
    const first = await client.create(service);
    api.faults.add({ verb: 'update', resource: 'services', dropReply: true, count: 1 });
    const mine = { ...first, metadata: { ...first.metadata, annotations: { by: 'us' } } };
    await expect(client.replace(mine)).rejects.toMatchObject({
      code: 'OutcomeUnknown',
      message: expect.stringContaining('the write may have taken effect'),
    });
    expect((await client.get(at))?.metadata.annotations).toEqual({ by: 'us' });
  });

  it('deletes the very object that was meant, and no other of that name', async () => {
    const first = await client.create(service);
    expect(await client.delete(at, { uid: 'another' })).toBe(false);
    expect(await client.get(at)).toBeDefined();
    expect(await client.delete(at, { uid: first.metadata.uid ?? '' })).toBe(true);
    expect(await client.delete(at)).toBe(false);
  });

  it('names what was refused', async () => {
    await expect(client.create({ ...service, spec: { ports: [], selector: 'no mapping' } })).rejects.toMatchObject({
      code: 'InvalidInput',
      message: expect.stringMatching(/^create Service crm\/crm-api: 4\d\d /),
    });
    api.faults.add({ verb: 'get', resource: 'services', deny: true });
    await expect(client.get(at)).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringContaining('get Service crm/crm-api: 403 forbidden'),
    });
    expect(await client.canI('get', 'Service', 'crm')).toBe(false);
    expect(await client.canI('list', 'Service', 'crm')).toBe(true);
  });

  it.each([
    { status: 429, retryAfterSeconds: 2, code: 'Throttled', delayMs: 2000 },
    { status: 503, code: 'Unavailable' },
  ])('is $code when the server answers $status', async ({ status, retryAfterSeconds, code, delayMs }) => {
    api.faults.add({ verb: 'get', status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
    await expect(client.get(at)).rejects.toMatchObject({ code, retryAfterMs: delayMs });
  });
});
