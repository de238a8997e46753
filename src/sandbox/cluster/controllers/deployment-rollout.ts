import type { RecordEvent } from '../kube/event-recorder.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { type Deployment, instantMs, type Pod, type ReplicaSet, RESOURCES } from '../kube/objects.ts';
import { isLostRace } from './context.ts';
import { boundsOf, desiredReplicas } from './deployment-status.ts';
import { isFinished } from './pod-condition.ts';
import { sizeAnnotations, writeSet } from './replica-set-writer.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS, revisionOf } from './revisions.ts';
import { nextNewSize, nextOldSizes, proportionalSizes, type SetSize } from './rollout-arithmetic.ts';

/** The ReplicaSets of a Deployment: the one of the current template, and the others, oldest first. */
export interface OwnedSets {
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
}

export function allSets({ newSet, oldSets }: OwnedSets): ReplicaSet[] {
  return newSet ? [...oldSets, newSet] : [...oldSets];
}

export function byAge(one: ReplicaSet, other: ReplicaSet): number {
  const age = instantMs(one.metadata?.creationTimestamp) - instantMs(other.metadata?.creationTimestamp);
  return age || revisionOf(one) - revisionOf(other) || (nameOf(one) < nameOf(other) ? -1 : 1);
}

function nameOf(set: ReplicaSet): string {
  return set.metadata?.name ?? '';
}

function sizeOf(set: ReplicaSet): SetSize {
  return { name: nameOf(set), replicas: desiredReplicas(set), available: set.status?.availableReplicas ?? 0 };
}

/**
 * Pods of an old set that are there or asked for. Its size alone says too little: when deletions are slow, the new set
 * would grow into room that is not free yet, and more Pods than the surge allows would run.
 */
export function presentReplicas(set: ReplicaSet): number {
  return Math.max(desiredReplicas(set), set.status?.replicas ?? 0);
}

async function resize(
  client: KubeClient,
  deployment: Deployment,
  set: ReplicaSet,
  replicas: number,
): Promise<ReplicaSet> {
  const annotations = { ...set.metadata?.annotations, ...sizeAnnotations(deployment) };
  return writeSet(client, set, { replicas, annotations });
}

/** One move of a rolling update: the new set grows as far as surge allows, else old sets shrink as availability allows. */
export async function rollForward(
  client: KubeClient,
  deployment: Deployment,
  sets: OwnedSets & { readonly newSet: ReplicaSet },
): Promise<OwnedSets> {
  const desired = desiredReplicas(deployment);
  const { maxSurge, maxUnavailable } = boundsOf(deployment);
  const newSize = nextNewSize(desiredReplicas(sets.newSet), sets.oldSets.map(presentReplicas), desired, maxSurge);
  if (newSize !== desiredReplicas(sets.newSet)) {
    return { ...sets, newSet: await resize(client, deployment, sets.newSet, newSize) };
  }
  const sizes = nextOldSizes(sizeOf(sets.newSet), sets.oldSets.map(sizeOf), desired, maxUnavailable);
  const oldSets = await Promise.all(
    sets.oldSets.map(async (set) => {
      const size = sizes.get(nameOf(set));
      return size === undefined ? set : resize(client, deployment, set, size);
    }),
  );
  return { ...sets, oldSets };
}

/** First half of a Recreate: old sets go to zero. True when no Pod of theirs runs any more. */
export async function emptyOldSets(
  client: KubeClient,
  deployment: Deployment,
  sets: OwnedSets,
  pods: readonly Pod[],
): Promise<{ readonly sets: OwnedSets; readonly isEmpty: boolean }> {
  const oldSets = await Promise.all(
    sets.oldSets.map(async (set) => (desiredReplicas(set) === 0 ? set : resize(client, deployment, set, 0))),
  );
  const oldUids = new Set(oldSets.map((set) => set.metadata?.uid));
  const isRunning = (pod: Pod): boolean =>
    !isFinished(pod) && (pod.metadata?.ownerReferences ?? []).some(({ uid }) => oldUids.has(uid));
  return { sets: { ...sets, oldSets }, isEmpty: !pods.some(isRunning) };
}

