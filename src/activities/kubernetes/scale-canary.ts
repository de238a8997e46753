/** Makes or scales the canary's Deployment, makes what traffic to it needs, then waits until its pods are ready. Capacity before traffic. */
import type { KindName, KubernetesClient, KubernetesClients, KubernetesObject } from '../../clients/kubernetes/port.ts';
import { canaryName, MARKS } from '../../core/model/names.ts';
import type { BeforeRecord, Fence, ForeignChange } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { assessFence, formatFence } from '../../core/rollout/fence.ts';
import {
  type Deployment,
  imageOf,
  makeCanaryDeployment,
  replicasOf,
  withReplicas,
} from '../../core/rollout/workload.ts';
import { replicasFor } from '../../core/rollout/routing.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { fenced, guardedWrite, withHeartbeats } from '../mutation.ts';
import { awaitReady } from './await-ready.ts';
import { createCompanions, createOnce, mustGet } from './canary-companions.ts';
import { guardedDeployment } from './guarded-deployment.ts';

export interface ScaleCanaryInput {
  readonly plan: DeployPlan;
  readonly fence: Fence;
  readonly operation: string;
  readonly before: BeforeRecord;
  readonly image: string;
  readonly weightPercent: number;
  /** Replicas this operation asked for last; undefined at the first step. */
  readonly previousReplicas?: number;
}

export type ScaleCanaryResult =
  | { readonly outcome: 'ready'; readonly replicas: number; readonly says: string }
  | { readonly outcome: 'notReady'; readonly replicas: number; readonly says: string }
  | { readonly outcome: 'foreign'; readonly changes: readonly ForeignChange[] };

export function createScaleCanary(deps: { readonly kubernetes: KubernetesClients }) {
  return {
    async scaleCanary(input: ScaleCanaryInput): Promise<ScaleCanaryResult> {
      return withHeartbeats(async (tell) => {
        const { plan, fence, before, image } = input;
        const { namespace, cluster } = plan.workload;
        const client = deps.kubernetes(cluster);
        const name = canaryName(plan.workload.deployment, fence.term);
        const replicas = replicasFor(plan.traffic, before.deployment.replicas, input.weightPercent);
        tell(`creating ${replicas} canary ${replicas === 1 ? 'pod' : 'pods'}`);
        const fields = (each: Deployment): string =>
          `${replicasOf(each)} x ${imageOf(each, plan.workload.container) ?? 'no image'}`;
        const target = guardedDeployment(client, { namespace, name }, input.operation, fields, (each) =>
          withReplicas(each, replicas),
        );
        const wanted = `${replicas} x ${image}`;
        if (input.previousReplicas === undefined) await createAll(client, input, name, replicas);
        const expected = `${input.previousReplicas ?? replicas} x ${image}`;
        const written = await guardedWrite(target, { fence, field: 'replicas and image', wanted, expected });
        if (written.outcome === 'foreign') return written;
        if (written.outcome === 'gone') {
          return {
            outcome: 'foreign',
            changes: [{ object: target.name, field: 'existence', expected: wanted, observed: 'deleted' }],
          };
        }
        const ready = await awaitReady(client, { namespace, name }, plan.deadlines.readyMs, tell);
        return { outcome: ready.outcome, replicas, says: ready.says };
      });
    },
  };
}

/**
 * All objects carry the term in their name: one that exists is our own from an attempt whose reply was lost.
 *
 * A new object carries no stamp that could refuse a late write, so the stamp on the named Deployment is looked at before
 * and after: a worker that slept meanwhile takes back what it made, since whoever raised the stamp has cleaned up already.
 */
async function createAll(
  client: KubernetesClient,
  input: ScaleCanaryInput,
  name: string,
  replicas: number,
): Promise<void> {
  const { plan, fence, image } = input;
  const { namespace, container, deployment } = plan.workload;
  const annotations = { [MARKS.fence]: formatFence(fence), [MARKS.operation]: input.operation };
  const naming = { name, term: fence.term, service: plan.service };
  const named = { kind: 'Deployment', namespace, name: deployment } as const;
  const stable = await mustGet<Deployment & KubernetesObject>(client, named);
  refuseFenced(stable, fence);
  if (stable.metadata.uid !== input.before.deployment.uid) {
    throw new CodedError(
      'PreconditionFailed',
      `Deployment ${namespace}/${deployment}: was deleted and made anew since this operation began`,
    );
  }
  const made = await createOnce(
    client,
    makeCanaryDeployment(stable, naming, { container, image, replicas, annotations }),
  );
  const owner = made ?? (await mustGet(client, { kind: 'Deployment', namespace, name }));
  const companions = await createCompanions(client, { plan, naming, annotations, owner });
  try {
    refuseFenced(await mustGet<Deployment & KubernetesObject>(client, named), fence);
  } catch (error) {
    if (isCoded(error, 'Fenced'))
      for (const object of [made, ...companions]) if (object) await takeBack(client, object);
    throw error;
  }
}

function refuseFenced(stable: Deployment, fence: Fence): void {
  const stamp = stable.metadata.annotations?.[MARKS.fence];
  const { namespace = 'default', name } = stable.metadata;
  if (assessFence(stamp, fence) === 'fenced') throw fenced(`Deployment ${namespace}/${name}`, stamp, fence);
}

/** Only the very object that this attempt made. */
async function takeBack(client: KubernetesClient, { kind, metadata }: KubernetesObject): Promise<void> {
  const { namespace = 'default', name, uid } = metadata;
  if (uid !== undefined) await client.delete({ kind: kind as KindName, namespace, name }, { uid });
}
