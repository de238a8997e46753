/** The manual escape against a real API: Temporal is away, and everything is read from the cluster. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesClients } from '../../src/clients/kubernetes/http-client.ts';
import type { KubernetesClient, KubernetesObject } from '../../src/clients/kubernetes/port.ts';
import type { HttpRoute } from '../../src/core/rollout/route.ts';
import { KINDS } from '../../src/sandbox/cluster/api/kinds/index.ts';
import { type ApiServer, startApiServer } from '../../src/sandbox/cluster/api/server.ts';
import { CommandError } from '../../src/starters/command-error.ts';
import { type ResetOptions, type ResetQuestions, resetTraffic } from '../../src/starters/traffic.ts';
import { writeKubeconfig } from '../clients/kubernetes/kubeconfig.ts';
import { page } from '../harness/command-line.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/crm/mainstay.yaml', import.meta.url));
const TARGET = { service: 'crm-api', environment: 'demo' };
const CANARY = 'crm-api-canary-17';
const CLUSTER = { namespace: 'crm' } as const;
const AWAY = 'no Temporal server answers at 127.0.0.1:9';

describe('traffic reset', () => {
  let api: ApiServer;
  let client: KubernetesClient;
  let folder: string;
  const kept = { ...process.env };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-reset-'));
    const catalogue = readFileSync(EXAMPLE, 'utf8').replaceAll('context: sandbox', 'context: here');
    await writeFile(join(folder, 'mainstay.yaml'), catalogue);
  });
  beforeEach(async () => {
    api = await startApiServer({ namespaces: ['crm'] });
    const kubeconfig = await writeKubeconfig(folder, api.url);
    client = createKubernetesClients({ callTimeoutMs: 2000 })({ kubeconfig });
    // Nobody listens on port 9: Temporal is away. The data plane's own metrics are, too.
    const settings = {
      MAINSTAY_CONFIG: join(folder, 'mainstay.yaml'),
      KUBECONFIG: kubeconfig,
      TEMPORAL_ADDRESS: '127.0.0.1:9',
    };
    Object.assign(process.env, settings);
    delete process.env.MAINSTAY_SANDBOX_ROUTER_ADMIN;
    return () => api.close();
  });
  afterAll(async () => {
    for (const name of ['MAINSTAY_CONFIG', 'KUBECONFIG', 'TEMPORAL_ADDRESS']) {
      if (kept[name] === undefined) delete process.env[name];
      else process.env[name] = kept[name];
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** As a person would type it, with answers at once: a server that is away takes its 5 s. */
  async function reset(
    options: ResetOptions = {},
    questions: Partial<ResetQuestions> = {},
  ): Promise<{ code: number | CommandError; text: string }> {
    const output = page();
    const answers: ResetQuestions = {
      findOwner: async () => ({ seen: 'away', why: AWAY }),
      ask: async () => {},
      ...questions,
    };
    const code = await resetTraffic(TARGET, { by: 'release-manager', ...options }, output, answers).catch(
      (error: unknown) => {
        if (error instanceof CommandError) return error;
        throw error;
      },
    );
    return { code, text: output.text };
  }

  async function backends(): Promise<unknown> {
    const route = (await client.get({ kind: 'HTTPRoute', name: 'crm-api', ...CLUSTER })) as unknown as HttpRoute;
    return route.spec.rules?.[0]?.backendRefs?.map(({ name, weight }) => `${name} ${weight}`);
  }

  async function stampOf(kind: 'Deployment' | 'HTTPRoute', name = 'crm-api'): Promise<string | undefined> {
    const annotations = (await client.get({ kind, name, ...CLUSTER }))?.metadata.annotations ?? {};
    return annotations[kind === 'HTTPRoute' ? 'mainstay.dev/fence-crm-api' : 'mainstay.dev/fence'];
  }

  it('gives everything back to stable, raises every stamp, and takes the canary away when asked', async () => {
    await interrupted(api, client, { stable: 2, canary: 1 });
    acceptRoutes(api);
    const looked = await reset({ dryRun: true });
    expect(looked.text).toContain('will send crm-api 100');
    expect(looked.text).toContain('last written by deploy/demo/crm-api/1');
    expect(await backends()).toEqual(['crm-api 90', `${CANARY} 10`]);
    const { code, text } = await reset({ removeCanary: true });
    expect([code, text]).toEqual([0, expect.stringContaining('done: the stable version gets all traffic')]);
    expect(text).toContain(`Temporal: ${AWAY}; going by the cluster alone`);
    expect(await backends()).toEqual(['crm-api 100']);
    expect([await stampOf('Deployment'), await stampOf('HTTPRoute')]).toEqual(['18/1', '18/1']);
    expect(await client.get({ kind: 'Deployment', name: CANARY, ...CLUSTER })).toBeUndefined();
    expect(await client.get({ kind: 'Service', name: CANARY, ...CLUSTER })).toBeUndefined();
    expect((await reset()).text).toContain('nothing to do');
  });

  it('refuses to send it to nothing; with --to canary the one that answers gets it', async () => {
    await interrupted(api, client, { stable: 0, canary: 1 });
    acceptRoutes(api);
    const { code } = await reset();
    expect(code).toMatchObject({ exit: 'resetRefused', message: expect.stringContaining('no ready pod (0 of 2)') });
    expect(String((code as CommandError).advice)).toContain('add --to canary');
    expect(await backends()).toEqual(['crm-api 90', `${CANARY} 10`]);
    const other = await reset({ to: 'canary', removeCanary: true });
    expect([other.code, other.text]).toEqual([0, expect.stringContaining('done: the canary gets all traffic')]);
    expect(await backends()).toEqual(['crm-api 0', `${CANARY} 100`]);
    expect(await stampOf('Deployment', CANARY)).toBe('18/1');
  });

  it.each(['Deployment', 'HTTPRoute'] as const)(
    'writes nothing when someone wrote the %s since it was shown',
    async (kind) => {
      await interrupted(api, client, { stable: 2, canary: 1 });
      const before = await backends();
      const ask = async (): Promise<void> => {
        const found = await client.get({ kind, name: 'crm-api', ...CLUSTER });
        if (!found) throw new Error('not there');
        const key = kind === 'HTTPRoute' ? 'mainstay.dev/fence-crm-api' : 'mainstay.dev/fence';
        const annotations = { ...found.metadata.annotations, [key]: '19/1' };
        await client.replace({ ...found, metadata: { ...found.metadata, annotations } });
      };
      const { code } = await reset({}, { ask });
      expect(code).toMatchObject({ exit: 'resetRefused', message: expect.stringContaining('someone writes to it') });
      expect([await stampOf(kind), await backends()]).toEqual(['19/1', before]);
    },
  );

  it('gets along with writes that change nothing of ours, and with a reply that is lost', async () => {
    await interrupted(api, client, { stable: 2, canary: 1 });
    acceptRoutes(api);
    api.faults.add({ verb: 'update', resource: 'httproutes', dropReply: true, count: 1 });
    expect((await reset()).code).toBe(0);
    expect(await backends()).toEqual(['crm-api 100']);
  });

  it('asks for --force while an operation owns the service, and tells the better way', async () => {
    await interrupted(api, client, { stable: 2, canary: 1 });
    acceptRoutes(api);
    const findOwner = async () => ({ seen: 'owned', workflowId: 'deploy/demo/crm-api/1', polls: true }) as const;
    const { code } = await reset({}, { findOwner });
    expect(code).toMatchObject({ exit: 'busy', message: expect.stringContaining('deploy/demo/crm-api/1 owns') });
    expect(String((code as CommandError).advice)).toContain('mainstay abort --id deploy/demo/crm-api/1');
    expect(await backends()).toEqual(['crm-api 90', `${CANARY} 10`]);
    expect((await reset({ force: true }, { findOwner })).code).toBe(0);
    expect(await backends()).toEqual(['crm-api 100']);
  });

  it('says what is missing: nobody to ask, no such service, no cluster', async () => {
    await interrupted(api, client, { stable: 2, canary: 1 });
    const unasked = await resetTraffic(TARGET, {}, page()).catch((error: unknown) => error);
    expect(unasked).toMatchObject({ exit: 'usage', message: expect.stringContaining('--yes') });
    expect(await backends()).toEqual(['crm-api 90', `${CANARY} 10`]);
    const unknown = await resetTraffic({ service: 'crm-ap', environment: 'demo' }, { yes: true }, page()).catch(
      (error: unknown) => error,
    );
    expect(unknown).toMatchObject({ exit: 'badInput' });
    expect(JSON.stringify(unknown)).toContain('crm-api');
    await api.close();
    expect((await reset()).code).toMatchObject({ exit: 'unavailable' });
  });
});

