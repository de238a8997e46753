import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import type { NodeAgent } from '../../../../src/sandbox/cluster/node/start-node-agent.ts';
import { isMissing, requireTool } from '../../../harness/tools.ts';
import { NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';
import { get, podNamed, podWhere, readyPod } from './node-fixture.ts';
import { pushTinyImage, type TinyImage } from './tiny-image.ts';

let cluster: TestCluster;
let agent: NodeAgent;
let image: TinyImage;

beforeAll(async () => {
  cluster = await startTestCluster();
  image = await pushTinyImage(cluster.registry.host, 'v1');
  agent = await cluster.startAgent({ crashBackoffBaseMs: 200, probePeriodScale: 0.1 });
});
afterAll(() => cluster?.close());

const start = (name: string, shape: Partial<Parameters<typeof podNamed>[1]> = {}) =>
  cluster.create(RESOURCES.pods, podNamed(name, { image: image.reference, ...shape }));

const environment = async (name: string) =>
  (await (await get(await readyPod(cluster, name), '/env')).json()) as Record<string, string> & { argv: string[] };

const configMap = (name: string, data: Record<string, string>) =>
  cluster.create(RESOURCES.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: NAMESPACE },
    data,
  });

const secret = (name: string, data: Record<string, string>) => {
  const encoded = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return cluster.create(RESOURCES.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: NAMESPACE },
    data: encoded,
  });
};

