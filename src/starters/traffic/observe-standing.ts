/** What stands on the cluster for one service: routing object, Deployments with their pods, canary Services. */
import type { KubernetesClient, KubernetesObject } from '../../clients/kubernetes/port.ts';
import type { RouteState, TrafficRouter } from '../../clients/router/port.ts';
import { MARKS } from '../../core/model/names.ts';
import { leftoverTerm } from '../../core/rollout/leftovers.ts';
import type { ArmFacts, PodFacts, ResetFacts } from '../../core/rollout/plan-reset.ts';
import type { ServiceTarget } from '../../core/rollout/resolve-target.ts';
import { canaryCompanions } from '../../core/rollout/routing.ts';
import { type Container, type Deployment, imageOf, replicasOf, selectorText } from '../../core/rollout/workload.ts';
import { CodedError } from '../../errors/coded-error.ts';

export interface ClusterHands {
  readonly client: KubernetesClient;
  readonly router: TrafficRouter;
}

/** The facts, and the objects they were read from, for conditional writes. */
export interface Standing {
  readonly facts: ResetFacts;
  readonly route: RouteState;
}

interface Pod extends KubernetesObject {
  readonly spec: { readonly containers?: readonly Container[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Throws CodedError: NotFound (Deployment or routing object), PreconditionFailed (no rule for the service), Unavailable and the like. */
export async function observeStanding({ client, router }: ClusterHands, target: ServiceTarget): Promise<Standing> {
  const { namespace, deployment: name, container } = target.workload;
  const { stableService } = target.traffic;
  const labelSelector = `${MARKS.service}=${target.service},${MARKS.managedBy}=mainstay`;
  const kinds = canaryCompanions(target.traffic);
  const [stable, route, deployments, ...beside] = await Promise.all([
    client.get<Deployment & KubernetesObject>({ kind: 'Deployment', namespace, name }),
    router.read(target),
    client.list<Deployment & KubernetesObject>('Deployment', namespace, { labelSelector }),
    ...kinds.map((kind) => client.list(kind, namespace, { labelSelector })),
  ]);
  if (stable === undefined) throw new CodedError('NotFound', `Deployment ${namespace}/${name} does not exist`);
  if (route === undefined) throw new CodedError('NotFound', `${router.nameOf(target)} does not exist`);
  const canaries = deployments.filter(({ metadata }) => leftoverTerm(name, metadata.name) !== undefined);
  const arm = (deployment: Deployment): Promise<ArmFacts> => armOf(client, deployment, container);
  const [stableArm, ...canaryArms] = await Promise.all([arm(stable), ...canaries.map(arm)]);
  if (stableArm === undefined) throw new Error('unreachable: the stable Deployment was read');
  const facts: ResetFacts = {
    namespace,
    stableService,
    route: {
      name: router.nameOf(target),
      backends: route.backends,
      ...(route.stamp !== undefined && { stamp: route.stamp }),
    },
    stable: stableArm,
    canaries: canaryArms,
    companions: kinds.flatMap((kind, index) =>
      (beside[index] ?? [])
        .filter(({ metadata }) => leftoverTerm(stableService, metadata.name) !== undefined)
        .map(({ metadata }) => ({ kind, name: metadata.name })),
    ),
  };
  return { facts, route };
}

/** By the Deployment's own selector: a Service may select the pods of both. */
async function armOf(client: KubernetesClient, deployment: Deployment, container: string): Promise<ArmFacts> {
  const { name, namespace = 'default', annotations = {} } = deployment.metadata;
  const labelSelector = selectorText(deployment.spec.selector.matchLabels ?? {});
  const pods = await client.list<Pod>('Pod', namespace, { labelSelector });
  const stamp = annotations[MARKS.fence];
  const operation = annotations[MARKS.operation];
  return {
    name,
    replicas: replicasOf(deployment),
    pods: pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((pod) => podFacts(pod, container, imageOf(deployment, container))),
    ...(stamp !== undefined && { stamp }),
    ...(operation !== undefined && { operation }),
  };
}

function podFacts({ metadata, spec, status }: Pod, container: string, wanted: string | undefined): PodFacts {
  const ready = (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');
  const image = spec.containers?.find((each) => each.name === container)?.image;
  return { name: metadata.name, ready, image: image ?? wanted ?? 'an unknown image' };
}
