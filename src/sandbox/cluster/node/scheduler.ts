import type { RecordEvent } from '../kube/event-recorder.ts';
import { hasCode, type KubeClient } from '../kube/kube-client.ts';
import { keyOf, type Pod, RESOURCES, timestamp } from '../kube/objects.ts';
import { matchesLabels } from '../kube/selectors.ts';
import type { WatchCache } from '../kube/watch-cache.ts';
import { createWorkQueue } from '../kube/work-queue.ts';

export interface Scheduler {
  close(): Promise<void>;
}

/** Binds every Pod without a node to this one, unless its nodeSelector wants another. */
export function startScheduler(
  client: KubeClient,
  pods: WatchCache<Pod>,
  node: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  recordEvent: RecordEvent,
  reportProblem: (what: string, problem: Error) => void,
): Scheduler {
  const queue = createWorkQueue({
    handle: schedule,
    concurrency: 8,
    onError: (key, error) => reportProblem(`binding of pod ${key}`, error),
  });
  pods.onChange(({ after }) => {
    if (after && isWaiting(after)) queue.add(keyOf(after));
  });
  for (const pod of pods.list()) if (isWaiting(pod)) queue.add(keyOf(pod));

  async function schedule(key: string): Promise<void> {
    const pod = pods.get(key);
    if (!pod || !isWaiting(pod)) return;
    const { namespace, name = '', uid } = pod.metadata ?? {};
    const at = { resource: RESOURCES.pods, namespace, name };
    if (!matchesLabels(pod.spec?.nodeSelector ?? {}, node.labels)) {
      await reportUnschedulable(pod);
      return;
    }
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node.name },
    };
    try {
      await client.create({ ...at, subresource: 'binding' }, binding);
      recordEvent(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${node.name}`);
    } catch (error) {
      // Bound by another one, or gone.
      if (!hasCode(error, 409) && !hasCode(error, 404)) throw error;
    }
  }

  async function reportUnschedulable(pod: Pod): Promise<void> {
    const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (known?.status === 'False') return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
      lastTransitionTime: timestamp(Date.now()),
    };
    const { namespace, name } = pod.metadata ?? {};
    const at = { resource: RESOURCES.pods, namespace, name, subresource: 'status' };
    recordEvent(pod, 'Warning', 'FailedScheduling', condition.message);
    await client.mergePatch(at, { status: { phase: 'Pending', conditions: [condition] } });
  }

  return { close: () => queue.close() };
}

function isWaiting(pod: Pod): boolean {
  const { nodeName, schedulerName } = pod.spec ?? {};
  return (
    !nodeName && !pod.metadata?.deletionTimestamp && (schedulerName ?? 'default-scheduler') === 'default-scheduler'
  );
}
