import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from '../../../src/sandbox/cluster/kube/kube-client.ts';
import { type Deployment, type Pod, RESOURCES } from '../../../src/sandbox/cluster/kube/objects.ts';
import { HTTP_ROUTES, type HttpRoute } from '../../../src/sandbox/router/gateway-objects.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { buildExample } from '../../../src/sandbox/seed.ts';
import { isMissing, requireTool } from '../../harness/tools.ts';

const POLL = { timeout: 30_000, interval: 50 };
const CRM = { namespace: 'crm', name: 'crm-api' };
let stateDir: string;
let sandbox: Sandbox;
let client: KubeClient;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'sandbox-'));
  sandbox = await startSandbox({ stateDir, rps: 50 });
  client = createKubeClient(sandbox.kubeConfig);
});
afterEach(() => sandbox.faults.clear());
afterAll(async () => {
  client?.close();
  await sandbox?.close();
  await rm(stateDir, { recursive: true, force: true });
});

function kubectl(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, KUBECONFIG: sandbox.kubeconfigPath, HOME: stateDir };
    execFile(requireTool('kubectl'), args, { env }, (error, stdout, stderr) =>
      error ? reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`)) : resolve(stdout),
    );
  });
}

/** Requests the router counted for a backend, by first digit of the code. */
async function counted(backend = 'crm-api'): Promise<Record<string, number>> {
  const text = await (await fetch(`${sandbox.router.adminUrl}/metrics`)).text();
  const seen: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const match = /^router_requests_total\{.*backend="([^"]*)",code="(\d)\d\d"\} (\d+)$/.exec(line);
    if (match?.[1] === backend) seen[`${match[2]}xx`] = (seen[`${match[2]}xx`] ?? 0) + Number(match[3]);
  }
  return seen;
}

/** How many more of each there are than before. */
function since(before: Record<string, number>, now: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(now).map(([code, count]) => [code, count - (before[code] ?? 0)]));
}

async function readyPods(): Promise<Pod[]> {
  const { items } = await client.list<Pod>({ resource: RESOURCES.pods, namespace: 'crm' });
  return items.filter(
    ({ metadata, status }) =>
      !metadata?.deletionTimestamp &&
      (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  );
}

async function imagesReady(): Promise<string[]> {
  return (await readyPods()).map(({ spec }) => spec?.containers[0]?.image?.split('@')[1] ?? '');
}

function setImage(digest: string): Promise<Deployment> {
  const image = `${sandbox.registry.host}/crm-api@${digest}`;
  return client.get<Deployment>({ resource: RESOURCES.deployments, ...CRM }).then((deployment) => {
    const [container] = deployment.spec?.template.spec?.containers ?? [];
    return client.mergePatch<Deployment>(
      { resource: RESOURCES.deployments, ...CRM },
      { spec: { template: { spec: { containers: [{ ...container, image }] } } } },
    );
  });
}

describe.skipIf(isMissing('kubectl'))('kubectl', () => {
  it('sees the example company, and reads the logs of a pod', async () => {
    const pods = (await kubectl('get', 'pods', '--no-headers')).trim().split('\n');
    expect(pods).toHaveLength(3);
    for (const line of pods) expect(line).toMatch(/^crm-api-\S+ +1\/1 +Running/);
    expect(await kubectl('get', 'httproute,gateway,service,deployment', '-o', 'name')).toBe(
      [
        'httproute.gateway.networking.k8s.io/crm-api',
        'gateway.gateway.networking.k8s.io/public',
        'service/crm-api',
        'deployment.apps/crm-api',
        '',
      ].join('\n'),
    );
    expect(await kubectl('logs', 'deployment/crm-api')).toContain('"version":"v1.4.1"');
    expect(await kubectl('logs', 'deployment/crm-api')).toContain('"region":"sandbox"');
  });
});

it('rolls to another version under load without one failed request', async () => {
  const digest = await buildExample('v1.4.2', `${sandbox.registry.host}/crm-api`);
  sandbox.load.setRate(150);
  const before = { load: sandbox.load.statistics(), router: await counted() };
  await setImage(digest);
  await expect.poll(imagesReady, POLL).toEqual([digest, digest, digest]);
  // The last old pods are still draining; they must not lose anything either.
  const podCount = async (): Promise<number> =>
    (await client.list({ resource: RESOURCES.pods, namespace: 'crm' })).items.length;
  await expect.poll(podCount, POLL).toBe(3);
  sandbox.load.setRate(0);
  await expect.poll(() => sandbox.load.statistics().inFlight, POLL).toBe(0);
  const load = sandbox.load.statistics();
  expect(load.failed - before.load.failed).toBe(0);
  expect(Object.keys(load.byCode).sort()).toEqual(['200', '201']);
  const { '2xx': good = 0, ...others } = since(before.router, await counted());
  expect(others).toEqual({});
  expect(good).toBeGreaterThan(200);
  sandbox.load.setRate(50);
});

it('splits to a canary of a bad version, whose errors the router counts on it alone', async () => {
  const digest = await buildExample('v1.5.0-errors', `${sandbox.registry.host}/crm-api`);
  const labels = { app: 'crm-api', 'mainstay.dev/track': 'canary-1' };
  const stable = await client.get<Deployment>({ resource: RESOURCES.deployments, ...CRM });
  const [container] = stable.spec?.template.spec?.containers ?? [];
  await client.create(
    { resource: RESOURCES.deployments, namespace: 'crm' },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'crm-api-canary-1' },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ ...container, image: `${sandbox.registry.host}/crm-api@${digest}` }] },
        },
      },
    },
  );
  await client.create(
    { resource: RESOURCES.services, namespace: 'crm' },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'crm-api-canary-1' },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
  );
  await expect.poll(imagesReady, POLL).toContain(digest);
  const before = await counted();
  sandbox.load.setRate(200);
  await setWeights(80, 20);
  await expect.poll(async () => (await counted('crm-api-canary-1'))['2xx'] ?? 0, POLL).toBeGreaterThan(150);
  await setWeights(100, 0);
  sandbox.load.setRate(0);
  await expect.poll(() => sandbox.load.statistics().inFlight, POLL).toBe(0);
  const canary = await counted('crm-api-canary-1');
  const { '2xx': good = 0, '5xx': bad = 0 } = canary;
  expect(Math.abs(bad / (good + bad) - 0.08)).toBeLessThan(0.03);
  expect(since(before, await counted())['5xx'] ?? 0).toBe(0);
  sandbox.load.setRate(50);
  for (const resource of [RESOURCES.deployments, RESOURCES.services]) {
    await client.remove({ resource, namespace: 'crm', name: 'crm-api-canary-1' });
  }
  await setBackends([{ name: 'crm-api', port: 80, weight: 100 }]);
});

function setWeights(stable: number, canary: number): Promise<unknown> {
  return setBackends([
    { name: 'crm-api', port: 80, weight: stable },
    { name: 'crm-api-canary-1', port: 80, weight: canary },
  ]);
}

async function setBackends(backendRefs: object[]): Promise<void> {
  const at = { resource: HTTP_ROUTES, ...CRM };
  const route = await client.mergePatch(at, { spec: { rules: [{ backendRefs }] } });
  const generation = route.metadata?.generation;
  const applied = async (): Promise<number | undefined> =>
    (await client.get<HttpRoute>(at)).status?.parents?.[0]?.conditions[0]?.observedGeneration;
  await expect.poll(applied, POLL).toBe(generation);
}

it('lets the pods of a version fail and recover', async () => {
  const fault = await sandbox.faults.add({ kind: 'service', namespace: 'crm', version: 'v1.4.2', errorRatio: 0.5 });
  const atFault = await counted();
  await expect.poll(async () => since(atFault, await counted())['5xx'] ?? 0, POLL).toBeGreaterThan(10);
  await sandbox.faults.add({ kind: 'service', namespace: 'crm', selector: 'app=nobody', crash: true });
  expect(await sandbox.faults.remove(fault.id)).toBe(true);
  // The pods read the file every 200 ms; after that nothing fails any more.
  await expect
    .poll(async () => {
      const before = await counted();
      await new Promise((resolve) => setTimeout(resolve, 500)); // a window to count in
      return since(before, await counted())['5xx'] ?? 0;
    }, POLL)
    .toBe(0);
  expect((await readyPods()).length).toBe(3);
});

it('crashes pods, shows the restarts, and is well again afterwards', async () => {
  await sandbox.faults.add({ kind: 'service', namespace: 'crm', crash: true });
  const restarts = async (): Promise<number> =>
    (await sandbox.status()).pods.reduce((sum, pod) => sum + pod.restarts, 0);
  await expect.poll(restarts, POLL).toBeGreaterThanOrEqual(3);
  await expect.poll(async () => (await readyPods()).length, POLL).toBe(0);
  const before = await counted();
  await expect.poll(async () => since(before, await counted())['5xx'] ?? 0, POLL).toBeGreaterThan(0);
  await sandbox.faults.clear();
  await expect.poll(async () => (await readyPods()).length, POLL).toBe(3);
});

it('hides metrics, loses the registry, and refuses API calls while told to', async () => {
  await sandbox.faults.add({ kind: 'service', namespace: 'crm', noMetrics: true });
  const [pod] = await readyPods();
  const dial = JSON.parse(pod?.metadata?.annotations?.['sandbox.mainstay.dev/dial'] ?? '{}') as Record<string, string>;
  const metrics = async (): Promise<number> => (await fetch(`http://${dial['8080']}/metrics`)).status;
  await expect.poll(metrics, POLL).toBe(404);
  await sandbox.faults.add({ kind: 'registry', mode: 'down' });
  await expect(buildExample('v1.4.1', `${sandbox.registry.host}/crm-api`)).rejects.toThrow('is not available');
  await sandbox.faults.add({ kind: 'api', resource: 'configmaps', status: 429, retryAfterSeconds: 1, count: 1 });
  const configMaps = `${sandbox.api.url}/api/v1/namespaces/crm/configmaps`;
  expect([(await fetch(configMaps)).status, (await fetch(configMaps)).status]).toEqual([429, 200]);
  await sandbox.faults.add({ kind: 'api', resource: 'pods', verb: 'list', status: 500 });
  const status = await sandbox.status();
  expect(status.pods).toHaveLength(3);
  expect(status.faults.map(({ kind }) => kind)).toEqual(['service', 'registry', 'api']);
  expect(await sandbox.faults.clear()).toBe(3);
  await expect.poll(metrics, POLL).toBe(200);
});

