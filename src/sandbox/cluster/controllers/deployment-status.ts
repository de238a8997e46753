import type { Deployment, DeploymentCondition, ReplicaSet } from '../kube/objects.ts';
import { instantMs, timestamp } from '../kube/objects.ts';
import { type RolloutBounds, rolloutBounds } from './rollout-arithmetic.ts';

export type DeploymentStatus = NonNullable<Deployment['status']>;

/** Replicas a workload asks for; the API's default is one. */
export function desiredReplicas(workload: { readonly spec?: { readonly replicas?: number } }): number {
  return workload.spec?.replicas ?? 1;
}

/** Bounds of a Deployment in Pods; a Recreate has neither surge nor a promise of availability. */
export function boundsOf(deployment: Deployment): RolloutBounds {
  const desired = desiredReplicas(deployment);
  if (deployment.spec?.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {};
  return rolloutBounds(maxSurge, maxUnavailable, desired);
}

export function conditionOf(status: DeploymentStatus | undefined, type: string): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/**
 * Conditions with one set. A condition whose status and reason stand already stays as it is, instants included, so
 * that looking again is no change; `isRenewed` makes a new update time, which is what the progress deadline counts from.
 */
export function withCondition(
  conditions: readonly DeploymentCondition[],
  next: { type: string; status: 'True' | 'False' | 'Unknown'; reason: string; message: string },
  nowMs: number,
  isRenewed = false,
): DeploymentCondition[] {
  const current = conditions.find((condition) => condition.type === next.type);
  if (current && !isRenewed && current.status === next.status && current.reason === next.reason) return [...conditions];
  const now = timestamp(nowMs);
  const lastTransitionTime = current?.status === next.status ? (current.lastTransitionTime ?? now) : now;
  const others = conditions.filter((condition) => condition.type !== next.type);
  return [...others, { ...next, lastUpdateTime: now, lastTransitionTime }];
}

export function withoutCondition(conditions: readonly DeploymentCondition[], type: string): DeploymentCondition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/** Counts over the ReplicaSets, the observed generation, and the Available condition. */
export function observedStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  allSets: readonly ReplicaSet[],
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): DeploymentStatus {
  const total = (count: (set: ReplicaSet) => number | undefined): number =>
    allSets.reduce((sum, set) => sum + (count(set) ?? 0), 0);
  const availableReplicas = total((set) => set.status?.availableReplicas);
  const asked = allSets.reduce((sum, set) => sum + desiredReplicas(set), 0);
  const isAvailable = availableReplicas >= desiredReplicas(deployment) - boundsOf(deployment).maxUnavailable;
  return {
    ...nonZero('observedGeneration', deployment.metadata?.generation),
    ...nonZero(
      'replicas',
      total((set) => set.status?.replicas),
    ),
    ...nonZero('updatedReplicas', newSet?.status?.replicas),
    ...nonZero(
      'readyReplicas',
      total((set) => set.status?.readyReplicas),
    ),
    ...nonZero('availableReplicas', availableReplicas),
    ...nonZero('unavailableReplicas', Math.max(asked - availableReplicas, 0)),
    ...nonZero('collisionCount', deployment.status?.collisionCount),
    conditions: withCondition(
      conditions,
      isAvailable
        ? {
            type: 'Available',
            status: 'True',
            reason: 'MinimumReplicasAvailable',
            message: 'Deployment has minimum availability.',
          }
        : {
            type: 'Available',
            status: 'False',
            reason: 'MinimumReplicasUnavailable',
            message: 'Deployment does not have minimum availability.',
          },
      nowMs,
    ),
  };
}

/** The API drops counts of zero; writing them would make every look a change. */
function nonZero<K extends string>(name: K, count: number | undefined): { [P in K]?: number } {
  return count ? ({ [name]: count } as { [P in K]?: number }) : {};
}

/** Everything updated, everything available, nothing old left, and this generation seen. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

function hasMoved(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** True when the Deployment asks for a deadline; the largest number means none. */
export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== 2_147_483_647;
}

/**
 * Milliseconds until the progress deadline passes, counted from the last progress; undefined when nothing is under way
 * or the deadline has been reported already.
 */
export function untilDeadlineMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const condition = conditionOf(status, 'Progressing');
  if (!condition || !hasProgressDeadline(deployment)) return undefined;
  if (condition.reason === 'NewReplicaSetAvailable' || condition.reason === 'ProgressDeadlineExceeded')
    return undefined;
  const deadlineMs = (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000;
  return instantMs(condition.lastUpdateTime) + deadlineMs - nowMs;
}

/** The whole status of a rollout under way: counts, Available, Progressing and ReplicaFailure. */
export function rolloutStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  allSets: readonly ReplicaSet[],
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): DeploymentStatus {
  const observed = observedStatus(deployment, newSet, allSets, conditions, nowMs);
  let next = observed.conditions ?? [];
  const current = conditionOf(observed, 'Progressing');
  const subject = newSet ? `ReplicaSet "${newSet.metadata?.name}"` : `Deployment "${deployment.metadata?.name}"`;
  const isDone =
    (observed.replicas ?? 0) === (observed.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (!hasProgressDeadline(deployment)) next = withoutCondition(next, 'Progressing');
  else if (!isDone) next = withProgress(next);

  const failure = [...(newSet ? [newSet] : []), ...allSets]
    .flatMap((set) => set.status?.conditions ?? [])
    .find((condition) => condition.type === 'ReplicaFailure' && condition.status === 'True');
  next = failure
    ? withCondition(
        next,
        {
          type: 'ReplicaFailure',
          status: 'True',
          reason: failure.reason ?? 'FailedCreate',
          message: failure.message ?? '',
        },
        nowMs,
      )
    : withoutCondition(next, 'ReplicaFailure');
  return { ...observed, conditions: next };

  function withProgress(list: DeploymentCondition[]): DeploymentCondition[] {
    const progressing = { type: 'Progressing', status: 'True' } as const;
    if (isComplete(deployment, observed)) {
      const message = `${subject} has successfully progressed.`;
      return withCondition(list, { ...progressing, reason: 'NewReplicaSetAvailable', message }, nowMs);
    }
    if (hasMoved(deployment.status ?? {}, observed)) {
      const message = `${subject} is progressing.`;
      return withCondition(list, { ...progressing, reason: 'ReplicaSetUpdated', message }, nowMs, true);
    }
    const leftMs = untilDeadlineMs(deployment, observed, nowMs);
    if (leftMs === undefined || leftMs > 0) return list;
    const message = `${subject} has timed out progressing.`;
    return withCondition(
      list,
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message },
      nowMs,
    );
  }
}
