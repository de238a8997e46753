import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIAL_ANNOTATION, podAddress } from '../../../../src/clients/kubernetes/pod-address.ts';
import { type KubeNode, type KubeObject, RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { type NodeAgent, startNodeAgent } from '../../../../src/sandbox/cluster/node/start-node-agent.ts';
import { isMissing } from '../../../harness/tools.ts';
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
  agent = await cluster.startAgent({ crashBackoffBaseMs: 400, probePeriodScale: 0.1 });
});
afterAll(() => cluster?.close());

const podAt = (name: string) => ({ resource: RESOURCES.pods, namespace: NAMESPACE, name });
const start = (name: string, shape: Partial<Parameters<typeof podNamed>[1]> = {}) =>
  cluster.create(RESOURCES.pods, podNamed(name, { image: image.reference, ...shape }));

const log = (name: string, container: string) =>
  fetch(`http://127.0.0.1:${agent.logPort}/containerLogs/${NAMESPACE}/${name}/${container}`);

/** The container's log from now to its end. */
const follow = (name: string) => log(name, 'app?follow=true');

async function isGone(name: string): Promise<void> {
  await eventually(() => expect(cluster.pod(name)).rejects.toThrow(/404/));
}

describe('a Pod on the node', () => {
  it('runs as a process: bound, dialled by annotation, ready within about a second', async () => {
    const startedMs = Date.now();
    await start('plain');
    const pod = await readyPod(cluster, 'plain');
    expect(Date.now() - startedMs).toBeLessThan(2500);
    expect(await (await get(pod, '/')).text()).toBe('v1');
    expect(pod.spec?.nodeName).toBe('sandbox');
    expect(pod.status).toMatchObject({
      phase: 'Running',
      hostIP: '127.0.0.1',
      podIP: expect.stringMatching(/^10\.244\./),
    });
    expect(pod.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'PodScheduled=True',
      'Initialized=True',
      'ContainersReady=True',
      'Ready=True',
    ]);
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({
      name: 'app',
      ready: true,
      started: true,
      restartCount: 0,
      imageID: image.reference,
      state: { running: { startedAt: expect.any(String) } },
    });
    const dial = JSON.parse(pod.metadata?.annotations?.[DIAL_ANNOTATION] ?? '');
    const { host, port } = podAddress(pod, 8080);
    expect(dial).toEqual({ 8080: `${host}:${port}` });
  });

  it('knows the Node that it runs on', async () => {
    const node = await cluster.client.get<KubeNode>({ resource: RESOURCES.nodes, name: 'sandbox' });
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    expect(node.status?.addresses).toContainEqual({ type: 'InternalIP', address: '127.0.0.1' });
    expect(node.status?.daemonEndpoints?.kubeletEndpoint?.Port).toBe(agent.logPort);
  });

  it('stays Pending where its nodeSelector finds no node', async () => {
    await start('elsewhere', { spec: { nodeSelector: { disk: 'fast' } } });
    await eventually(async () => {
      const pod = await cluster.pod('elsewhere');
      expect(pod.status?.conditions?.[0]).toMatchObject({
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
      });
      expect(pod.spec?.nodeName).toBeUndefined();
    });
  });

  it('gives two Pods their own addresses and ports', async () => {
    await start('twin-a');
    await start('twin-b');
    const [a, b] = [await readyPod(cluster, 'twin-a'), await readyPod(cluster, 'twin-b')];
    expect(a.status?.podIP).not.toBe(b.status?.podIP);
    expect(podAddress(a, 8080).port).not.toBe(podAddress(b, 8080).port);
  });

  it('is not ready before its probe says so, and unready again when it fails', async () => {
    await start('slow', { env: { READY_AFTER_MS: 700 } });
    await podWhere(cluster, 'slow', ({ state }) => expect(state?.running).toBeDefined());
    expect((await cluster.pod('slow')).status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [app]',
    });
    await readyPod(cluster, 'slow');
    const container = {
      readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1, failureThreshold: 2 },
    };
    await start('fading', { container });
    const pod = await readyPod(cluster, 'fading');
    await get(pod, '/sicken');
    await podWhere(cluster, 'fading', (status) => expect(status).toMatchObject({ ready: false, restartCount: 0 }));
  });

  it.each([
    { name: 'by-tcp', probe: { tcpSocket: { port: 8080 } } },
    {
      name: 'by-exec',
      probe: { exec: { command: ['node', '-e', 'process.exit(process.env.PORT ? 0 : 1)'] }, timeoutSeconds: 5 },
    },
  ])('is probed $name', async ({ name, probe }) => {
    await start(name, { container: { readinessProbe: { ...probe, periodSeconds: 1 } } });
    await readyPod(cluster, name);
  });

  it('is restarted when liveness fails', async () => {
    const livenessProbe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1, failureThreshold: 20 };
    await start('ill', { container: { livenessProbe } });
    await get(await readyPod(cluster, 'ill'), '/sicken');
    await podWhere(cluster, 'ill', (status) => {
      expect(status).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 0 } } });
    });
  });

  it('is restarted when it exits, at once the first time, at the same address', async () => {
    await start('mortal');
    const pod = await readyPod(cluster, 'mortal');
    await get(pod, '/die');
    const after = await podWhere(cluster, 'mortal', (status) => {
      expect(status).toMatchObject({
        restartCount: 1,
        ready: true,
        lastState: { terminated: { exitCode: 5, reason: 'Error' } },
      });
    });
    expect(await (await get(after, '/')).text()).toBe('v1');
    expect(after.status?.podIP).toBe(pod.status?.podIP);
  });

  it('waits longer and longer in a crash loop', async () => {
    const container = { terminationMessagePolicy: 'FallbackToLogsOnError' };
    await start('crash', { env: { MODE: 'crash' }, container });
    const waits = new Set<string>();
    await podWhere(cluster, 'crash', ({ state, lastState, restartCount }) => {
      const { reason, message } = state?.waiting ?? {};
      if (reason === 'CrashLoopBackOff') waits.add(/back-off (\S+)/.exec(message ?? '')?.[1] ?? '');
      expect(restartCount).toBeGreaterThanOrEqual(3);
      expect(lastState?.terminated).toMatchObject({
        exitCode: 3,
        reason: 'Error',
        message: expect.stringContaining('cannot start'),
      });
    });
    expect([...waits].slice(0, 2)).toEqual(['0.4s', '0.8s']);
    await eventually(async () => {
      const events = await cluster.client.list<
        KubeObject & { involvedObject: { name: string }; reason: string; count: number }
      >({
        resource: RESOURCES.events,
        namespace: NAMESPACE,
      });
      const told = events.items.filter(({ involvedObject }) => involvedObject.name === 'crash');
      const counts = new Map(told.map(({ reason, count }) => [reason, count]));
      expect(counts.get('Scheduled')).toBe(1);
      expect(counts.get('Started')).toBeGreaterThanOrEqual(4);
      expect(counts.get('BackOff')).toBeGreaterThanOrEqual(2);
    });
    expect((await cluster.pod('crash')).status?.phase).toBe('Running');
    if (!isMissing('kubectl'))
      expect(await cluster.kubectl('get', 'pods', 'crash')).toMatch(/crash +0\/1 +(CrashLoopBackOff|Error)/);
    await cluster.client.remove(podAt('crash'));
    await isGone('crash');
  });

  it('ends as its restart policy says', async () => {
    await start('once', { env: { MODE: 'done' }, spec: { restartPolicy: 'Never' } });
    await start('failing', { env: { MODE: 'crash' }, spec: { restartPolicy: 'Never' } });
    await eventually(async () => {
      expect((await cluster.pod('once')).status).toMatchObject({ phase: 'Succeeded' });
      expect((await cluster.pod('failing')).status).toMatchObject({
        phase: 'Failed',
        containerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 3 } } }],
      });
    });
  });

  it('starts containers only after init containers succeeded', async () => {
    const init = { name: 'first', image: image.reference, command: ['node', '-e', 'console.log("init done")'] };
    await start('staged', { spec: { initContainers: [init] } });
    const pod = await readyPod(cluster, 'staged');
    expect(pod.status?.initContainerStatuses?.[0]).toMatchObject({
      state: { terminated: { exitCode: 0, reason: 'Completed' } },
    });
    expect(await (await log('staged', 'first')).text()).toBe('init done\n');
  });
});