describe('the environment of a container', () => {
  it('comes from image, ConfigMaps, Secrets, fields and the sandbox contract', async () => {
    await configMap('settings', { MODE: '', COLOUR: 'blue', 'odd.key': 'left out' });
    await secret('keys', { token: 's3cret' });
    const env = [
      { name: 'VERSION', value: 'v1-$(COLOUR)-$$(COLOUR)' },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'SHADE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'COLOUR' } } },
      { name: 'ABSENT', valueFrom: { configMapKeyRef: { name: 'none', key: 'x', optional: true } } },
      { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'TIER', valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } },
      { name: 'MY_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ];
    const envFrom = [{ configMapRef: { name: 'settings' } }, { prefix: 'KEY_', secretRef: { name: 'keys' } }];
    const ports = [{ containerPort: 8080 }, { containerPort: 9090 }];
    await start('furnished', {
      container: { env, envFrom, ports, args: ['--colour=$(COLOUR)'] },
      labels: { tier: 'gold' },
    });
    const pod = await readyPod(cluster, 'furnished');
    const seen = await environment('furnished');
    const dial = JSON.parse(pod.metadata?.annotations?.['sandbox.mainstay.dev/dial'] ?? '{}');
    expect(seen).toMatchObject({
      VERSION: 'v1-blue-$(COLOUR)',
      TOKEN: 's3cret',
      KEY_token: 's3cret',
      SHADE: 'blue',
      ME: 'furnished',
      TIER: 'gold',
      MY_IP: pod.status?.podIP,
      POD_NAME: 'furnished',
      POD_NAMESPACE: NAMESPACE,
      PORT: dial[8080].split(':')[1],
      PORT_8080: dial[8080].split(':')[1],
      PORT_9090: dial[9090].split(':')[1],
      SANDBOX_FAULT_FILE: expect.stringContaining('fault.json'),
      argv: ['--colour=blue'],
    });
    expect(seen.cwd).toMatch(/\/root\/app$/);
    expect(seen).not.toHaveProperty('ABSENT');
    expect(seen).not.toHaveProperty(['odd.key']);
    // Nothing of the machine's environment but the search path.
    expect(seen).not.toHaveProperty('USER');
    expect(seen).not.toHaveProperty('MAINSTAY_KUBECTL');
  });

  it.each([
    { name: 'no-map', env: { configMapKeyRef: { name: 'late', key: 'x' } }, says: /configmap "late" not found/ },
    { name: 'no-secret', env: { secretKeyRef: { name: 'late', key: 'x' } }, says: /secret "late" not found/ },
    {
      name: 'no-key',
      env: { configMapKeyRef: { name: 'partial', key: 'x' } },
      says: /couldn't find key x in ConfigMap crm\/partial/,
    },
  ])('is awaited when it cannot be had ($name)', async ({ name, env, says }) => {
    if (name === 'no-key') await configMap('partial', {});
    await start(name, { container: { env: [{ name: 'X', valueFrom: env }] } });
    await podWhere(cluster, name, ({ state }) => {
      expect(state?.waiting).toMatchObject({
        reason: 'CreateContainerConfigError',
        message: expect.stringMatching(says),
      });
    });
    expect((await cluster.pod(name)).status?.phase).toBe('Pending');
  });

  it('is taken up as soon as it is there', async () => {
    await configMap('late', { x: 'now' });
    await secret('late', { x: 'now' });
    expect((await environment('no-map')).X).toBe('now');
    expect((await environment('no-secret')).X).toBe('now');
  });
});

describe('the image of a container', () => {
  it('is awaited while the registry is away, and says so', async () => {
    const fresh = await pushTinyImage(cluster.registry.host, 'v2');
    cluster.registry.faults.set({ kind: 'unavailable' });
    const reasons = new Set<string>();
    await start('waiting', { image: fresh.reference });
    try {
      await podWhere(cluster, 'waiting', ({ state }) => {
        reasons.add(state?.waiting?.reason ?? '');
        expect(reasons).toContain('ErrImagePull');
        expect(state?.waiting).toMatchObject({
          reason: 'ImagePullBackOff',
          message: expect.stringMatching(/Back-off pulling image .*503/),
        });
      });
    } finally {
      cluster.registry.faults.clear();
    }
    await readyPod(cluster, 'waiting');
  });

  it.each([
    { name: 'unknown-tag', image: 'tiny:none', reason: /ErrImagePull|ImagePullBackOff/, says: /manifests\/none: 404/ },
    { name: 'bad-name', image: 'Not A Name', reason: /InvalidImageName/, says: /expected \[host\/\]repository/ },
  ])('is refused when it is no image ($name)', async ({ name, image: wrong, reason, says }) => {
    await start(name, { image: wrong });
    await podWhere(cluster, name, ({ state }) => {
      expect(state?.waiting?.reason).toMatch(reason);
      expect(state?.waiting?.message).toMatch(says);
    });
  });

  it('runs by tag, and reports the digest', async () => {
    await start('by-tag', { image: 'tiny:v1' });
    const pod = await readyPod(cluster, 'by-tag');
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({ image: 'tiny:v1', imageID: image.reference });
  });
});

describe('faults of the service', () => {
  const fault = async (name: string) => JSON.parse(await (await get(await cluster.pod(name), '/fault')).text());

  it('reach the Pods they are meant for, now and later, until they are cleared', async () => {
    await start('healthy', { labels: { track: 'stable' } });
    await start('faulty', { labels: { track: 'canary' } });
    await readyPod(cluster, 'healthy');
    await readyPod(cluster, 'faulty');
    expect(await fault('faulty')).toEqual({});
    const id = agent.setFault({ namespace: NAMESPACE, labelSelector: { track: 'canary' }, fault: { errorRatio: 0.2 } });
    agent.setFault({ imageDigest: image.digest, podName: 'faulty', fault: { latencyMs: 300 } });
    agent.setFault({ imageDigest: `sha256:${'0'.repeat(64)}`, fault: { crash: true } });
    expect(await fault('faulty')).toEqual({ errorRatio: 0.2, latencyMs: 300 });
    expect(await fault('healthy')).toEqual({});
    await start('later', { labels: { track: 'canary' } });
    await readyPod(cluster, 'later');
    expect(await fault('later')).toEqual({ errorRatio: 0.2 });
    agent.clearFaults(id);
    expect(await fault('faulty')).toEqual({ latencyMs: 300 });
    expect(agent.listFaults()).toHaveLength(2);
    agent.clearFaults();
    expect(await fault('faulty')).toEqual({});
  });
});

describe('logs', () => {
  const log = async (name: string, query = '') =>
    fetch(`http://127.0.0.1:${agent.logPort}/containerLogs/${NAMESPACE}/${name}/app${query}`);
  const lines = async (name: string, query = '') => (await (await log(name, query)).text()).split('\n').slice(0, -1);

  it('hold both streams, in parts, with instants, of this run and the last', async () => {
    await start('wordy');
    const pod = await readyPod(cluster, 'wordy');
    expect((await lines('wordy')).sort()).toEqual(['listening', 'starting v1', 'to stderr']);
    await get(pod, '/log?text=one');
    await get(pod, '/log?text=two');
    await eventually(async () => expect(await lines('wordy', '?tailLines=2')).toEqual(['one', 'two']));
    expect(await lines('wordy', '?tailLines=0')).toEqual([]);
    expect((await lines('wordy', '?timestamps=true&tailLines=1'))[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z two$/);
    expect(await lines('wordy', `?sinceTime=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    expect((await lines('wordy', '?sinceSeconds=60')).length).toBe(5);
    expect(await (await log('wordy', '?limitBytes=4')).text()).toHaveLength(4);
    expect((await log('wordy', '?previous=true')).status).toBe(400);
    await get(pod, '/die');
    await podWhere(cluster, 'wordy', (status) => expect(status).toMatchObject({ restartCount: 1, ready: true }));
    expect(await lines('wordy', '?previous=true')).toContain('two');
    expect(await lines('wordy')).not.toContain('two');
  });

  it('are refused for what is not there', async () => {
    expect((await log('nobody')).status).toBe(404);
    await start('imageless', { image: 'tiny:none' });
    await eventually(async () => expect((await log('imageless')).status).toBe(400));
    expect(await (await log('imageless')).text()).toBe('container "app" in pod "imageless" is waiting to start');
  });

  it.skipIf(isMissing('kubectl'))('are followed by kubectl to the end of the container', async () => {
    await start('followed');
    const pod = await readyPod(cluster, 'followed');
    const child = spawn(requireTool('kubectl'), [
      '--kubeconfig',
      join(cluster.folder, 'kubeconfig'),
      'logs',
      '-f',
      'followed',
      '--tail=1',
    ]);
    try {
      await once(child.stdout, 'data');
      const rest = text(child.stdout);
      await get(pod, '/log?text=live');
      await get(pod, '/die');
      expect(await rest).toBe('live\n');
    } finally {
      child.kill('SIGKILL');
    }
  });
});
