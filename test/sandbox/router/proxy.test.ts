import { Agent, createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listenOnLoopback } from '../../../src/sandbox/http/listen.ts';
import { createProxy, type Proxy } from '../../../src/sandbox/router/proxy.ts';
import { RouterFaults } from '../../../src/sandbox/router/router-faults.ts';
import { RouterMetrics } from '../../../src/sandbox/router/router-metrics.ts';
import { buildTable, type RoutingTable } from '../../../src/sandbox/router/routing-table.ts';
import { Objects } from './table-fixture.ts';

let stops: (() => Promise<void> | void)[] = [];
let objects: Objects;
let table: RoutingTable;
let metrics: RouterMetrics;
let faults: RouterFaults;
let proxy: Proxy;
let url: string;
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  objects = new Objects();
  metrics = new RouterMetrics();
  faults = new RouterFaults(() => undefined);
  proxy = createProxy(() => table, faults, metrics);
  url = (await serve(proxy.handle)).url;
});
afterEach(async () => {
  proxy.close();
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

async function serve(listener: RequestListener): Promise<{ port: number; url: string; server: Server }> {
  const server = createServer(listener);
  const listening = await listenOnLoopback(server);
  stops.push(listening.close);
  return { ...listening, server };
}

/** A pod that answers with its name, the request's body and the headers it saw. */
async function pod(name: string, code = 200): Promise<number> {
  const { port } = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(code, { 'x-pod': name, 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ name, body: Buffer.concat(chunks).toString(), headers: request.headers, url: request.url }),
      );
    });
  });
  return port;
}

function apply(): void {
  table = buildTable(objects, table);
  metrics.showWeights(table);
}

