import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createObservePreflight } from '../../../src/activities/preflight/observe-preflight.ts';
import { createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import { KINDS, type KindName, type KubernetesObject } from '../../../src/clients/kubernetes/port.ts';
import { createMetricsProvider } from '../../../src/clients/metrics/provider.ts';
import { createTrafficRouter } from '../../../src/clients/router/traffic-router.ts';
import { createRegistryClient } from '../../../src/clients/registry/http-client.ts';
import type { DeployPlan } from '../../../src/core/model/plan.ts';
import { assessPreflight, decidePreflight } from '../../../src/core/preflight/assess-preflight.ts';
import { type ApiServer, startApiServer } from '../../../src/sandbox/cluster/api/server.ts';
import { type Registry, startRegistry } from '../../../src/sandbox/registry/server.ts';
import { freeAddress, startTinyServer, type TinyServer } from '../../clients/http/tiny-server.ts';
import { digestOf, pushImage } from '../../clients/registry/push-image.ts';
import { deployment, route, service } from '../../core/preflight/facts-of-a-sound-service.ts';
import { activityContext, runActivity } from '../activity-context.ts';
import { planWith } from '../build/plan.ts';

let folder: string;
let api: ApiServer;
let registry: Registry;
let router: TinyServer;
let image: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mainstay-preflight-'));
  api = await startApiServer({ namespaces: ['crm'] });
  registry = await startRegistry({ stateDir: folder });
  router = await startTinyServer((_, response) =>
    response.end('router_backend_weight{backend="crm-api",route="crm"} 100\n'),
  );
  image = `${registry.host}/crm-api@${await pushImage(registry.url, 'crm-api', 'v1.4.2')}`;
  await useCluster(api.url);
  await apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'crm-api', namespace: 'crm' },
    data: { CRM_REGION: 'eu' },
  });
  const data = { CRM_API_TOKEN: Buffer.from('top-secret-value').toString('base64') };
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'crm-api', namespace: 'crm' }, data });
  await apply(service);
  const selector = { matchLabels: deployment.spec.template.metadata?.labels };
  const made = await apply({ ...deployment, spec: { ...deployment.spec, selector } });
  await putStatus('Deployment', made, { ...deployment.status, observedGeneration: made.metadata.generation });
  const madeRoute = await apply({
    ...route,
    spec: { ...route.spec, parentRefs: [{ name: 'gateway' }] },
  });
  const condition = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: '',
    lastTransitionTime: '2026-11-20T12:00:00Z',
  };
  const conditions = [{ ...condition, observedGeneration: madeRoute.metadata.generation }];
  const parents = [{ parentRef: { name: 'gateway' }, controllerName: 'example.com/gateway', conditions }];
  await putStatus('HTTPRoute', madeRoute, { parents });
});
afterEach(async () => {
  await Promise.all([api.close(), registry.close(), router.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function useCluster(server: string): Promise<void> {
  const config = {
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  };
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config));
}

function client() {
  return createKubernetesClients()({ kubeconfig: join(folder, 'kubeconfig') });
}

async function apply(object: KubernetesObject): Promise<KubernetesObject> {
  const { resourceVersion: _r, generation: _g, ...metadata } = object.metadata;
  return client().create({ ...object, metadata });
}

async function putStatus(kind: KindName, object: KubernetesObject, status: unknown): Promise<void> {
  const { group, version, plural } = KINDS[kind];
  const url = `${api.url}/apis/${group}/${version}/namespaces/crm/${plural}/${object.metadata.name}/status`;
  const reply = await fetch(url, {
    method: 'PUT',
    body: JSON.stringify({ ...object, status }),
    headers: { 'content-type': 'application/json' },
  });
  if (!reply.ok) throw new Error(`status of ${kind}: ${reply.status} ${await reply.text()}`);
}

function plan(changes: Partial<DeployPlan> = {}): DeployPlan {
  return planWith(
    { kind: 'image', repository: `${registry.host}/crm-api` },
    {
      workload: {
        cluster: { kubeconfig: join(folder, 'kubeconfig') },
        namespace: 'crm',
        deployment: 'crm-api',
        container: 'app',
      },
      traffic: {
        kind: 'httpRoute',
        route: 'crm',
        stableService: 'crm-api',
        port: 80,
        weightMetric: {
          url: `${router.url}/metrics`,
          name: 'router_backend_weight',
          backendLabel: 'backend',
          labels: { route: 'crm' },
        },
      },
      requires: [
        { kind: 'ConfigMap', name: 'crm-api', keys: ['CRM_REGION'] },
        { kind: 'Secret', name: 'crm-api', keys: ['CRM_API_TOKEN'] },
      ],
      ...changes,
    },
  );
}

function clients() {
  const kubernetes = createKubernetesClients();
  return {
    kubernetes,
    registry: createRegistryClient(),
    metrics: createMetricsProvider({ kubernetes }),
    router: createTrafficRouter(kubernetes),
  };
}

function observe(of: DeployPlan, withinMs = 8000, ofImage: string | undefined = image) {
  const { observePreflight } = createObservePreflight({ ...clients(), withinMs });
  return runActivity(observePreflight, { plan: of, ...(ofImage !== undefined && { image: ofImage }) });
}

describe('observePreflight', () => {
  it('sees a sound service, and brings no value of a Secret home', async () => {
    const facts = await observe(plan());
    const results = assessPreflight(facts, plan(), Date.now());
    expect(results.filter((each) => each.result !== 'pass')).toEqual([]);
    expect(facts.config[1]).toMatchObject({ kind: 'Secret', found: { seen: 'present', keys: ['CRM_API_TOKEN'] } });
    const text = JSON.stringify(facts);
    expect(text).not.toContain('top-secret-value');
    expect(text).not.toContain(Buffer.from('top-secret-value').toString('base64'));
    expect(text.length).toBeLessThan(10_000);
  });

  it('sees what is missing', async () => {
    const facts = await observe(
      plan({
        requires: [{ kind: 'Secret', name: 'nobody', keys: ['A'] }],
        workload: { ...plan().workload, deployment: 'other' },
      }),
      8000,
      `${registry.host}/crm-api@${digestOf('other')}`,
    );
    expect(facts.deployment).toEqual({ seen: 'missing' });
    expect(facts.config[0]?.found).toEqual({ seen: 'missing' });
    expect(facts.image.found).toEqual({ seen: 'missing' });
    expect(facts.route.seen).toBe('present');
  });

  it('asks before a build whether the registry answers', async () => {
    const { observePreflight } = createObservePreflight({
      ...clients(),
    });
    const facts = await runActivity(observePreflight, { plan: plan() });
    expect(facts.image).toEqual({ of: 'registry', repository: `${registry.host}/crm-api`, found: { seen: 'missing' } });
    expect(assessPreflight(facts, plan(), Date.now())[0]).toMatchObject({ name: 'image', result: 'pass' });
  });

  it('sees a right that is denied', async () => {
    api.faults.add({ verb: 'update', resource: 'httproutes', deny: true });
    const results = assessPreflight(await observe(plan()), plan(), Date.now());
    expect(results.find((each) => each.name === 'rights')).toMatchObject({
      result: 'fail',
      reason: expect.stringContaining('may not update HTTPRoute'),
    });
    expect(results.filter((each) => each.result !== 'pass')).toHaveLength(1);
  });

  it('asks again when a server fails in passing', async () => {
    api.faults.add({ verb: 'get', resource: 'deployments', status: 500, count: 2 });
    const results = assessPreflight(await observe(plan()), plan(), Date.now());
    expect(results.filter((each) => each.result !== 'pass')).toEqual([]);
  });

  it('says of each part why it could not be seen, and throws nothing', async () => {
    const dead = await freeAddress();
    await useCluster(`http://${dead}`);
    registry.faults.set({ kind: 'unavailable' });
    await router.close();
    const facts = await observe(plan());
    const results = assessPreflight(facts, plan(), Date.now());
    const unseen = results.filter((each) => each.result === 'could-not-check').map((each) => each.name);
    expect(unseen).toEqual(['image', 'config', 'rights', 'stableHealthy', 'router', 'selector', 'history']);
    const decision = decidePreflight(results);
    expect(decision).toMatchObject({ go: false, reason: expect.stringContaining(`server http://${dead}`) });
  });

  it('ends in its time when servers hang', async () => {
    api.faults.add({ delayMs: 5000 });
    registry.faults.set({ kind: 'delay', delayMs: 5000 });
    router.answer(() => {});
    const startedMs = Date.now();
    const facts = await observe(plan(), 300);
    expect(Date.now() - startedMs).toBeLessThan(2500);
    expect(facts.deployment).toEqual({ seen: 'unknown', problem: 'Deployment crm/crm-api: no answer within 0.3 s' });
    expect(facts.image.found).toMatchObject({ seen: 'unknown' });
    expect(facts.weightMetric).toMatchObject({ seen: 'unknown' });
  });

  it('is cancelled when it is asked to', async () => {
    api.faults.add({ delayMs: 3000 });
    const context = activityContext();
    const { observePreflight } = createObservePreflight({
      ...clients(),
    });
    const running = runActivity(observePreflight, { plan: plan(), image }, context);
    context.cancel();
    await expect(running).rejects.toBeInstanceOf(CancelledFailure);
  });
});
