import { createServer, type RequestListener } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { type Listening, listenOnLoopback } from '../../../src/sandbox/http/listen.ts';
import { type Load, startLoad } from '../../../src/sandbox/load/load.ts';
import { CRM_MIX, createMix } from '../../../src/sandbox/load/request-mix.ts';

let server: Listening | undefined;
let load: Load | undefined;

afterEach(async () => {
  await server?.close();
  await load?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = await listenOnLoopback(createServer(listener));
  return server.url;
}

it('sends at the rate asked for, follows a change, and stops at 0', async () => {
  const hosts = new Set<string | undefined>();
  const target = await serve((request, response) => {
    hosts.add(request.headers.host);
    response.writeHead(request.method === 'POST' ? 201 : 200).end('{}');
  });
  const startedMs = performance.now();
  load = startLoad({ target, rps: 200, host: 'crm.example.com' });
  await expect.poll(() => load?.statistics().sent, { timeout: 10_000 }).toBeGreaterThan(200);
  const rate = (load.statistics().sent * 1000) / (performance.now() - startedMs);
  expect(rate).toBeGreaterThan(160);
  expect(rate).toBeLessThan(210);
  load.setRate(0);
  const { due } = load.statistics();
  await expect.poll(() => load?.statistics().inFlight).toBe(0);
  const end = load.statistics();
  expect(end).toMatchObject({ rps: 0, due, failed: 0, missed: 0, waiting: 0 });
  expect(Object.keys(end.byCode).sort()).toEqual(['200', '201']);
  expect(Object.values(end.byCode).reduce((sum, count) => sum + count, 0)).toBe(end.sent);
  expect([...hosts]).toEqual(['crm.example.com']);
});

it('is an open loop: a service that does not answer gets requests all the same, up to the bound', async () => {
  const target = await serve(() => undefined);
  load = startLoad({ target, rps: 500, concurrency: 20 });
  await expect.poll(() => load?.statistics().missed, { timeout: 10_000 }).toBeGreaterThan(10);
  expect(load.statistics()).toMatchObject({ sent: 20, inFlight: 20, byCode: {} });
});

it('counts answers by code and broken connections apart', async () => {
  let count = 0;
  const target = await serve((request, response) => {
    count += 1;
    if (count % 3 === 0) request.socket.destroy();
    else response.writeHead(count % 3 === 1 ? 500 : 200).end();
  });
  load = startLoad({ target, rps: 300, concurrency: 1 });
  await expect.poll(() => load?.statistics().failed, { timeout: 10_000 }).toBeGreaterThan(5);
  expect(Object.keys(load.statistics().byCode).sort()).toEqual(['200', '500']);
});

it('refuses a rate it cannot send', () => {
  expect(() => startLoad({ target: 'http://127.0.0.1:1', rps: -1 })).toThrow(
    '-1 requests per second, expected 0 to 5000',
  );
});

it('mixes paths by weight, and not in step with every tenth request', () => {
  const pick = createMix(CRM_MIX);
  const all = Array.from({ length: 20_000 }, () => pick().path);
  const share = (paths: string[]): number => paths.filter((path) => path === '/api/customers').length / paths.length;
  expect(share(all)).toBeCloseTo(0.3, 1);
  expect(share(all.filter((_path, index) => index % 10 === 5))).toBeCloseTo(0.3, 1);
});
