import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../../src/clients/kubernetes/http-client.ts';
import { isCoded } from '../../../src/errors/coded-error.ts';
import { answerJson, freeAddress, startTinyServer, type TinyServer } from '../http/tiny-server.ts';
import { address, deployment, writeKubeconfig } from './kubeconfig.ts';

const notFound = {
  kind: 'Status',
  reason: 'NotFound',
  message: 'deployments.apps "crm-api" not found',
  details: { name: 'crm-api', kind: 'deployments' },
  code: 404,
};

let folder: string;
let server: TinyServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mainstay-kube-'));
  server = await startTinyServer((_, response) => answerJson(response, 200, deployment));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const kubeconfig = (url = server.url) => writeKubeconfig(folder, url);

describe('a Kubernetes client', () => {
  it('reads an object with fields nobody has heard of', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    expect(await client.get(address)).toEqual(deployment);
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      path: '/apis/apps/v1/namespaces/crm/deployments/crm-api',
    });
  });

  it('says undefined for an absent object, and NotFound for a kind that is not served', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    server.answer((_, response) => answerJson(response, 404, notFound));
    expect(await client.get(address)).toBeUndefined();
    server.answer((_, response) => response.writeHead(404).end('404 page not found'));
    await expect(client.get({ ...address, kind: 'HTTPRoute' })).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('does not serve this kind'),
    });
  });

  it('lists with selectors and gives each item its kind', async () => {
    server.answer((_, response) =>
      answerJson(response, 200, { kind: 'PodList', items: [{ metadata: { name: 'a' } }] }),
    );
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    const pods = await client.list('Pod', 'crm', { labelSelector: 'app=crm,mainstay.dev/track=stable' });
    expect(pods).toEqual([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }]);
    expect(server.requests[0]?.path).toBe(
      '/api/v1/namespaces/crm/pods?labelSelector=app%3Dcrm%2Cmainstay.dev%2Ftrack%3Dstable',
    );
  });

  it('creates, replaces with the resourceVersion, and deletes only the object with the uid', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    await client.create(deployment);
    await client.replace(deployment);
    expect(await client.delete(address, { uid: 'u-1' })).toBe(true);
    expect(server.requests.map((request) => `${request.method} ${request.path}`)).toEqual([
      'POST /apis/apps/v1/namespaces/crm/deployments',
      'PUT /apis/apps/v1/namespaces/crm/deployments/crm-api',
      'DELETE /apis/apps/v1/namespaces/crm/deployments/crm-api',
    ]);
    expect(JSON.parse(server.requests[1]?.body ?? '')).toEqual(deployment);
    expect(JSON.parse(server.requests[2]?.body ?? '')).toMatchObject({
      preconditions: { uid: 'u-1' },
      propagationPolicy: 'Background',
    });
  });

  it('says false when the object to delete is gone or another has its name', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    server.answer((_, response) => answerJson(response, 404, notFound));
    expect(await client.delete(address)).toBe(false);
    const message =
      'Operation cannot be fulfilled on deployments.apps "crm-api": Precondition failed: UID in precondition: u-1, UID in object meta: u-2';
    server.answer((_, response) =>
      answerJson(response, 409, { kind: 'Status', reason: 'Conflict', message, code: 409 }),
    );
    expect(await client.delete(address, { uid: 'u-1' })).toBe(false);
  });

  it('asks whether it may', async () => {
    server.answer((request, response) => {
      const { verb } = JSON.parse(request.body).spec.resourceAttributes as { verb: string };
      answerJson(response, 201, { status: { allowed: verb !== 'delete' } });
    });
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    expect(await client.canI('update', 'HTTPRoute', 'crm')).toBe(true);
    expect(await client.canI('delete', 'HTTPRoute', 'crm')).toBe(false);
    expect(JSON.parse(server.requests[0]?.body ?? '').spec.resourceAttributes).toEqual({
      namespace: 'crm',
      verb: 'update',
      group: 'gateway.networking.k8s.io',
      resource: 'httproutes',
    });
  });

  it('keeps its connection', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    for (let call = 0; call < 5; call += 1) await client.get(address);
    expect(server.connections()).toBe(1);
  });

  it('asks a read again when the kept connection was cut', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    await client.get(address);
    let cuts = 0;
    server.answer((_, response) => {
      cuts += 1;
      if (cuts === 1) response.destroy();
      else answerJson(response, 200, deployment);
    });
    expect(await client.get(address)).toEqual(deployment);
  });

  it.each([
    { what: 'a write that lost its reply', write: true, code: 'OutcomeUnknown' },
    { what: 'a read that lost its reply', write: false, code: 'Unavailable' },
  ])('calls $what $code', async ({ write, code }) => {
    server.answer((_, response) => response.destroy());
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    const call = write ? client.replace(deployment) : client.get(address);
    await expect(call).rejects.toMatchObject({ code });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    { what: 'a write', write: true, code: 'OutcomeUnknown' },
    { what: 'a read', write: false, code: 'Timeout' },
  ])('ends $what without an answer as $code within its time', async ({ write, code }) => {
    server.answer(() => {});
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() }, { callTimeoutMs: 150 });
    const startedMs = Date.now();
    await expect(write ? client.create(deployment) : client.get(address)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('no answer within 0.15 s, server'),
    });
    expect(Date.now() - startedMs).toBeLessThan(2000);
  });

  it('ends a reply that stops in the middle', async () => {
    server.answer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"kind":');
      setImmediate(() => response.destroy());
    });
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    await expect(client.replace(deployment)).rejects.toMatchObject({ code: 'OutcomeUnknown' });
  });

  it('is Unavailable, naming the server, when nothing listens: the write was never sent', async () => {
    const host = await freeAddress();
    const client = createKubernetesClient({ kubeconfig: await kubeconfig(`http://${host}`) });
    await expect(client.replace(deployment)).rejects.toMatchObject({
      code: 'Unavailable',
      message: `update Deployment crm/crm-api: connection refused (ECONNREFUSED ${host}), server http://${host}`,
    });
  });

  it('throws the reason of the signal for a read, and OutcomeUnknown for a write under way', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    const reason = new Error('the workflow was cancelled');
    const abort = new AbortController();
    server.answer(() => abort.abort(reason));
    await expect(client.get(address, abort.signal)).rejects.toBe(reason);
    await expect(client.replace(deployment, abort.signal)).rejects.toBe(reason);
    const second = new AbortController();
    server.answer(() => second.abort(reason));
    await expect(client.replace(deployment, second.signal)).rejects.toMatchObject({ code: 'OutcomeUnknown' });
  });

  it('hands on how long to wait', async () => {
    server.answer((_, response) =>
      answerJson(response, 429, { kind: 'Status', reason: 'TooManyRequests', code: 429 }, { 'retry-after': '2' }),
    );
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    const error: unknown = await client.get(address).catch((thrown: unknown) => thrown);
    expect(isCoded(error, 'Throttled') && error.retryAfterMs).toBe(2000);
  });

  it.each([
    { what: 'no JSON', body: '<html>log in</html>' },
    { what: 'no object', body: '{"hello":1}' },
  ])('is BadResponse for a 200 with $what', async ({ body }) => {
    server.answer((_, response) => response.end(body));
    const client = createKubernetesClient({ kubeconfig: await kubeconfig() });
    await expect(client.get(address)).rejects.toMatchObject({ code: 'BadResponse' });
  });
});
