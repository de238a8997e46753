import { instantMs, type Pod } from '../kube/objects.ts';

/** True when the Pod reports that it can serve. */
export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** Instant in ms since when the Pod's Ready condition has had its value; 0 when unknown. */
export function readySinceMs(pod: Pod): number {
  return instantMs(readyCondition(pod)?.lastTransitionTime) || 0;
}

/** Milliseconds until a ready Pod counts as available; 0 when it does, undefined when it is not ready. */
export function untilAvailableMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  if (!isReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(readySinceMs(pod) + minReadySeconds * 1000 - nowMs, 0);
}

/** Neither finished nor being deleted: it counts as a replica. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !pod.metadata?.deletionTimestamp;
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function readyCondition(pod: Pod): { status: string; lastTransitionTime?: string } | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === 'Ready');
}