/** True when the Deployment's replicas were changed since its ReplicaSets were last sized. */
export function isScaling(deployment: Deployment, sets: OwnedSets): boolean {
  return allSets(sets)
    .filter((set) => desiredReplicas(set) > 0)
    .some((set) => {
      const known = set.metadata?.annotations?.[DESIRED_REPLICAS];
      return known !== undefined && Number(known) !== desiredReplicas(deployment);
    });
}

/** Follows a change of replicas without moving the rollout on: each active set keeps its share. */
export async function scaleSets(client: KubeClient, deployment: Deployment, sets: OwnedSets): Promise<OwnedSets> {
  const desired = desiredReplicas(deployment);
  const active = allSets(sets).filter((set) => desiredReplicas(set) > 0);
  const sizes = new Map<string, number>();
  const only = active.length === 0 ? (sets.newSet ?? sets.oldSets.at(-1)) : active[0];
  if (active.length <= 1) {
    if (only) sizes.set(nameOf(only), desired);
  } else if (sets.newSet && isSaturated(sets.newSet, desired)) {
    for (const set of sets.oldSets) if (desiredReplicas(set) > 0) sizes.set(nameOf(set), 0);
  } else if (deployment.spec?.strategy?.type !== 'Recreate') {
    const { maxSurge } = boundsOf(deployment);
    const isGrowing = active.reduce((sum, set) => sum + desiredReplicas(set), 0) < desired + maxSurge;
    const ordered = active.toSorted(
      (one, other) =>
        desiredReplicas(other) - desiredReplicas(one) || (isGrowing ? byAge(other, one) : byAge(one, other)),
    );
    const shares = ordered.map((set) => ({
      name: nameOf(set),
      replicas: desiredReplicas(set),
      knownMaximum: Number(set.metadata?.annotations?.[MAX_REPLICAS]) || undefined,
    }));
    for (const [name, size] of proportionalSizes(shares, desired, maxSurge)) sizes.set(name, size);
  }
  const apply = (set: ReplicaSet): Promise<ReplicaSet> => {
    const size = sizes.get(nameOf(set)) ?? desiredReplicas(set);
    // An active set that keeps its size still learns the new target, or the scaling would never be over.
    const isUntouched = size === 0 && desiredReplicas(set) === 0;
    return isUntouched ? Promise.resolve(set) : resize(client, deployment, set, size);
  };
  return {
    newSet: sets.newSet && (await apply(sets.newSet)),
    oldSets: await Promise.all(sets.oldSets.map(apply)),
  };
}

function isSaturated(set: ReplicaSet, desired: number): boolean {
  const isTarget = Number(set.metadata?.annotations?.[DESIRED_REPLICAS]) === desired;
  return isTarget && desiredReplicas(set) === desired && (set.status?.availableReplicas ?? 0) === desired;
}

/** Deletes the oldest emptied ReplicaSets beyond the revision history limit. */
export async function trimHistory(
  client: KubeClient,
  deployment: Deployment,
  oldSets: readonly ReplicaSet[],
): Promise<void> {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const alive = oldSets.filter((set) => !set.metadata?.deletionTimestamp);
  const excess = alive
    .toSorted((one, other) => revisionOf(one) - revisionOf(other))
    .slice(0, Math.max(alive.length - limit, 0));
  for (const set of excess) {
    const isSettled = (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0);
    if (desiredReplicas(set) !== 0 || (set.status?.replicas ?? 0) !== 0 || !isSettled) continue;
    const { namespace, name, uid } = set.metadata ?? {};
    try {
      await client.remove(
        { resource: RESOURCES.replicaSets, namespace, name },
        { uid, propagationPolicy: 'Background' },
      );
    } catch (error) {
      if (!isLostRace(error)) throw error;
    }
  }
}

/** Tells people which sets were scaled between two looks. */
export function recordScaling(record: RecordEvent, deployment: Deployment, before: OwnedSets, after: OwnedSets): void {
  const sizes = new Map(allSets(before).map((set) => [nameOf(set), desiredReplicas(set)]));
  for (const set of allSets(after)) {
    const [from, to] = [sizes.get(nameOf(set)) ?? 0, desiredReplicas(set)];
    if (from === to) continue;
    const message = `Scaled ${from < to ? 'up' : 'down'} replica set ${nameOf(set)} from ${from} to ${to}`;
    record(deployment, 'Normal', 'ScalingReplicaSet', message);
  }
}
