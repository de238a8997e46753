import { hasCode, type KubeClient } from '../kube/kube-client.ts';
import {
  controllerOf,
  controllerReference,
  type KubeObject,
  type LabelSelector,
  type Resource,
} from '../kube/objects.ts';
import { matchesSelector } from '../kube/selectors.ts';

/** Who claims which objects. */
export interface Claim<T extends KubeObject> {
  readonly client: KubeClient;
  readonly owner: KubeObject;
  readonly ownerResource: Resource;
  readonly selector: LabelSelector;
  readonly resource: Resource;
  readonly candidates: readonly T[];
}

/**
 * The candidates that belong to the owner. One that matches and has no controller is adopted; one that is owned but
 * no longer matches is let go. Throws when the API refuses for a reason that a later look may resolve.
 */
export async function claimObjects<T extends KubeObject>(claim: Claim<T>): Promise<T[]> {
  const { owner, selector } = claim;
  const owned: T[] = [];
  for (const candidate of claim.candidates) {
    const isMatch = matchesSelector(selector, candidate.metadata?.labels);
    const controller = controllerOf(candidate);
    if (controller) {
      if (controller.uid !== owner.metadata?.uid) continue;
      if (isMatch) owned.push(candidate);
      else if (!owner.metadata?.deletionTimestamp) await release(claim, candidate);
      continue;
    }
    if (!isMatch || candidate.metadata?.deletionTimestamp || owner.metadata?.deletionTimestamp) continue;
    const adopted = await adopt(claim, candidate);
    if (adopted) owned.push(adopted);
  }
  return owned;
}

async function adopt<T extends KubeObject>(claim: Claim<T>, orphan: T): Promise<T | undefined> {
  const { client, owner, ownerResource, resource } = claim;
  const { namespace, name } = owner.metadata ?? {};
  // The cache may lag: an owner that was deleted or replaced a moment ago must not adopt.
  const fresh = await client.get({ resource: ownerResource, namespace, name });
  if (fresh.metadata?.uid !== owner.metadata?.uid || fresh.metadata?.deletionTimestamp) {
    throw new Error(`${ownerResource.kind} ${namespace}/${name} was replaced or is being deleted: it adopts nothing`);
  }
  const ownerReferences = [...(orphan.metadata?.ownerReferences ?? []), controllerReference(owner, ownerResource)];
  return patchOwners(claim, orphan, ownerReferences, resource);
}

async function release<T extends KubeObject>(claim: Claim<T>, object: T): Promise<void> {
  const uid = claim.owner.metadata?.uid;
  const ownerReferences = (object.metadata?.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
  await patchOwners(claim, object, ownerReferences, claim.resource);
}

async function patchOwners<T extends KubeObject>(
  claim: Claim<T>,
  object: T,
  ownerReferences: NonNullable<NonNullable<KubeObject['metadata']>['ownerReferences']>,
  resource: Resource,
): Promise<T | undefined> {
  const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
  try {
    const metadata = { uid, resourceVersion, ownerReferences };
    return await claim.client.mergePatch<T>({ resource, namespace, name }, { metadata });
  } catch (error) {
    if (hasCode(error, 404)) return undefined;
    throw error;
  }
}
