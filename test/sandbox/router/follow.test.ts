import { createServer, request as httpRequest } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../../src/sandbox/cluster/api/server.ts';
import { createKubeClient, type KubeClient } from '../../../src/sandbox/cluster/kube/kube-client.ts';
import { RESOURCES } from '../../../src/sandbox/cluster/kube/objects.ts';
import { listenOnLoopback } from '../../../src/sandbox/http/listen.ts';
import { kubeConfigFor } from '../../../src/sandbox/kubeconfig.ts';
import { GATEWAYS, type Gateway, HTTP_ROUTES, type HttpRoute } from '../../../src/sandbox/router/gateway-objects.ts';
import { type Router, startRouter } from '../../../src/sandbox/router/server.ts';

const POLL = { timeout: 10_000, interval: 20 };
const NAMESPACES = { prefix: '/api/v1', plural: 'namespaces', apiVersion: 'v1', kind: 'Namespace' };
let api: ApiServer;
let client: KubeClient;
let router: Router;
let stops: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  api = await startApiServer();
  client = createKubeClient(kubeConfigFor(api.url));
  router = await startRouter({ kubeConfig: kubeConfigFor(api.url) });
  stops = [() => router.close(), () => client.close(), () => api.close()];
  await router.synced;
  await client.create({ resource: NAMESPACES }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'crm' } });
});
afterEach(async () => {
  for (const stop of stops) await stop();
});

function create(
  resource: (typeof RESOURCES)[keyof typeof RESOURCES] | typeof HTTP_ROUTES | typeof GATEWAYS,
  body: object,
) {
  const { apiVersion, kind } = resource;
  return client.create({ resource, namespace: 'crm' }, { apiVersion, kind, ...body });
}

/** Service, EndpointSlice and pod over a real server that answers with the name of the service. */
async function createBackend(name: string): Promise<void> {
  const pod = await listenOnLoopback(createServer((_request, response) => response.setHeader('x-pod', name).end(name)));
  stops.push(pod.close);
  await create(RESOURCES.services, {
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
  await create(RESOURCES.pods, {
    metadata: { name, annotations: { 'sandbox.mainstay.dev/dial': JSON.stringify({ 8080: pod.host }) } },
    spec: { nodeName: 'nowhere', containers: [{ name: 'api', image: 'example.com/crm-api' }] },
  });
  await create(RESOURCES.endpointSlices, {
    metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.244.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name } }],
  });
}

async function createCompany(): Promise<void> {
  await createBackend('crm-api');
  await createBackend('crm-api-canary');
  await create(GATEWAYS, {
    metadata: { name: 'public' },
    spec: { gatewayClassName: 'mainstay-sandbox', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
  });
  await create(HTTP_ROUTES, {
    metadata: { name: 'crm-api' },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: ['crm.example.com'],
      rules: [{ backendRefs: [{ name: 'crm-api', port: 80, weight: 100 }] }],
    },
  });
}

function setWeights(stable: number, canary: number): Promise<HttpRoute> {
  const backendRefs = [
    { name: 'crm-api', port: 80, weight: stable },
    { name: 'crm-api-canary', port: 80, weight: canary },
  ];
  return client.mergePatch<HttpRoute>(
    { resource: HTTP_ROUTES, namespace: 'crm', name: 'crm-api' },
    { spec: { rules: [{ backendRefs }] } },
  );
}

function send(): Promise<{ code: number; pod: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(router.url, { headers: { host: 'crm.example.com' } }, (response) => {
      response.resume();
      response.on('end', () => resolve({ code: response.statusCode ?? 0, pod: response.headers['x-pod']?.toString() }));
    });
    request.on('error', reject);
    request.end();
  });
}

