import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCode } from '../../../../src/sandbox/cluster/kube/kube-client.ts';
import { RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { isMissing } from '../../../harness/tools.ts';
import { deploymentNamed, NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';
import { type FakeNode, startFakeNode } from './fake-node.ts';

let cluster: TestCluster;
let node: FakeNode;

beforeAll(async () => {
  cluster = await startTestCluster();
  node = await startFakeNode(cluster.kubeConfig);
  cluster.onClose(() => node.close());
});
afterAll(() => cluster?.close());

async function setImage(name: string, image: string): Promise<void> {
  const [container] = (await cluster.deployment(name)).spec?.template.spec?.containers ?? [];
  const spec = { template: { spec: { containers: [{ ...container, image }] } } };
  await cluster.client.mergePatch({ resource: RESOURCES.deployments, namespace: NAMESPACE, name }, { spec });
}

async function condition(name: string, type: string) {
  const deployment = await cluster.deployment(name);
  return deployment.status?.conditions?.find((one) => one.type === type);
}

async function complete(name: string, replicas: number): Promise<void> {
  await eventually(async () => {
    const { metadata, status } = await cluster.deployment(name);
    expect(status).toMatchObject({ replicas, updatedReplicas: replicas, availableReplicas: replicas });
    expect(status?.observedGeneration).toBe(metadata?.generation);
    expect(await condition(name, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
    expect(await condition(name, 'Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' });
  });
}

describe('Deployment controller', () => {
  it('brings up a Deployment within a second of its Pods being ready, with revision 1 on both', async () => {
    const startedMs = Date.now();
    await cluster.create(RESOURCES.deployments, deploymentNamed('first', { replicas: 3 }));
    await complete('first', 3);
    expect(Date.now() - startedMs).toBeLessThan(3000);
    const [set, ...others] = await cluster.replicaSets('first');
    expect(others).toEqual([]);
    expect(set?.metadata?.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' });
    expect(set?.metadata?.labels?.['pod-template-hash']).toMatch(/^[a-z0-9]{10}$/);
    expect((await cluster.deployment('first')).metadata?.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '1',
    });
  });

  it('rests when nothing changes: no object is written', async () => {
    await cluster.create(RESOURCES.deployments, deploymentNamed('calm', { replicas: 2 }));
    await complete('calm', 2);
    const versions = async () => {
      const objects = [
        await cluster.deployment('calm'),
        ...(await cluster.replicaSets('calm')),
        ...(await cluster.pods({ app: 'calm' })),
      ];
      return objects.map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`).sort();
    };
    const before = await versions();
    // A watch that ends makes every controller look again.
    cluster.api.endWatches();
    await setImage('calm', 'any:1');
    const probe = await cluster.create(RESOURCES.deployments, deploymentNamed('calm-probe', { replicas: 1 }));
    expect(probe.metadata?.name).toBe('calm-probe');
    await complete('calm-probe', 1);
    expect(await versions()).toEqual(before);
  });

  it('keeps the promised availability and never exceeds the surge in a rolling update', async () => {
    node.readyAfterMs = () => 20 + Math.random() * 60;
    const strategy = { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } };
    await cluster.create(RESOURCES.deployments, deploymentNamed('roll', { replicas: 8, strategy }));
    await complete('roll', 8);
    await setImage('roll', 'any:2');
    const seen: { available: number; asked: number }[] = [];
    await eventually(
      async () => {
        const pods = await cluster.pods({ app: 'roll' });
        const alive = pods.filter(({ metadata }) => !metadata?.deletionTimestamp);
        const ready = alive.filter(({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
        );
        seen.push({ available: ready.length, asked: alive.length });
        const { status, metadata } = await cluster.deployment('roll');
        const observedGeneration = metadata?.generation;
        expect(status).toMatchObject({ replicas: 8, updatedReplicas: 8, availableReplicas: 8, observedGeneration });
      },
      15_000,
      5,
    );
    node.readyAfterMs = () => 0;
    expect(Math.min(...seen.map(({ available }) => available))).toBeGreaterThanOrEqual(6);
    expect(Math.max(...seen.map(({ asked }) => asked))).toBeLessThanOrEqual(10);
    expect(seen.length).toBeGreaterThan(10);
    const sets = await cluster.replicaSets('roll');
    const sizes = sets.map(({ spec, metadata }) => [
      metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? '',
      spec?.replicas,
    ]);
    expect(Object.fromEntries(sizes)).toEqual({ 1: 0, 2: 8 });
  });

  it('reports a rollout that does not get on, and the undo of it', async () => {
    const spec = { progressDeadlineSeconds: 2 };
    node.readyAfterMs = (pod) => (pod.spec?.containers?.[0]?.image === 'broken:1' ? undefined : 0);
    await cluster.create(RESOURCES.deployments, deploymentNamed('stuck', { replicas: 2, spec }));
    await complete('stuck', 2);
    await setImage('stuck', 'broken:1');
    await eventually(async () => {
      expect(await condition('stuck', 'Progressing')).toMatchObject({
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
      });
    });
    expect((await cluster.deployment('stuck')).status).toMatchObject({ updatedReplicas: 1, availableReplicas: 2 });
    await setImage('stuck', 'any:1');
    await complete('stuck', 2);
    const revisions = (await cluster.replicaSets('stuck')).map(
      ({ metadata }) => metadata?.annotations?.['deployment.kubernetes.io/revision'],
    );
    expect(new Set(revisions)).toEqual(new Set(['2', '3']));
    node.readyAfterMs = () => 0;
  });

  it('replaces all at once under Recreate: no two templates at the same time', async () => {
    await cluster.create(
      RESOURCES.deployments,
      deploymentNamed('anew', { replicas: 3, strategy: { type: 'Recreate' } }),
    );
    await complete('anew', 3);
    await setImage('anew', 'any:2');
    await eventually(
      async () => {
        const images = new Set((await cluster.pods({ app: 'anew' })).map(({ spec }) => spec?.containers[0]?.image));
        expect(images.size).toBeLessThan(2);
        const { status } = await cluster.deployment('anew');
        if (images.has('any:2') && status?.availableReplicas === 3 && status.updatedReplicas === 3) return;
        throw new Error('not yet');
      },
      10_000,
      5,
    );
    await complete('anew', 3);
  });

  it('scales, pauses and trims its history', async () => {
    const at = { resource: RESOURCES.deployments, namespace: NAMESPACE, name: 'trim' };
    await cluster.create(
      RESOURCES.deployments,
      deploymentNamed('trim', { replicas: 1, spec: { revisionHistoryLimit: 1 } }),
    );
    await complete('trim', 1);
    await cluster.client.mergePatch(at, { spec: { replicas: 4 } });
    await complete('trim', 4);
    expect(await cluster.replicaSets('trim')).toHaveLength(1);
    await cluster.client.mergePatch(at, { spec: { paused: true } });
    await setImage('trim', 'any:2');
    await cluster.client.mergePatch(at, { spec: { replicas: 2 } });
    await eventually(async () => {
      expect(await condition('trim', 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
      expect((await cluster.deployment('trim')).status).toMatchObject({ replicas: 2, availableReplicas: 2 });
    });
    expect(await cluster.replicaSets('trim')).toHaveLength(1);
    await cluster.client.mergePatch(at, { spec: { paused: false } });
    await complete('trim', 2);
    await setImage('trim', 'any:3');
    await complete('trim', 2);
    await eventually(async () => expect(await cluster.replicaSets('trim')).toHaveLength(2));
  });

  it('scales in the middle of a rollout without ending it', async () => {
    const at = { resource: RESOURCES.deployments, namespace: NAMESPACE, name: 'midway' };
    node.readyAfterMs = (pod) => (pod.spec?.containers?.[0]?.image === 'any:2' ? undefined : 0);
    const strategy = { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } };
    await cluster.create(RESOURCES.deployments, deploymentNamed('midway', { replicas: 4, strategy }));
    await complete('midway', 4);
    await setImage('midway', 'any:2');
    await eventually(async () => expect((await cluster.deployment('midway')).status?.updatedReplicas).toBe(2));
    await cluster.client.mergePatch(at, { spec: { replicas: 8 } });
    await eventually(async () => {
      const sizes = (await cluster.replicaSets('midway')).map(({ spec }) => spec?.replicas ?? 0);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(2);
    });
    node.readyAfterMs = () => 0;
    for (const { metadata } of await cluster.pods({ app: 'midway' })) {
      const { name } = metadata ?? {};
      const pod = { resource: RESOURCES.pods, namespace: NAMESPACE, name };
      // A nudge makes the next Pods ready, and then this one may be one too many.
      await cluster.client.mergePatch(pod, { metadata: { annotations: { nudge: '1' } } }).catch((error: unknown) => {
        if (!hasCode(error, 404)) throw error;
      });
    }
    await complete('midway', 8);
  });

  it('makes another set when the name is taken by a foreign template', async () => {
    const probe = deploymentNamed('collide', { replicas: 1 });
    await cluster.create(RESOURCES.deployments, probe);
    await complete('collide', 1);
    const [set] = await cluster.replicaSets('collide');
    await cluster.client.remove({ resource: RESOURCES.deployments, namespace: NAMESPACE, name: 'collide' });
    await eventually(async () => expect(await cluster.replicaSets('collide')).toEqual([]));
    const foreign = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: set?.metadata?.name, namespace: NAMESPACE },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'foreign' } },
        template: { metadata: { labels: { app: 'foreign' } }, spec: { containers: [{ name: 'x', image: 'y' }] } },
      },
    };
    await cluster.create(RESOURCES.replicaSets, foreign);
    await cluster.create(RESOURCES.deployments, probe);
    await complete('collide', 1);
    expect((await cluster.deployment('collide')).status?.collisionCount).toBe(1);
  });
});

describe.skipIf(isMissing('kubectl'))('Deployment controller under kubectl', () => {
  it('follows rollout status, restart, history and undo', async () => {
    await cluster.create(RESOURCES.deployments, deploymentNamed('hand', { replicas: 2 }));
    expect(await cluster.kubectl('rollout', 'status', 'deployment/hand', '--timeout=10s')).toContain(
      'successfully rolled out',
    );
    await cluster.kubectl('set', 'image', 'deployment/hand', 'app=any:2');
    expect(await cluster.kubectl('rollout', 'status', 'deployment/hand', '--timeout=10s')).toContain(
      'successfully rolled out',
    );
    const history = await cluster.kubectl('rollout', 'history', 'deployment/hand');
    expect(history.match(/^\d+/gm)).toEqual(['1', '2']);
    await cluster.kubectl('rollout', 'undo', 'deployment/hand');
    await cluster.kubectl('rollout', 'status', 'deployment/hand', '--timeout=10s');
    expect((await cluster.deployment('hand')).spec?.template.spec?.containers[0]?.image).toBe('any:1');
    await complete('hand', 2);
    expect(await cluster.replicaSets('hand')).toHaveLength(2);
    expect((await cluster.kubectl('rollout', 'history', 'deployment/hand')).match(/^\d+/gm)).toEqual(['2', '3']);
    const before = new Set((await cluster.pods({ app: 'hand' })).map(({ metadata }) => metadata?.uid));
    await cluster.kubectl('rollout', 'restart', 'deployment/hand');
    await cluster.kubectl('rollout', 'status', 'deployment/hand', '--timeout=10s');
    await eventually(async () => {
      const after = await cluster.pods({ app: 'hand' });
      expect(after).toHaveLength(2);
      expect(after.some(({ metadata }) => before.has(metadata?.uid))).toBe(false);
    });
    await cluster.kubectl('rollout', 'undo', 'deployment/hand', '--to-revision=2');
    await cluster.kubectl('rollout', 'status', 'deployment/hand', '--timeout=10s');
    expect((await cluster.deployment('hand')).spec?.template.spec?.containers[0]?.image).toBe('any:2');
  });
});