describe('the end of a Pod', () => {
  it('lets a service finish, then removes object and folder', async () => {
    await start('gentle');
    const pod = await readyPod(cluster, 'gentle');
    const folder = join(cluster.folder, 'node', 'pods', pod.metadata?.uid ?? '');
    expect(await readdir(folder)).toContain('fault.json');
    const following = await follow('gentle');
    await cluster.client.remove(podAt('gentle'));
    await isGone('gentle');
    expect(await following.text()).toContain('terminating');
    await eventually(() => expect(readdir(folder)).rejects.toThrow(/ENOENT/));
    await expect(get(pod, '/')).rejects.toThrow();
  });

  it('kills a process that does not listen when the grace is over', async () => {
    await start('stubborn', { env: { TERM: 'stubborn' }, spec: { terminationGracePeriodSeconds: 1 } });
    const pod = await readyPod(cluster, 'stubborn');
    const startedMs = Date.now();
    await cluster.client.remove(podAt('stubborn'));
    await eventually(async () => expect((await cluster.pod('stubborn')).metadata?.deletionTimestamp).toBeDefined());
    expect((await get(pod, '/')).ok).toBe(true);
    await isGone('stubborn');
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(900);
    await expect(get(pod, '/')).rejects.toThrow();
  });

  it('runs the preStop hook within the grace', async () => {
    const container = { lifecycle: { preStop: { httpGet: { path: '/log?text=hook', port: 'http' } } } };
    await start('hooked', { container });
    await readyPod(cluster, 'hooked');
    const following = await follow('hooked');
    await cluster.client.remove(podAt('hooked'));
    await isGone('hooked');
    expect(await following.text()).toMatch(/hook\nterminating\n$/);
  });

  it('ends at once when it is removed by force', async () => {
    await start('forced', { env: { TERM: 'stubborn' } });
    const pod = await readyPod(cluster, 'forced');
    await cluster.client.remove(podAt('forced'), { gracePeriodSeconds: 0 });
    await eventually(() => expect(get(pod, '/')).rejects.toThrow());
  });

  it('removes what a former agent of the same name left, and runs its replacement', async () => {
    const stateDir = join(cluster.folder, 'other');
    const options = { kubeConfig: cluster.kubeConfig, stateDir, nodeName: 'other', probePeriodScale: 0.1 };
    const first = await startNodeAgent(options);
    await start('left', { spec: { nodeName: 'other' } });
    const pod = await readyPod(cluster, 'left');
    await first.close();
    await expect(get(pod, '/')).rejects.toThrow();
    const second = await startNodeAgent(options);
    try {
      await isGone('left');
      await start('left', { spec: { nodeName: 'other' } });
      await readyPod(cluster, 'left');
    } finally {
      await second.close();
    }
  });
});
