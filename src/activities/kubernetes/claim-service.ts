/**
 * Takes the objects of a service over: stamps Deployment and route with our pair, then observes what stands. From here
 * on a late write of an earlier owner is refused by the stamp, so what is observed stays true.
 */
import type { KubernetesClients, KubernetesObject } from '../../clients/kubernetes/port.ts';
import type { RouteState, TrafficRouter } from '../../clients/router/port.ts';
import { MARKS } from '../../core/model/names.ts';
import type { BeforeRecord, Fence } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { type Deployment, imageOf, replicasOf, templateDigest } from '../../core/rollout/workload.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { guardedWrite, withHeartbeats } from '../mutation.ts';
import { guardedDeployment } from './guarded-deployment.ts';
import { removeLeftovers } from './remove-leftovers.ts';

export interface ClaimInput {
  readonly plan: DeployPlan;
  readonly fence: Fence;
  readonly operation: string;
  /** Also takes away what an earlier owner made when it was already fenced. Not in a restore, whose account must be exact. */
  readonly tidy?: boolean;
  /** Request in whose name what is found is deposited with ownership, before anything is changed. */
  readonly depositFor?: string;
}

export function createClaimService(deps: { readonly kubernetes: KubernetesClients; readonly router: TrafficRouter }) {
  return {
    /** Throws NotFound when Deployment or route is missing, Fenced when a newer owner has them. */
    async claimService({ plan, fence, operation, tidy }: ClaimInput): Promise<BeforeRecord> {
      return withHeartbeats(async () => {
        const { workload, traffic, service } = plan;
        const client = deps.kubernetes(workload.cluster);
        const at = { namespace: workload.namespace, name: workload.deployment };
        const wish = { fence, field: 'fence', wanted: 'claimed', first: true };
        const deployment = await guardedWrite(
          guardedDeployment(
            client,
            at,
            operation,
            () => 'claimed',
            (each) => each,
          ),
          wish,
        );
        if (deployment.outcome !== 'done')
          throw new CodedError('NotFound', `Deployment ${at.namespace}/${at.name} does not exist; apply it first`);
        const target = { workload, traffic, service };
        const route = await guardedWrite(
          {
            name: deps.router.nameOf(target),
            read: () => deps.router.read(target),
            stamp: (state) => state.stamp,
            fields: () => 'claimed',
            write: (state, stamp) =>
              deps.router.write(target, state, state.backends, { [deps.router.fenceKey(target)]: stamp }),
          },
          wish,
        );
        if (route.outcome !== 'done') throw new CodedError('NotFound', `${deps.router.nameOf(target)} does not exist`);
        if (tidy === true) await removeLeftovers(client, plan, fence, route.state);
        const standing = await client.get<Deployment & KubernetesObject>({ kind: 'Deployment', ...at });
        if (standing === undefined)
          throw new CodedError('NotFound', `Deployment ${at.namespace}/${at.name} was deleted`);
        return recordBefore(plan, standing, route.state);
      });
    },
  };
}

/** Selects the pods of this Deployment and no canary's: a selector without the track would match both arms. */
function podLabels({ spec }: Deployment): Readonly<Record<string, string>> {
  const track = spec.template.metadata?.labels?.[MARKS.track];
  return { ...spec.selector.matchLabels, ...(track !== undefined && { [MARKS.track]: track }) };
}

function recordBefore(plan: DeployPlan, deployment: Deployment, route: RouteState): BeforeRecord {
  const image = imageOf(deployment, plan.workload.container);
  if (image === undefined) {
    throw new CodedError(
      'PreconditionFailed',
      `Deployment ${plan.workload.namespace}/${plan.workload.deployment}: no container ${plan.workload.container}`,
    );
  }
  return {
    deployment: {
      name: deployment.metadata.name,
      uid: deployment.metadata.uid ?? '',
      replicas: replicasOf(deployment),
      image,
      templateDigest: templateDigest(deployment),
      revision: deployment.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '',
      readyReplicas: deployment.status?.readyReplicas ?? 0,
      selector: podLabels(deployment),
    },
    route: { name: plan.traffic.route, uid: route.uid, rule: route.rule, backends: route.backends },
    observedAtMs: Date.now(),
    first: replicasOf(deployment) === 0,
  };
}