/** What a deployment leaves that was killed at 10 %, with these many ready pods. */
async function interrupted(
  api: ApiServer,
  client: KubernetesClient,
  ready: { stable: number; canary: number },
): Promise<void> {
  const marks = { 'mainstay.dev/fence': '17/4', 'mainstay.dev/operation': 'deploy/demo/crm-api/1' };
  const stable = { app: 'crm-api', 'mainstay.dev/track': 'stable' };
  const canary = { app: 'crm-api', 'mainstay.dev/track': 'canary-17' };
  const ours = { 'mainstay.dev/service': 'crm-api', 'app.kubernetes.io/managed-by': 'mainstay' };
  const objects: KubernetesObject[] = [
    deployment('crm-api', stable, 2, {}, marks),
    deployment(CANARY, canary, 1, ours, marks),
    service('crm-api', stable, {}),
    service(CANARY, canary, ours),
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'crm-api', namespace: 'crm', annotations: { 'mainstay.dev/fence-crm-api': '17/6' } },
      spec: {
        parentRefs: [{ name: 'edge' }],
        rules: [
          {
            backendRefs: [
              { name: 'crm-api', port: 80, weight: 90 },
              { name: CANARY, port: 80, weight: 10 },
            ],
          },
        ],
      },
    },
  ];
  for (const object of objects) await client.create(object);
  for (let index = 0; index < 2; index += 1) await pod(api, client, `crm-api-${index}`, stable, index < ready.stable);
  await pod(api, client, `${CANARY}-0`, canary, ready.canary > 0);
}

