import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReplicaSet, RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';
import { startFakeNode } from './fake-node.ts';
import { type LaggingProxy, startLaggingProxy } from './lagging-proxy.ts';

let cluster: TestCluster;
let proxy: LaggingProxy;

beforeAll(async () => {
  cluster = await startTestCluster(async (apiUrl) => {
    proxy = await startLaggingProxy(apiUrl, 300);
    return proxy.url;
  });
  const node = await startFakeNode(cluster.kubeConfig);
  cluster.onClose(() => node.close());
});
afterAll(async () => {
  await cluster?.close();
  proxy?.close();
});

function setNamed(name: string, replicas: number): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'any:1' }] } },
    },
  };
}

const setAt = (name: string) => ({ resource: RESOURCES.replicaSets, namespace: NAMESPACE, name });
const readSet = (name: string) => cluster.client.get<ReplicaSet>(setAt(name));

/** Every Pod that was ever created for the app, deleted ones too. */
function countCreations(app: string): { readonly names: Set<string>; stop(): void } {
  const names = new Set<string>();
  const look = async (): Promise<void> => {
    for (const pod of await cluster.pods({ app })) names.add(pod.metadata?.name ?? '');
  };
  const timer = setInterval(() => void look().catch(() => undefined), 5);
  return { names, stop: () => clearInterval(timer) };
}

describe('a ReplicaSet whose controller sees Pods late', () => {
  it('gets exactly as many Pods as it asks for', async () => {
    const seen = countCreations('exact');
    try {
      // Each of these makes the controller look again, at a cache that knows no Pod yet.
      await cluster.create(RESOURCES.replicaSets, setNamed('exact', 6));
      for (let round = 0; round < 10; round += 1) {
        await cluster.client.mergePatch(setAt('exact'), { metadata: { annotations: { round: String(round) } } });
      }
      await eventually(async () => expect((await readSet('exact')).status?.availableReplicas).toBe(6));
      expect(seen.names.size).toBe(6);
    } finally {
      seen.stop();
    }
  });

  it('gets no second Pod when the reply to a creation is lost', async () => {
    const seen = countCreations('lost');
    const fault = cluster.api.faults.add({ verb: 'create', resource: 'pods', dropReply: true, count: 3 });
    try {
      await cluster.create(RESOURCES.replicaSets, setNamed('lost', 4));
      await eventually(async () => expect((await readSet('lost')).status?.availableReplicas).toBe(4));
      expect(cluster.api.faults.list()).toEqual([]);
      await eventually(() => expect(seen.names.size).toBeGreaterThanOrEqual(4));
      expect(seen.names.size).toBe(4);
    } finally {
      seen.stop();
      cluster.api.faults.remove(fault);
    }
  });
});
