import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const EXAMPLE = new URL('../../examples/crm/', import.meta.url);
const POLL = { timeout: 10_000, interval: 20 };
let folder: string;
let service: Service | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crm-server-'));
});
afterEach(() => {
  service?.process.kill('SIGKILL');
  service = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Service {
  readonly process: ChildProcess;
  readonly url: string;
  readonly exit: Promise<number | null>;
  readonly output: () => string;
}

/** Starts a version as a pod would, with a free port, and waits until it listens. */
async function start(version: string, env: Record<string, string> = {}): Promise<Service> {
  const args = [new URL('server.mjs', EXAMPLE).pathname, new URL(`versions/${version}.json`, EXAMPLE).pathname];
  const child = spawn(process.execPath, args, { env: { PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  service = { process: child, url: '', exit, output: () => text };
  await expect.poll(() => text, POLL).toContain('"listening"');
  const port = /"port":(\d+)/.exec(text)?.[1];
  service = { ...service, url: `http://127.0.0.1:${port}` };
  return service;
}

async function codes(url: string, count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let index = 0; index < count; index += 1) {
    const { status } = await fetch(url);
    seen[status] = (seen[status] ?? 0) + 1;
  }
  return seen;
}

async function sample(url: string, series: string): Promise<number | undefined> {
  const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find((row) => row.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

it('serves its API and tells requests, durations and checkouts as metrics', async () => {
  const { url } = await start('v1.4.1', { POD_NAME: 'crm-api-1' });
  expect(await (await fetch(`${url}/version`)).json()).toMatchObject({ version: 'v1.4.1', pod: 'crm-api-1' });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await sample(url, 'crm_checkout_success_ratio')).toBeUndefined();
  const order = await fetch(`${url}/api/orders`, { method: 'POST', body: '{"customer":"customer-002","amount":7}' });
  expect([order.status, await order.json()]).toEqual([201, { id: 1, customer: 'customer-002', amount: 7 }]);
  expect(await (await fetch(`${url}/api/orders`)).json()).toMatchObject({ total: 1 });
  expect((await fetch(`${url}/secret/../etc`)).status).toBe(404);
  expect((await fetch(`${url}/api/orders`, { method: 'POST', body: '{' })).status).toBe(400);
  expect(await sample(url, 'http_requests_total{method="POST",route="/api/orders",code="201"}')).toBe(1);
  expect(await sample(url, 'http_requests_total{method="GET",route="other",code="404"}')).toBe(1);
  expect(await sample(url, 'http_request_duration_seconds_bucket{method="POST",route="/api/orders",le="10"}')).toBe(2);
  expect(await sample(url, 'http_request_duration_seconds_count{method="GET",route="/api/orders"}')).toBe(1);
  expect(await sample(url, 'crm_checkout_success_ratio')).toBe(1);
});

it('v1.5.0-errors fails 8 of 100 requests, each time it is started', async () => {
  for (let round = 0; round < 2; round += 1) {
    const { url, process: child } = await start('v1.5.0-errors');
    const { 500: failed = 0 } = await codes(`${url}/api/orders`, 200);
    expect(failed).toBeGreaterThanOrEqual(15);
    expect(failed).toBeLessThanOrEqual(17);
    child.kill('SIGKILL');
  }
});

it('v1.5.1-slow lets a few requests wait for more than two seconds', async () => {
  const { url } = await start('v1.5.1-slow');
  await Promise.all(Array.from({ length: 100 }, () => codes(`${url}/api/orders`, 1)));
  const under = async (limit: string): Promise<number | undefined> =>
    sample(url, `http_request_duration_seconds_bucket{method="GET",route="/api/orders",le="${limit}"}`);
  expect(await under('1')).toBeGreaterThanOrEqual(93);
  expect(await under('1')).toBeLessThanOrEqual(97);
  expect(await under('5')).toBe(100);
});

it('v1.5.2-crash is never ready and ends with 1 and a reason', async () => {
  const { url, exit, output } = await start('v1.5.2-crash');
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect(await exit).toBe(1);
  expect(output()).toContain('fatal: cannot open the order index');
});

it('v1.5.3-nometrics answers 404 on /metrics alone', async () => {
  const { url } = await start('v1.5.3-nometrics');
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  expect((await fetch(`${url}/api/orders`)).status).toBe(200);
});

it('follows the fault file: errors, latency, no metrics, well again, crash', async () => {
  const file = join(folder, 'faults.json');
  await writeFile(file, '{}');
  const { url, exit, output } = await start('v1.4.1', { SANDBOX_FAULT_FILE: file });
  await writeFile(file, '{"errorRatio":1,"noMetrics":true}');
  await expect.poll(async () => (await fetch(`${url}/metrics`)).status, POLL).toBe(404);
  expect(await codes(`${url}/api/orders`, 20)).toEqual({ 500: 20 });
  await writeFile(file, '{"latencyMs":200}');
  await expect.poll(async () => (await fetch(`${url}/metrics`)).status, POLL).toBe(200);
  const startedMs = performance.now();
  expect(await codes(`${url}/api/orders`, 1)).toEqual({ 200: 1 });
  expect(performance.now() - startedMs).toBeGreaterThan(195);
  await rm(file);
  await expect.poll(async () => timed(`${url}/api/orders`), POLL).toBeLessThan(150);
  await writeFile(file, '{"crash":true}');
  expect(await exit).toBe(1);
  expect(output()).toContain('crash injected');
});

async function timed(url: string): Promise<number> {
  const startedMs = performance.now();
  await fetch(url);
  return performance.now() - startedMs;
}

it('drains on SIGTERM: not ready, still serving, running requests finished, exit code 0', async () => {
  const file = join(folder, 'slow.json');
  await writeFile(file, '{"latencyMs":1200}');
  const { url, exit, process: child } = await start('v1.4.1', { SANDBOX_FAULT_FILE: file, CRM_DRAIN_MS: '600' });
  await expect.poll(() => timed(`${url}/version`), POLL).toBeGreaterThan(1000);
  const running = fetch(`${url}/api/orders`);
  child.kill('SIGTERM');
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, POLL).toBe(503);
  const late = await answeredOnNewConnection(`${url}/healthz`);
  expect(late).toEqual({ code: 200, connection: 'close' });
  expect((await running).status).toBe(200);
  const answeredMs = performance.now();
  expect(await exit).toBe(0);
  // Nothing runs any more: it must not wait for the limit of 8 s.
  expect(performance.now() - answeredMs).toBeLessThan(4000);
});

function answeredOnNewConnection(url: string): Promise<{ code: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent: new Agent({ keepAlive: true }) }, (response) => {
      response.resume();
      response.on('end', () => resolve({ code: response.statusCode, connection: response.headers.connection }));
    });
    request.on('error', reject);
    request.end();
  });
}

it('refuses a wrong setting at its start and does not print the value', async () => {
  const child = spawn(
    process.execPath,
    [new URL('server.mjs', EXAMPLE).pathname, new URL('versions/v1.4.1.json', EXAMPLE).pathname],
    {
      env: { PORT: '0', CRM_PAGE_SIZE: 'hunter2' },
    },
  );
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1);
  expect(text).toBe('fatal: CRM_PAGE_SIZE is not a whole number\n');
});
