import type { KubeConfig } from '@kubernetes/client-node';
import { createKubeClient } from '../../../../src/sandbox/cluster/kube/kube-client.ts';
import { keyOf, type Pod, RESOURCES, timestamp } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { startWatchCache } from '../../../../src/sandbox/cluster/kube/watch-cache.ts';
import { createWorkQueue } from '../../../../src/sandbox/cluster/kube/work-queue.ts';

/** A node without processes: Pods get ready after a time that the test chooses, and go when they are deleted. */
export interface FakeNode {
  /** Milliseconds from binding to ready; undefined: never. */
  readyAfterMs: (pod: Pod) => number | undefined;
  close(): Promise<void>;
}

export async function startFakeNode(kubeConfig: KubeConfig): Promise<FakeNode> {
  const client = createKubeClient(kubeConfig);
  const pods = startWatchCache<Pod>(kubeConfig, client, RESOURCES.pods);
  let serial = 0;
  const seenMs = new Map<string, number>();
  const queue = createWorkQueue({ handle: sync, concurrency: 8, onError: () => undefined });
  const node: FakeNode = {
    readyAfterMs: () => 0,
    close: async () => {
      pods.close();
      await queue.close();
      client.close();
    },
  };

  async function sync(key: string): Promise<void> {
    const pod = pods.get(key);
    if (!pod) return;
    const { namespace, name, uid = '', deletionTimestamp } = pod.metadata ?? {};
    const at = { resource: RESOURCES.pods, namespace, name };
    if (deletionTimestamp) {
      await client.remove(at, { uid, gracePeriodSeconds: 0 });
      return;
    }
    if (!pod.spec?.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: 'fake' };
      await client.create(
        { ...at, subresource: 'binding' },
        { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target },
      );
      return;
    }
    if (pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return;
    const startedMs = seenMs.get(uid) ?? Date.now();
    seenMs.set(uid, startedMs);
    const waitMs = node.readyAfterMs(pod);
    if (waitMs === undefined) return;
    const leftMs = startedMs + waitMs - Date.now();
    if (leftMs > 0) {
      queue.addAfter(key, leftMs);
      return;
    }
    serial += 1;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(Date.now()) }];
    const podIP = `10.244.1.${serial % 250}`;
    await client.mergePatch(
      { ...at, subresource: 'status' },
      { metadata: { uid }, status: { phase: 'Running', podIP, conditions } },
    );
  }

  pods.onChange(({ before, after }) => queue.add(keyOf(after ?? before ?? {})));
  await pods.synced;
  return node;
}
