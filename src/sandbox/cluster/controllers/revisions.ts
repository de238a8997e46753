import type { Deployment, ReplicaSet } from '../kube/objects.ts';

/** Annotations by which Deployments, their ReplicaSets and kubectl speak of revisions. */
export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a Deployment that are its own affair and not copied to its ReplicaSets. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);

/** Revision number of a ReplicaSet; 0 when it has none. */
export function revisionOf(set: ReplicaSet): number {
  const revision = Number(set.metadata?.annotations?.[REVISION] ?? 0);
  return Number.isInteger(revision) ? revision : 0;
}

/** The number that the current template has to carry: above all older ones. */
export function nextRevision(oldSets: readonly ReplicaSet[]): number {
  return Math.max(0, ...oldSets.map(revisionOf)) + 1;
}

/** Annotations of the current ReplicaSet: those of the Deployment, the revision, its history and the target sizes. */
export function newSetAnnotations(
  deployment: Deployment,
  current: Readonly<Record<string, string>>,
  revision: number,
  sizes: Readonly<Record<string, string>>,
): Record<string, string> {
  const annotations: Record<string, string> = { ...current };
  for (const [name, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!NOT_COPIED.has(name)) annotations[name] = value;
  }
  const known = Number(current[REVISION] ?? 0);
  if (known < revision) {
    annotations[REVISION] = String(revision);
    if (known > 0) annotations[REVISION_HISTORY] = joinHistory(current[REVISION_HISTORY], known);
  }
  return { ...annotations, ...sizes };
}

function joinHistory(history: string | undefined, revision: number): string {
  const seen = history ? history.split(',') : [];
  return seen.includes(String(revision)) ? seen.join(',') : [...seen, String(revision)].join(',');
}
