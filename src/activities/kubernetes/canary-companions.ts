/** The objects a canary needs besides its Deployment, so that its kind of router can send traffic to it. */
import type { KubernetesClient, KubernetesObject, ObjectAddress } from '../../clients/kubernetes/port.ts';
import { canaryName } from '../../core/model/names.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { type DestinationRule, makeCanaryRule } from '../../core/rollout/destination-rule.ts';
import { canaryCompanions } from '../../core/rollout/routing.ts';
import { type CanaryNaming, makeCanaryService, type Service } from '../../core/rollout/workload.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { checkCancelled } from '../mutation.ts';

export interface CompanionsWish {
  readonly plan: DeployPlan;
  readonly naming: CanaryNaming;
  readonly annotations: Record<string, string>;
  /** The canary Deployment. */
  readonly owner: KubernetesObject;
}

/** What was made, one entry each; undefined for one that was there already. */
export async function createCompanions(
  client: KubernetesClient,
  wish: CompanionsWish,
): Promise<readonly (KubernetesObject | undefined)[]> {
  const made: (KubernetesObject | undefined)[] = [];
  for (const kind of canaryCompanions(wish.plan.traffic)) {
    const object = kind === 'Service' ? await serviceFor(client, wish) : await ruleFor(client, wish);
    made.push(await createOnce(client, object));
  }
  return made;
}

async function serviceFor(
  client: KubernetesClient,
  { plan, naming, annotations }: CompanionsWish,
): Promise<KubernetesObject> {
  const { namespace } = plan.workload;
  const name = plan.traffic.stableService;
  const stable = await mustGet<Service & KubernetesObject>(client, { kind: 'Service', namespace, name });
  return makeCanaryService(stable, naming, canaryName(name, naming.term), annotations);
}

async function ruleFor(
  client: KubernetesClient,
  { plan, naming, annotations, owner }: CompanionsWish,
): Promise<KubernetesObject> {
  const { namespace } = plan.workload;
  const named = plan.traffic.kind === 'istioVirtualService' ? plan.traffic.destinationRule : undefined;
  const team = named && (await mustGetRule(client, { kind: 'DestinationRule', namespace, name: named.name }));
  const { name, uid = '' } = owner.metadata;
  return makeCanaryRule(naming, canaryName(plan.traffic.stableService, naming.term), {
    namespace,
    annotations,
    owner: { name, uid },
    team,
    stableSubset: named?.stableSubset,
  });
}

async function mustGetRule(client: KubernetesClient, address: ObjectAddress): Promise<DestinationRule> {
  return (await mustGet(client, address)) as DestinationRule & KubernetesObject;
}

/** Throws NotFound. */
export async function mustGet<T extends KubernetesObject>(
  client: KubernetesClient,
  address: ObjectAddress,
): Promise<T> {
  const found = await client.get<T>(address);
  if (found === undefined)
    throw new CodedError('NotFound', `${address.kind} ${address.namespace}/${address.name} does not exist`);
  return found;
}

/** What was made; undefined when it was there already. */
export async function createOnce(
  client: KubernetesClient,
  object: KubernetesObject,
): Promise<KubernetesObject | undefined> {
  checkCancelled();
  try {
    return await client.create(object);
  } catch (error) {
    if (!isCoded(error, 'Conflict')) throw error;
    return undefined;
  }
}
