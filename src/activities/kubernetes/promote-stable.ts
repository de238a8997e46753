/** Rolls the named Deployment to the image, and waits until every replica runs it. */
import type { KubernetesClients, KubernetesObject } from '../../clients/kubernetes/port.ts';
import type { BeforeRecord, Fence, ForeignChange } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { type Deployment, imageOf, replicasOf, withImage, withReplicas } from '../../core/rollout/workload.ts';
import { guardedWrite, withHeartbeats } from '../mutation.ts';
import { awaitReady } from './await-ready.ts';
import { guardedDeployment } from './guarded-deployment.ts';

export interface PromoteStableInput {
  readonly plan: DeployPlan;
  readonly fence: Fence;
  readonly operation: string;
  readonly before: BeforeRecord;
  readonly image: string;
}

export type PromoteStableResult =
  | { readonly outcome: 'ready'; readonly says: string }
  | { readonly outcome: 'notReady'; readonly says: string }
  | { readonly outcome: 'foreign'; readonly changes: readonly ForeignChange[] };

export function createPromoteStable(deps: { readonly kubernetes: KubernetesClients }) {
  return {
    async promoteStable({ plan, fence, operation, before, image }: PromoteStableInput): Promise<PromoteStableResult> {
      return withHeartbeats(async (tell) => {
        const { cluster, namespace, deployment, container, firstReplicas } = plan.workload;
        const client = deps.kubernetes(cluster);
        const at = { namespace, name: deployment };
        tell(`rolling Deployment ${namespace}/${deployment} to the new image`);
        // Replicas are the team's (or its autoscaler's), except at a first deployment, which begins at 0.
        const fields = (each: Deployment): string =>
          before.first ? `${replicasOf(each)} x ${imageOf(each, container)}` : `${imageOf(each, container)}`;
        const change = (each: Deployment): Deployment => {
          const next = withImage(each, container, image);
          return before.first ? withReplicas(next, firstReplicas ?? 1) : next;
        };
        const expected = before.first ? `0 x ${before.deployment.image}` : before.deployment.image;
        const wanted = before.first ? `${firstReplicas ?? 1} x ${image}` : image;
        const target = guardedDeployment(client, at, operation, fields, change);
        const written = await guardedWrite(target, { fence, field: 'image', wanted, expected });
        if (written.outcome === 'foreign') return written;
        if (written.outcome === 'gone') {
          return {
            outcome: 'foreign',
            changes: [{ object: target.name, field: 'existence', expected, observed: 'deleted' }],
          };
        }
        const ready = await awaitReady(client, at, plan.deadlines.readyMs, tell);
        const standing = await client.get<Deployment & KubernetesObject>({ kind: 'Deployment', ...at });
        // Ready with nothing to be ready: someone scaled it to 0, and traffic must not be given to it.
        if (ready.outcome === 'ready' && standing && replicasOf(standing) === 0) {
          return { outcome: 'notReady', says: `${target.name}: was scaled to 0 replicas by someone else` };
        }
        return ready;
      });
    },
  };
}