interface Reply {
  readonly code: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function send(options: { path?: string; host?: string; method?: string; body?: string } = {}): Promise<Reply> {
  const { path = '/api/orders', host = 'crm.example.com', method = 'GET', body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(url + path, { method, agent, headers: { host } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function counter(backend: string, code: number): Promise<number> {
  const labels = backend ? `namespace="crm",route="crm-api",backend="${backend}"` : 'namespace="",route="",backend=""';
  const line = (await metrics.text())
    .split('\n')
    .find((row) => row.startsWith(`router_requests_total{${labels},code="${code}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

it('splits thousands of requests exactly, in parallel too, and counts what the clients saw', async () => {
  objects.addService('crm-api', [await pod('stable-1'), await pod('stable-2')]);
  objects.addService('crm-api-canary', [await pod('canary')]);
  objects.addRoute([
    { name: 'crm-api', port: 80, weight: 93 },
    { name: 'crm-api-canary', port: 80, weight: 7 },
  ]);
  apply();
  const seen = new Map<string, number>();
  for (let batch = 0; batch < 100; batch += 1) {
    const replies = await Promise.all(Array.from({ length: 30 }, () => send()));
    for (const { headers } of replies)
      seen.set(String(headers['x-pod']), (seen.get(String(headers['x-pod'])) ?? 0) + 1);
  }
  expect(Object.fromEntries(seen)).toEqual({ 'stable-1': 1395, 'stable-2': 1395, canary: 210 });
  expect(await counter('crm-api', 200)).toBe(2790);
  expect(await counter('crm-api-canary', 200)).toBe(210);
});

it('passes method, path, body, host and headers on, and says from whom it came', async () => {
  objects.addService('crm-api', [await pod('one', 201)]);
  objects.addRoute([{ name: 'crm-api', port: 80 }]);
  apply();
  const reply = await send({ method: 'POST', path: '/api/orders?x=1', body: '{"amount":7}' });
  expect(reply.code).toBe(201);
  expect(JSON.parse(reply.body)).toMatchObject({
    body: '{"amount":7}',
    url: '/api/orders?x=1',
    headers: { host: 'crm.example.com', 'x-forwarded-for': '127.0.0.1' },
  });
});

it.each([
  {
    when: 'no route covers the host',
    host: 'other.example.com',
    refs: ['crm-api'],
    code: 404,
    counted: '',
    says: 'no route',
  },
  {
    when: 'the service is missing',
    refs: ['nobody'],
    code: 500,
    counted: 'nobody',
    says: 'service crm/nobody does not exist',
  },
  {
    when: 'no pod is ready',
    refs: ['unready'],
    code: 503,
    counted: 'unready',
    says: 'crm/unready has no ready endpoint',
  },
  { when: 'the pod refuses connections', refs: ['gone'], code: 502, counted: 'gone', says: 'ECONNREFUSED' },
])(
  'answers $code when $when, with the reason, and counts it on "$counted"',
  async ({ host, refs, code, counted, says }) => {
    objects.addService('crm-api', [await pod('one')]);
    objects.addService('unready', [1], false);
    objects.addService('gone', [1]);
    objects.addRoute(refs.map((name) => ({ name, port: 80 })));
    apply();
    const reply = await send(host ? { host } : {});
    expect(reply.code).toBe(code);
    expect(reply.headers['x-router-reason']).toContain(says);
    expect(await counter(counted, code)).toBe(1);
  },
);

it('answers 500 when every weight is 0, and shows the weights', async () => {
  objects.addService('crm-api', [await pod('one')]);
  objects.addRoute([
    { name: 'crm-api', port: 80, weight: 0 },
    { name: 'crm-api-canary', port: 80, weight: 0 },
  ]);
  apply();
  expect((await send()).headers['x-router-reason']).toContain('no backend with a weight above 0');
  expect(await metrics.text()).toContain(
    'router_backend_weight{namespace="crm",route="crm-api",backend="crm-api-canary"} 0',
  );
});

it('loses no request while one pod after the other is drained and replaced', async () => {
  let current = await serveDraining();
  objects.addService('crm-api', [current.port]);
  objects.addRoute([{ name: 'crm-api', port: 80 }]);
  apply();
  const codes = new Map<number, number>();
  let isDone = false;
  const clients = Array.from({ length: 8 }, async () => {
    while (!isDone) {
      const { code } = await send();
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  });
  for (let round = 0; round < 5; round += 1) {
    const next = await serveDraining();
    await expect.poll(() => codes.get(200) ?? 0, { interval: 5, timeout: 10_000 }).toBeGreaterThan(round * 40 + 40);
    objects.sliceList.length = 0;
    objects.addService('crm-api', [next.port]);
    apply();
    await current.drain();
    current = next;
  }
  isDone = true;
  await Promise.all(clients);
  expect([...codes.keys()]).toEqual([200]);
  expect(await counter('crm-api', 200)).toBe(codes.get(200));
  expect(codes.get(200)).toBeGreaterThan(100);
});

/** A pod that ends as the example service does: serves on for a moment, then takes nothing new and closes idle connections. */
async function serveDraining(): Promise<{ port: number; drain: () => Promise<void> }> {
  const { port, server } = await serve((_request, response) => setTimeout(() => response.end('ok'), 5));
  const drain = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 50)); // requests that were routed before are still arriving
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const timer = setInterval(() => server.closeIdleConnections(), 5);
    await closed;
    clearInterval(timer);
  };
  return { port, drain };
}

it('counts a client that goes away as 499, once', async () => {
  const { port } = await serve(() => undefined);
  objects.addService('crm-api', [port]);
  objects.addRoute([{ name: 'crm-api', port: 80 }]);
  apply();
  const request = httpRequest(url, { headers: { host: 'crm.example.com' } });
  request.on('error', () => undefined);
  request.end();
  await new Promise((resolve) => setTimeout(resolve, 100)); // the request must be under way, not refused
  request.destroy();
  await expect.poll(() => counter('crm-api', 499), { timeout: 5000 }).toBe(1);
});

it('counts a pod that breaks off its answer as 502, and breaks off too', async () => {
  const { port } = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  });
  objects.addService('crm-api', [port]);
  objects.addRoute([{ name: 'crm-api', port: 80 }]);
  apply();
  await expect(send()).rejects.toThrow();
  expect(await counter('crm-api', 502)).toBe(1);
});

it('refuses a share of requests, exactly, while told to', async () => {
  objects.addService('crm-api', [await pod('one')]);
  objects.addRoute([{ name: 'crm-api', port: 80 }]);
  apply();
  faults.set({ kind: 'unavailable', ratio: 0.25 });
  const codes: number[] = [];
  for (let count = 0; count < 40; count += 1) codes.push((await send()).code);
  expect(codes.filter((code) => code === 503)).toHaveLength(10);
  faults.clear();
  expect((await send()).code).toBe(200);
});
