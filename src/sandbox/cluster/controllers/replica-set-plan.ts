import { instantMs, type Pod, type ReplicaSet, timestamp } from '../kube/objects.ts';
import { matchesLabels } from '../kube/selectors.ts';
import { isReady, readySinceMs, untilAvailableMs } from './pod-condition.ts';

export type ReplicaSetStatus = NonNullable<ReplicaSet['status']>;

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Pods in the order in which they are given up: the ones that serve least and have done so for the shortest time go
 * first (not bound, not running, not ready, cheaper by annotation, ready since a short time, more restarts, newer).
 */
export function deletionOrder(pods: readonly Pod[]): Pod[] {
  const criteria: ((pod: Pod) => number)[] = [
    (pod) => (pod.spec?.nodeName ? 1 : 0),
    (pod) => PHASE_ORDER[pod.status?.phase ?? 'Pending'] ?? 1,
    (pod) => (isReady(pod) ? 1 : 0),
    (pod) => Number(pod.metadata?.annotations?.[DELETION_COST] ?? 0) || 0,
    (pod) => -readySinceMs(pod),
    (pod) => -Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount)),
    (pod) => -(instantMs(pod.metadata?.creationTimestamp) || 0),
    // Instants have whole seconds; versions tell younger from older within one.
    (pod) => -(Number(pod.metadata?.resourceVersion) || 0),
  ];
  return [...pods].sort((one, other) => {
    for (const criterion of criteria) {
      const difference = criterion(one) - criterion(other);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

/** Counts over the owned Pods. `failure` is why Pods could not be created or deleted in this look. */
export function replicaSetStatus(
  set: ReplicaSet,
  pods: readonly Pod[],
  failure: { reason: string; message: string } | undefined,
  nowMs: number,
): ReplicaSetStatus {
  const templateLabels = set.spec?.template?.metadata?.labels ?? {};
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const labelled = pods.filter((pod) => matchesLabels(templateLabels, pod.metadata?.labels)).length;
  const ready = pods.filter(isReady).length;
  const available = pods.filter((pod) => untilAvailableMs(pod, minReadySeconds, nowMs) === 0).length;
  const { fullyLabeledReplicas, readyReplicas, availableReplicas, ...kept } = set.status ?? { replicas: 0 };
  const status: ReplicaSetStatus = {
    ...kept,
    replicas: pods.length,
    ...(labelled ? { fullyLabeledReplicas: labelled } : {}),
    ...(ready ? { readyReplicas: ready } : {}),
    ...(available ? { availableReplicas: available } : {}),
  };
  if (set.metadata?.generation) status.observedGeneration = set.metadata.generation;
  const others = (set.status?.conditions ?? []).filter((condition) => condition.type !== 'ReplicaFailure');
  const before = (set.status?.conditions ?? []).find((condition) => condition.type === 'ReplicaFailure');
  if (failure) {
    const lastTransitionTime = before?.lastTransitionTime ?? timestamp(nowMs);
    others.push({ type: 'ReplicaFailure', status: 'True', lastTransitionTime, ...failure });
  }
  if (others.length > 0) status.conditions = others;
  else delete status.conditions;
  return status;
}
