import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Control, startControl } from '../../../src/sandbox/control.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';

let stateDir: string;
let sandbox: Sandbox;
let control: Control;
let isReady = true;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'control-'));
  sandbox = await startSandbox({ stateDir, seed: false });
  control = await startControl({
    sandbox: () => (isReady ? sandbox : undefined),
    status: async () => ({ pid: 1, stateDir, startedAt: '', control: '', phase: 'ready', step: 'serving' }),
  });
});
afterAll(async () => {
  await control?.close();
  await sandbox?.close();
  await rm(stateDir, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown): Promise<{ code: number; body: unknown }> {
  const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(control.url + path, { method, ...init });
  return { code: response.status, body: await response.json() };
}

it('sets the load and refuses what is no rate', async () => {
  expect(await call('PUT', '/load', { rps: 3 })).toMatchObject({ code: 200, body: { rps: 3 } });
  expect(sandbox.load.statistics().rps).toBe(3);
  for (const body of [{ rps: -1 }, { rps: '3' }, {}, { rps: 3, extra: 1 }, 'not json']) {
    expect((await call('PUT', '/load', body)).code).toBe(400);
  }
  await call('PUT', '/load', { rps: 0 });
});

it.each([
  { fault: { kind: 'api', resource: 'pods', status: 429 }, part: () => sandbox.api.faults.list().length },
  { fault: { kind: 'registry', mode: 'down' }, part: () => sandbox.registry.faults.list().length },
  { fault: { kind: 'router', mode: 'frozen' }, part: () => sandbox.router.faults.list().length },
])('switches on and off: $fault', async ({ fault, part }) => {
  const { code, body } = await call('POST', '/faults', fault);
  expect(code).toBe(201);
  expect(body).toMatchObject(fault);
  expect(part()).toBe(1);
  expect(await call('GET', '/faults')).toMatchObject({ body: { faults: [body] } });
  const { id } = body as { id: string };
  expect(await call('DELETE', `/faults/${id}`)).toEqual({ code: 200, body: { cleared: 1 } });
  expect(part()).toBe(0);
  expect((await call('DELETE', `/faults/${id}`)).code).toBe(404);
});

it.each([
  { fault: {}, says: 'kind: expected one of service, api, registry, router, aws' },
  { fault: { kind: 'database' }, says: 'got "database"' },
  { fault: { kind: 'service' }, says: 'at least one of errorRatio' },
  { fault: { kind: 'service', errorRatio: 2 }, says: 'errorRatio: ' },
  { fault: { kind: 'service', errorRatio: 0.1, colour: 'red' }, says: 'colour' },
  { fault: { kind: 'service', crash: true, version: 'v9' }, says: 'v9 is not in the registry' },
  { fault: { kind: 'service', crash: true, selector: 'app' }, says: 'selector: expected key=value' },
  { fault: { kind: 'api', verb: 'get' }, says: 'at least one of status' },
  { fault: { kind: 'router', mode: 'melted' }, says: 'mode: ' },
  { fault: { kind: 'registry', mode: 'delay' }, says: 'delayMs: ' },
  { fault: { kind: 'aws', mode: 'throttle' }, says: 'this sandbox has no AWS' },
  { fault: { kind: 'aws', mode: 'error', status: 200 }, says: 'status: ' },
  { fault: { kind: 'aws', mode: 'lyingStatus' }, says: 'status: ' },
  { fault: { kind: 'aws', mode: 'stuckStatus', operation: 'CreateDBInstance' }, says: 'operation' },
])('refuses $fault and keeps nothing of it', async ({ fault, says }) => {
  const { code, body } = await call('POST', '/faults', fault);
  expect(code).toBe(400);
  expect((body as { error: string }).error).toContain(says);
  expect(await call('GET', '/faults')).toEqual({ code: 200, body: { faults: [] } });
});

it('forgets a fault of the API that is used up, and clears all at once', async () => {
  await call('POST', '/faults', { kind: 'api', resource: 'nodes', verb: 'get', status: 500, count: 1 });
  expect((await fetch(`${sandbox.api.url}/api/v1/nodes/sandbox`)).status).toBe(500);
  expect((await fetch(`${sandbox.api.url}/api/v1/nodes/sandbox`)).status).toBe(200);
  expect(await call('GET', '/faults')).toEqual({ code: 200, body: { faults: [] } });
  await call('POST', '/faults', { kind: 'router', mode: 'frozen' });
  await call('POST', '/faults', { kind: 'registry', mode: 'unavailable' });
  expect(await call('DELETE', '/faults')).toEqual({ code: 200, body: { cleared: 2 } });
  expect(sandbox.router.faults.list()).toEqual([]);
});

it('says that it is not ready, and that there is no such call', async () => {
  expect((await call('GET', '/nothing')).code).toBe(404);
  isReady = false;
  expect((await call('GET', '/faults')).code).toBe(503);
  expect((await call('GET', '/status')).code).toBe(200);
  isReady = true;
});