type Labels = Readonly<Record<string, string>>;

function template(labels: Labels) {
  return { metadata: { labels }, spec: { containers: [{ name: 'api', image: 'registry.example.com/crm-api:v1' }] } };
}

function deployment(
  name: string,
  labels: Labels,
  replicas: number,
  own: Labels,
  annotations: Labels,
): KubernetesObject {
  const spec = { replicas, selector: { matchLabels: labels }, template: template(labels) };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'crm', labels: own, annotations },
    spec,
  };
}

function service(name: string, selector: Labels, labels: Labels): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'crm', labels },
    spec: { selector, ports: [{ port: 80 }] },
  };
}

/** Status is a subresource: no node agent is here to write it. */
async function pod(
  api: ApiServer,
  client: KubernetesClient,
  name: string,
  labels: Labels,
  ready: boolean,
): Promise<void> {
  const { spec } = template(labels);
  await client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'crm', labels }, spec });
  const row = KINDS.find(({ plural }) => plural === 'pods');
  const made = row && api.store.get(row, 'crm', name);
  if (!row || !made) throw new Error(`pod ${name} was not made`);
  api.store.put(row, { ...made, status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } });
}

/** The gateway takes every write up, after a while. */
function acceptRoutes(api: ApiServer, afterMs = 5): void {
  api.store.subscribe(({ type, kind, object }) => {
    if (type === 'DELETED' || kind.plural !== 'httproutes') return;
    setTimeout(() => {
      const now = api.store.get(kind, object.metadata.namespace, object.metadata.name ?? '');
      if (!now) return;
      const said = { reason: 'Accepted', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
      const condition = { type: 'Accepted', status: 'True', observedGeneration: now.metadata.generation ?? 1, ...said };
      const parent = { controllerName: 'example.com/gateway', parentRef: { name: 'edge' }, conditions: [condition] };
      const status = { parents: [parent] };
      if (JSON.stringify(now.status) !== JSON.stringify(status)) api.store.put(kind, { ...now, status });
    }, afterMs);
  });
}
