import { hasCode, type KubeClient } from '../kube/kube-client.ts';
import { controllerReference, type Deployment, type ReplicaSet, RESOURCES } from '../kube/objects.ts';
import { isChange } from './context.ts';
import { boundsOf, desiredReplicas } from './deployment-status.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS, newSetAnnotations } from './revisions.ts';
import { HASH_LABEL, isSameTemplate, templateHash } from './template-hash.ts';

/** Result of asking for the ReplicaSet of the current template. */
export type CreatedSet =
  | { readonly kind: 'created' | 'found'; readonly set: ReplicaSet }
  /** The name is taken by another template: the caller counts the collision and tries again. */
  | { readonly kind: 'collision' };

/** Annotations by which a later look recognises that the Deployment was scaled. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const desired = desiredReplicas(deployment);
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + boundsOf(deployment).maxSurge) };
}

/** Creates the ReplicaSet of the Deployment's current template with the given size. */
export async function createNewSet(
  client: KubeClient,
  deployment: Deployment,
  replicas: number,
  revision: number,
): Promise<CreatedSet> {
  const { namespace, name: owner } = deployment.metadata ?? {};
  const spec = deployment.spec;
  if (!spec) throw new Error(`Deployment ${namespace}/${owner} has no spec`);
  const hash = templateHash(spec.template, deployment.status?.collisionCount ?? 0);
  const name = `${owner}-${hash}`;
  const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
  const { creationTimestamp: _none, ...templateMetadata } = spec.template.metadata ?? {};
  const set = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace,
      labels,
      annotations: newSetAnnotations(deployment, {}, revision, sizeAnnotations(deployment)),
      ownerReferences: [controllerReference(deployment, RESOURCES.deployments)],
    },
    spec: {
      replicas,
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash },
      },
      template: { ...spec.template, metadata: { ...templateMetadata, labels } },
    },
  };
  try {
    return {
      kind: 'created',
      set: await client.create<ReplicaSet>({ resource: RESOURCES.replicaSets, namespace }, set),
    };
  } catch (error) {
    if (!hasCode(error, 409)) throw error;
    const existing = await client.get<ReplicaSet>({ resource: RESOURCES.replicaSets, namespace, name });
    const isOurs = existing.metadata?.ownerReferences?.some(({ uid }) => uid === deployment.metadata?.uid);
    // Ours and not yet in the cache, or created by a request whose reply was lost.
    const isCurrent = existing.spec?.template && isSameTemplate(existing.spec.template, spec.template);
    return isOurs && isCurrent ? { kind: 'found', set: existing } : { kind: 'collision' };
  }
}

/** Writes size and annotations of a ReplicaSet when they differ; returns the set as it stands then. */
export async function writeSet(
  client: KubeClient,
  set: ReplicaSet,
  change: {
    readonly replicas?: number;
    readonly annotations?: Record<string, string>;
    readonly minReadySeconds?: number | undefined;
  },
): Promise<ReplicaSet> {
  if (!set.spec) return set;
  const { minReadySeconds: _before, ...spec } = set.spec;
  const minReadySeconds = 'minReadySeconds' in change ? change.minReadySeconds : set.spec.minReadySeconds;
  const next: ReplicaSet = {
    ...set,
    metadata: { ...set.metadata, annotations: change.annotations ?? set.metadata?.annotations ?? {} },
    spec: {
      ...spec,
      replicas: change.replicas ?? desiredReplicas(set),
      ...(minReadySeconds ? { minReadySeconds } : {}),
    },
  };
  const isSame =
    !isChange(set.metadata?.annotations ?? {}, next.metadata?.annotations) && !isChange(set.spec, next.spec);
  if (isSame) return set;
  const { namespace, name } = set.metadata ?? {};
  return client.replace({ resource: RESOURCES.replicaSets, namespace, name }, next);
}