it('starts again on the same folder: images are there, the company is new', async () => {
  await sandbox.close();
  client.close();
  sandbox = await startSandbox({ stateDir });
  client = createKubeClient(sandbox.kubeConfig);
  expect([...(await sandbox.registry.tags('crm-api')).keys()]).toEqual(['v1.4.1', 'v1.4.2', 'v1.5.0-errors']);
  expect((await sandbox.status()).pods.map(({ version }) => version)).toEqual(['v1.4.1', 'v1.4.1', 'v1.4.1']);
});

it('ends what it started when a later part cannot start', async () => {
  const started: string[] = [];
  const controller = new AbortController();
  controller.abort(new Error('changed my mind'));
  const other = await mkdtemp(join(tmpdir(), 'sandbox-'));
  await expect(
    startSandbox({ stateDir: other, signal: controller.signal, onPhase: (phase) => started.push(phase) }),
  ).rejects.toThrow('changed my mind');
  expect(started.length).toBeGreaterThan(1);
  const kubeconfig = join(other, 'kubeconfig');
  const { clusters } = JSON.parse(await readFile(kubeconfig, 'utf8')) as {
    clusters: { cluster: { server: string } }[];
  };
  await expect(fetch(clusters[0]?.cluster.server ?? '')).rejects.toThrow('fetch failed');
  await rm(other, { recursive: true, force: true });
});
