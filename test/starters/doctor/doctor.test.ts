/** The doctor when everything is away, one thing after the other, and without ever hanging. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import { createTrafficRouter } from '../../../src/clients/router/traffic-router.ts';
import { parseCatalogue } from '../../../src/config/load-catalogue.ts';
import { diagnose, type Diagnosis, ok } from '../../../src/core/doctor/check.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';
import { type ApiServer, startApiServer } from '../../../src/sandbox/cluster/api/server.ts';
import { doctor } from '../../../src/starters/doctor.ts';
import { clusterRuns } from '../../../src/starters/doctor/check-cluster.ts';
import { checkDatabase, checkLedger } from '../../../src/starters/doctor/check-database.ts';
import { checkNode, checkTools } from '../../../src/starters/doctor/check-machine.ts';
import { runChecks } from '../../../src/starters/doctor/run-checks.ts';
import { writeKubeconfig } from '../../clients/kubernetes/kubeconfig.ts';
import { page } from '../../harness/command-line.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/crm/mainstay.yaml', import.meta.url));
const SECRET = 'hunter2-not-for-eyes';

describe('doctor', () => {
  let folder: string;
  let silent: Server;
  let silentUrl: string;
  const kept = { ...process.env };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-doctor-'));
    // Takes connections and never says a word.
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
    Object.assign(process.env, kept);
  });
  afterAll(async () => {
    silent.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('ends within seconds when nothing at all answers, and says what to do about each', {
    timeout: 60_000,
  }, async () => {
    const kubeconfig = await writeKubeconfig(folder, silentUrl);
    const path = join(folder, 'mainstay.yaml');
    await writeFile(path, (await readFile(EXAMPLE, 'utf8')).replace('context: sandbox', 'context: here'));
    Object.assign(process.env, {
      KUBECONFIG: kubeconfig,
      MAINSTAY_CONFIG: path,
      TEMPORAL_ADDRESS: silentUrl.replace('http://', ''),
      MAINSTAY_DATABASE_URL: `postgres://mainstay:${SECRET}@${silentUrl.replace('http://', '')}/ledger`,
    });
    const output = page();
    const startedMs = Date.now();
    const code = await doctor({ json: true }, output);
    expect(Date.now() - startedMs).toBeLessThan(20_000);
    const { checks, counts } = JSON.parse(output.text) as Diagnosis;
    const result = (id: string): string | undefined => checks.find((each) => each.id === id)?.result;
    expect(result('temporal')).toBe('failed');
    for (const id of ['workers', 'builds', 'workerCatalogue', 'rights/demo'])
      expect([id, result(id)]).toEqual([id, 'couldNotCheck']);
    expect(result('cluster/demo')).toBe('failed');
    expect(result('service/demo/crm-api')).toBe('couldNotCheck');
    expect(result('secrets/demo/crm-api')).toBe('couldNotCheck');
    // A context that the kubeconfig does not have is a fault that was found.
    expect(result('cluster/production')).toBe('failed');
    expect(result('database')).not.toBe('ok');
    expect(result('node')).toBe('ok');
    expect([code, counts.failed > 0]).toEqual([20, true]);
    expect(checks.filter((each) => each.result === 'failed' && each.todo.length === 0)).toEqual([]);
    expect(output.text).not.toContain(SECRET);
  });

  it('without a catalogue it checks the rest; as text it is a page', async () => {
    Object.assign(process.env, { MAINSTAY_CONFIG: join(folder, 'none.yaml'), TEMPORAL_ADDRESS: '127.0.0.1:9' });
    delete process.env.MAINSTAY_DATABASE_URL;
    const output = page();
    expect(await doctor({}, output)).toBe(20);
    expect(output.text).toMatch(/^unknown {2}catalogue +no catalogue at/m);
    expect(output.text).toMatch(/^FAILED {3}temporal +no Temporal server answers at 127\.0\.0\.1:9/m);
    expect(output.text).toMatch(/^ +-> set MAINSTAY_CONFIG/m);
    expect(output.text).toMatch(/\d+ ok, 0 warnings, 1 failed, \d+ could not be checked\n$/);
  });
});

describe('of a cluster', () => {
  let api: ApiServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-doctor-'));
    api = await startApiServer({ namespaces: ['crm'] });
    await writeKubeconfig(folder, api.url);
  });
  afterAll(async () => {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function check(change: (text: string) => string = (text) => text): Promise<Diagnosis> {
    const text = change((await readFile(EXAMPLE, 'utf8')).replace('context: sandbox', 'context: here'));
    const load = parseCatalogue(text, EXAMPLE, { environment: { KUBECONFIG: join(folder, 'kubeconfig') } });
    if (load.outcome !== 'loaded') throw new Error(JSON.stringify(load.problems));
    const kubernetes = createKubernetesClients({ callTimeoutMs: 2_000 });
    const deps = { kubernetes, router: createTrafficRouter(kubernetes) };
    return diagnose(await runChecks(clusterRuns(deps, load.catalogue, 'demo'), 10_000));
  }

  it('names the right that is missing, the objects that do not exist, the key that is not there', async () => {
    const client = createKubernetesClients()({ kubeconfig: join(folder, 'kubeconfig') });
    await client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'crm-api', namespace: 'crm' },
      data: { CRM_REGION: 'x' },
    });
    const id = api.faults.add({ verb: 'update', resource: 'httproutes', deny: true });
    const { checks } = await check();
    api.faults.remove(id);
    const says = Object.fromEntries(checks.map((each) => [`${each.id} ${each.result}`, each.says]));
    expect(says['rights/demo failed']).toContain('update HTTPRoute (needed to set the weights)');
    expect(says['service/demo/crm-api failed']).toContain('Deployment crm/crm-api');
    expect(JSON.stringify(checks)).toContain('ConfigMap crm/crm-api: no key CRM_PAGE_SIZE');
    expect(JSON.stringify(checks)).toContain('Secret crm/crm-api does not exist');
  });

  it('resolves references of builds without showing a value; what lies elsewhere is a warning', async () => {
    process.env.DOCTOR_TOKEN = SECRET;
    const environment = 'environment: { A: "env:DOCTOR_TOKEN", B: "env:DOCTOR_NOT_SET", C: "k8s:crm/none/key" }';
    const { checks } = await check((text) => text.replace('timeout: 10m', `timeout: 10m\n      ${environment}`));
    delete process.env.DOCTOR_TOKEN;
    const text = JSON.stringify(checks.filter(({ id }) => id.startsWith('secrets/')));
    expect(text).toContain('env:DOCTOR_NOT_SET');
    expect(text).toContain('it must be there where the worker runs');
    expect(text).toContain('k8s:crm/none/key');
    expect(text).not.toContain('env:DOCTOR_TOKEN');
    expect(text).not.toContain(SECRET);
  });
});

it('a check that does not answer is told as such, and holds nobody up', async () => {
  const runs = [
    { id: 'hangs', run: () => new Promise<never>(() => undefined) },
    { id: 'late', run: () => Promise.reject(new CodedError('Timeout', 'no answer within 6 s')) },
    { id: 'refused', run: () => Promise.reject(new CodedError('Forbidden', 'not you')) },
    { id: 'well', run: async () => [ok('well', 'yes')] },
  ];
  const checks = await runChecks(runs, 50);
  expect(checks.map(({ id, result }) => [id, result])).toEqual([
    ['hangs', 'couldNotCheck'],
    ['late', 'couldNotCheck'],
    ['refused', 'failed'],
    ['well', 'ok'],
  ]);
});

describe('of this machine', () => {
  it.each([
    { version: '20.19.0', result: 'ok' },
    { version: '22.1.0', result: 'ok' },
    { version: '20.18.3', result: 'failed' },
    { version: '18.20.0', result: 'failed' },
  ])('Node $version: $result', ({ version, result }) => {
    expect(checkNode(version).result).toBe(result);
  });

  it('a tool tells its version, is not there, or tells nonsense', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mainstay-tools-'));
    const script = async (name: string, text: string): Promise<void> => {
      await writeFile(join(folder, name), `#!/bin/sh\necho '${text}'\n`);
      await chmod(join(folder, name), 0o755);
    };
    await script('temporal', 'temporal version 1.9.1 (Server 1.32.0)');
    await script('kubectl', 'who knows');
    const found = await Promise.all(checkTools({ PATH: folder }).map((check) => check()));
    await rm(folder, { recursive: true, force: true });
    expect(found.map(({ id, result }) => [id, result])).toEqual([
      ['tool/temporal', 'ok'],
      ['tool/kubectl', 'warning'],
      ['tool/prometheus', 'ok'],
    ]);
    expect(found[0]?.says).toContain('1.9.1');
    expect(found[2]?.says).toContain('optional');
  });
});

describe('of the database', () => {
  const url = `postgres://mainstay:${SECRET}@db.example.com:5432/ledger`;
  it.each([
    { when: 'none is set', given: undefined, probe: async () => '', result: 'ok' },
    { when: 'it answers', given: url, probe: async () => 'Postgres 18', result: 'ok' },
    {
      when: 'it is late',
      given: url,
      probe: () => Promise.reject(new Error('timeout expired')),
      result: 'couldNotCheck',
    },
    {
      when: 'it refuses',
      given: url,
      probe: () => Promise.reject(new Error(`no: ${url} ${SECRET}`)),
      result: 'failed',
    },
    { when: 'it is no address', given: 'ledger', probe: async () => '', result: 'failed' },
  ])('$when: $result, and no password', async ({ given, probe, result }) => {
    const check = await checkDatabase(given, probe);
    expect(check.result).toBe(result);
    expect(JSON.stringify(check)).not.toContain(SECRET);
  });

  it.each([
    { when: 'it is off', env: { MAINSTAY_LEDGER: 'off' }, result: 'ok', says: 'no ledger is kept' },
    { when: 'it is our own', env: {}, result: 'ok', says: 'a server of our own in /nowhere/state/ledger' },
    { when: 'it is a URL', env: { MAINSTAY_DATABASE_URL: url }, result: 'ok', says: 'Postgres 18 at db.example.com' },
    {
      when: 'it is a reference',
      env: { MAINSTAY_DATABASE_URL: 'env:LEDGER_FOR_DOCTOR', LEDGER_FOR_DOCTOR: url },
      result: 'ok',
      says: 'Postgres 18 at db.example.com',
    },
    {
      when: 'the reference leads nowhere',
      env: { MAINSTAY_DATABASE_URL: 'file:/nowhere/url' },
      result: 'failed',
      says: 'secret file:/nowhere/url',
    },
    { when: 'it is neither', env: { MAINSTAY_DATABASE_URL: SECRET }, result: 'failed', says: 'a secret reference' },
  ])('$when, as the settings say: $result', async ({ env, result, says }) => {
    const before = { ...process.env };
    delete process.env.MAINSTAY_LEDGER;
    delete process.env.MAINSTAY_DATABASE_URL;
    Object.assign(process.env, { MAINSTAY_STATE_DIR: '/nowhere/state' }, env);
    try {
      const check = await checkLedger(async () => 'Postgres 18');
      expect([check.result, check.says]).toEqual([result, expect.stringContaining(says)]);
      expect(JSON.stringify(check)).not.toContain(SECRET);
    } finally {
      process.env = before;
    }
  });
});