async function sampled(metric: string, backend: string): Promise<number | undefined> {
  const text = await (await fetch(`${router.adminUrl}/metrics`)).text();
  const line = text.split('\n').find((row) => row.startsWith(`${metric}{`) && row.includes(`backend="${backend}"`));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

async function observed(): Promise<string> {
  const route = await client.get<HttpRoute>({ resource: HTTP_ROUTES, namespace: 'crm', name: 'crm-api' });
  const conditions = route.status?.parents?.[0]?.conditions ?? [];
  return conditions.map(({ type, status, observedGeneration }) => `${type}=${status}@${observedGeneration}`).join(' ');
}

it('serves a new route, and moves the split when its weights change: status, metric, traffic', async () => {
  await createCompany();
  await expect.poll(observed, POLL).toBe('Accepted=True@1 ResolvedRefs=True@1');
  expect(await send()).toEqual({ code: 200, pod: 'crm-api' });

  const { metadata } = await setWeights(75, 25);
  const generation = metadata?.generation;
  expect(generation).toBe(2);
  await expect.poll(observed, POLL).toBe('Accepted=True@2 ResolvedRefs=True@2');
  // The status is written after the table is applied, so from here on the split must be the new one.
  expect(await sampled('router_backend_weight', 'crm-api-canary')).toBe(25);
  const pods = [];
  for (let count = 0; count < 400; count += 1) pods.push((await send()).pod);
  expect(pods.filter((pod) => pod === 'crm-api-canary')).toHaveLength(100);

  await setWeights(100, 0);
  await expect.poll(() => sampled('router_backend_weight', 'crm-api-canary'), POLL).toBe(0);
  expect(await sampled('router_requests_total', 'crm-api-canary')).toBe(100);
  expect((await client.get<Gateway>({ resource: GATEWAYS, namespace: 'crm', name: 'public' })).status).toMatchObject({
    listeners: [{ name: 'http', attachedRoutes: 1 }],
  });
});

it('stops writing status when nothing changes', async () => {
  await createCompany();
  await expect.poll(observed, POLL).toBe('Accepted=True@1 ResolvedRefs=True@1');
  const version = async (): Promise<string | undefined> =>
    (await client.get<HttpRoute>({ resource: HTTP_ROUTES, namespace: 'crm', name: 'crm-api' })).metadata
      ?.resourceVersion;
  const before = await version();
  // A change of the pod makes the router apply again; the route's status stays the same.
  const at = { resource: RESOURCES.pods, namespace: 'crm', name: 'crm-api' };
  for (let round = 0; round < 5; round += 1)
    await client.mergePatch(at, { metadata: { labels: { round: `${round}` } } });
  await setTimeoutPolled(300);
  expect(await version()).toBe(before);
});

/** There is no event for "nothing happened": a bounded wait is all one can do. */
function setTimeoutPolled(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

it('says in status and answers that a service is missing, and recovers when it comes', async () => {
  await createCompany();
  await client.remove({ resource: RESOURCES.services, namespace: 'crm', name: 'crm-api' });
  await expect.poll(observed, POLL).toBe('Accepted=True@1 ResolvedRefs=False@1');
  expect((await send()).code).toBe(500);
  await create(RESOURCES.services, {
    metadata: { name: 'crm-api' },
    spec: { selector: { app: 'crm-api' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
  await expect.poll(observed, POLL).toBe('Accepted=True@1 ResolvedRefs=True@1');
  expect((await send()).code).toBe(200);
});

it('forgets a deleted route, and has it all again after the API ended its watches', async () => {
  await createCompany();
  await expect.poll(async () => (await send()).code, POLL).toBe(200);
  api.endWatches();
  await setWeights(0, 100);
  await expect.poll(async () => (await send()).pod, POLL).toBe('crm-api-canary');
  await client.remove({ resource: HTTP_ROUTES, namespace: 'crm', name: 'crm-api' });
  await expect.poll(async () => (await send()).code, POLL).toBe(404);
  expect(await sampled('router_backend_weight', 'crm-api-canary')).toBeUndefined();
});

it('applies no change while frozen, and does not claim to have', async () => {
  await createCompany();
  await expect.poll(observed, POLL).toBe('Accepted=True@1 ResolvedRefs=True@1');
  router.faults.set({ kind: 'frozen' });
  await setWeights(0, 100);
  for (let count = 0; count < 50; count += 1) expect((await send()).pod).toBe('crm-api');
  expect(await observed()).toBe('Accepted=True@1 ResolvedRefs=True@1');
  router.faults.clear();
  await expect.poll(observed, POLL).toBe('Accepted=True@2 ResolvedRefs=True@2');
  expect((await send()).pod).toBe('crm-api-canary');
});

it('tells its table and its health', async () => {
  await createCompany();
  await expect.poll(async () => (await send()).code, POLL).toBe(200);
  expect((await fetch(`${router.adminUrl}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${router.adminUrl}/routes`)).json()).toMatchObject({
    rules: [{ route: 'crm-api', hostname: 'crm.example.com', backends: [{ name: 'crm-api', weightPercent: 100 }] }],
  });
});
