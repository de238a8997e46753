/** Deletes what this term created, and proves it gone. The term is in the names, so nothing of anyone else can be hit. */
import { Context } from '@temporalio/activity';
import type { KubernetesClient, KubernetesClients } from '../../clients/kubernetes/port.ts';
import { MARKS } from '../../core/model/names.ts';
import { nameOf, type ObjectAddressLike } from '../../core/model/objects.ts';
import type { Fence, RestoredObject } from '../../core/model/operation.ts';
import type { ClusterRef } from '../../core/model/plan.ts';
import { assessFence } from '../../core/rollout/fence.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { checkCancelled, fenced, withHeartbeats } from '../mutation.ts';

const LOOK_EVERY_MS = 300;
const GONE_WITHIN_MS = 60_000;

export interface RemoveCanaryInput {
  readonly cluster: ClusterRef;
  readonly objects: readonly ObjectAddressLike[];
  /** Selects the canary's pods and no others. */
  readonly podSelector: string;
  readonly fence: Fence;
}

export function createRemoveCanary(deps: { readonly kubernetes: KubernetesClients }) {
  return {
    /** Throws NotReady (retryable) while something is left, Fenced when a newer owner has an object. */
    async removeCanary({
      cluster,
      objects,
      podSelector,
      fence,
    }: RemoveCanaryInput): Promise<readonly RestoredObject[]> {
      return withHeartbeats(async (tell) => {
        const client = deps.kubernetes(cluster);
        const account: RestoredObject[] = [];
        for (const object of objects) {
          tell(`deleting ${nameOf(object)}`);
          const was = await removeOne(client, object, fence);
          const row = { object: nameOf(object), field: 'existence', wanted: 'gone', observed: 'gone', restored: true };
          account.push({ ...row, changed: was });
        }
        await awaitPodsGone(client, objects, podSelector, tell);
        return account;
      });
    },
  };
}

async function removeOne(client: KubernetesClient, object: ObjectAddressLike, fence: Fence): Promise<boolean> {
  const until = Date.now() + GONE_WITHIN_MS;
  let was = false;
  for (;;) {
    checkCancelled();
    const found = await client.get(object);
    if (found === undefined) return was;
    const stamp = found.metadata.annotations?.[MARKS.fence];
    // A foreign object of that name carries no stamp of ours: it is not ours to delete.
    if (found.metadata.labels?.[MARKS.managedBy] !== 'mainstay') {
      throw new CodedError(
        'PreconditionFailed',
        `${nameOf(object)}: exists but was not made by Mainstay; it is left alone`,
      );
    }
    if (assessFence(stamp, fence) === 'fenced') throw fenced(nameOf(object), stamp, fence);
    was = true;
    if (found.metadata.deletionTimestamp === undefined) {
      checkCancelled();
      await client.delete(object, found.metadata.uid === undefined ? {} : { uid: found.metadata.uid });
    }
    if (Date.now() >= until)
      throw new CodedError(
        'NotReady',
        `${nameOf(object)}: still there ${GONE_WITHIN_MS / 1000} s after it was deleted`,
      );
    await Context.current().sleep(LOOK_EVERY_MS);
  }
}

/** ReplicaSets and pods go with their Deployment; S1 asks that none is left. */
async function awaitPodsGone(
  client: KubernetesClient,
  objects: readonly ObjectAddressLike[],
  labelSelector: string,
  tell: (doing: string) => void,
): Promise<void> {
  const namespace = objects[0]?.namespace;
  if (namespace === undefined) return;
  const until = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    const pods = await client.list('Pod', namespace, { labelSelector });
    if (pods.length === 0) return;
    tell(`waiting until ${pods.length} canary pods have ended`);
    if (Date.now() >= until)
      throw new CodedError('NotReady', `canary pods ${labelSelector}: ${pods.length} still there`);
    await Context.current().sleep(LOOK_EVERY_MS);
  }
}
