import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deletionOrder } from '../../../../src/sandbox/cluster/controllers/replica-set-plan.ts';
import { type Pod, type ReplicaSet, RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
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

function setNamed(name: string, replicas: number, spec: object = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      ...spec,
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'any:1' }] } },
    },
  };
}

const setAt = (name: string) => ({ resource: RESOURCES.replicaSets, namespace: NAMESPACE, name });
const readSet = (name: string) => cluster.client.get<ReplicaSet>(setAt(name));

describe('ReplicaSet controller', () => {
  it('reports why Pods cannot be created, and clears the report', async () => {
    const fault = cluster.api.faults.add({ verb: 'create', resource: 'pods', status: 500 });
    await cluster.create(RESOURCES.replicaSets, setNamed('refused', 2));
    await eventually(async () => {
      const condition = (await readSet('refused')).status?.conditions?.[0];
      expect(condition).toMatchObject({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' });
    });
    cluster.api.faults.remove(fault);
    await eventually(async () => {
      const { status } = await readSet('refused');
      expect(status).toMatchObject({ readyReplicas: 2 });
      expect(status?.conditions ?? []).toEqual([]);
    });
  });

  it('adopts a matching Pod without owner, and lets go of one whose labels change', async () => {
    const orphan: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'adopt-orphan', namespace: NAMESPACE, labels: { app: 'adopt' } },
      spec: { containers: [{ name: 'app', image: 'any:1' }] },
    };
    await cluster.create(RESOURCES.pods, orphan);
    await cluster.create(RESOURCES.replicaSets, setNamed('adopt', 2));
    await eventually(async () => expect((await readSet('adopt')).status?.readyReplicas).toBe(2));
    const pods = await cluster.pods({ app: 'adopt' });
    expect(pods).toHaveLength(2);
    expect((await cluster.pod('adopt-orphan')).metadata?.ownerReferences).toMatchObject([
      { kind: 'ReplicaSet', name: 'adopt', controller: true },
    ]);
    await cluster.client.mergePatch(
      { resource: RESOURCES.pods, namespace: NAMESPACE, name: 'adopt-orphan' },
      { metadata: { labels: { app: 'isolated' } } },
    );
    await eventually(async () => {
      expect((await cluster.pod('adopt-orphan')).metadata?.ownerReferences ?? []).toEqual([]);
      expect((await cluster.pods({ app: 'adopt' })).length).toBe(2);
    });
  });

  it('gives up the Pod that is not ready when it shrinks', async () => {
    node.readyAfterMs = (pod) => (pod.metadata?.labels?.app === 'shrink' && serial++ === 1 ? undefined : 0);
    let serial = 0;
    await cluster.create(RESOURCES.replicaSets, setNamed('shrink', 3));
    await eventually(async () =>
      expect((await readSet('shrink')).status).toMatchObject({ replicas: 3, readyReplicas: 2 }),
    );
    node.readyAfterMs = () => undefined;
    await cluster.client.mergePatch(setAt('shrink'), { spec: { replicas: 2 } });
    await eventually(async () =>
      expect((await readSet('shrink')).status).toMatchObject({ replicas: 2, readyReplicas: 2 }),
    );
    node.readyAfterMs = () => 0;
  });

  it('replaces a Pod that is deleted, and counts it available after minReadySeconds', async () => {
    await cluster.create(RESOURCES.replicaSets, setNamed('patient', 1, { minReadySeconds: 1 }));
    await eventually(async () => expect((await readSet('patient')).status?.readyReplicas).toBe(1));
    expect((await readSet('patient')).status?.availableReplicas).toBeUndefined();
    await eventually(async () => expect((await readSet('patient')).status?.availableReplicas).toBe(1));
    const [pod] = await cluster.pods({ app: 'patient' });
    await cluster.client.remove({ resource: RESOURCES.pods, namespace: NAMESPACE, name: pod?.metadata?.name });
    await eventually(async () => {
      const [next] = await cluster.pods({ app: 'patient' });
      expect(next?.metadata?.uid).not.toBe(pod?.metadata?.uid);
      expect((await readSet('patient')).status?.readyReplicas).toBe(1);
    });
  });
});

describe('deletionOrder', () => {
  const pod = (
    name: string,
    shape: { node?: boolean; phase?: string; ready?: string; cost?: string; created?: string },
  ): Pod => ({
    metadata: {
      name,
      creationTimestamp: shape.created ?? '2026-01-01T00:00:00Z',
      ...(shape.cost ? { annotations: { 'controller.kubernetes.io/pod-deletion-cost': shape.cost } } : {}),
    },
    spec: { containers: [], ...(shape.node === false ? {} : { nodeName: 'n' }) },
    status: {
      phase: shape.phase ?? 'Running',
      ...(shape.ready ? { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: shape.ready }] } : {}),
    },
  });

  it('gives up first what serves least, then what is newest', () => {
    const pods = [
      pod('old ready', { ready: '2026-01-01T00:00:00Z' }),
      pod('just ready', { ready: '2026-01-02T00:00:00Z' }),
      pod('cheap', { ready: '2026-01-01T00:00:00Z', cost: '-5' }),
      pod('new unready', { created: '2026-01-03T00:00:00Z' }),
      pod('old unready', {}),
      pod('pending', { phase: 'Pending' }),
      pod('unbound', { node: false, phase: 'Pending' }),
    ];
    expect(deletionOrder(pods).map(({ metadata }) => metadata?.name)).toEqual([
      'unbound',
      'pending',
      'new unready',
      'old unready',
      'cheap',
      'just ready',
      'old ready',
    ]);
  });
});
