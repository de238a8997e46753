/** What stands before ownership is asked for: the image that serves and the highest term on the objects. */
import type { KubernetesClients, KubernetesObject } from '../../clients/kubernetes/port.ts';
import type { TrafficRouter } from '../../clients/router/port.ts';
import { MARKS } from '../../core/model/names.ts';
import type { ServiceObservation } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { parseFence } from '../../core/rollout/fence.ts';
import { type Deployment, imageOf, replicasOf } from '../../core/rollout/workload.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { guarded } from '../failure.ts';

export interface ServiceReader {
  readonly kubernetes: KubernetesClients;
  readonly router: TrafficRouter;
}

export function createObserveService(deps: ServiceReader) {
  return {
    /** Throws NotFound when the Deployment does not exist. */
    observeService: guarded(({ plan }: { readonly plan: DeployPlan }) => readService(deps, plan)),
  };
}

/** Throws NotFound when the Deployment does not exist. */
export async function readService(
  deps: ServiceReader,
  { workload, traffic, service }: DeployPlan,
  signal?: AbortSignal,
): Promise<ServiceObservation> {
  const { namespace, deployment: name, container, cluster } = workload;
  const [deployment, route] = await Promise.all([
    deps.kubernetes(cluster).get<Deployment & KubernetesObject>({ kind: 'Deployment', namespace, name }, signal),
    deps.router.read({ workload, traffic, service }, signal),
  ]);
  if (deployment === undefined)
    throw new CodedError('NotFound', `Deployment ${namespace}/${name} does not exist; apply it first`);
  const stamps = [parseFence(deployment.metadata.annotations?.[MARKS.fence]), parseFence(route?.stamp)];
  return {
    image: imageOf(deployment, container) ?? '',
    replicas: replicasOf(deployment),
    observedTerm: Math.max(0, ...stamps.map((stamp) => stamp?.term ?? 0)),
  };
}
