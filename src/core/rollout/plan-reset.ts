/**
 * The manual escape: what to write when the workflow that owns a service cannot be reached. Decided from what stands on
 * the objects of the cluster alone.
 */
import { isCanaryService } from '../preflight/under-way.ts';
import type { BackendWeight, Fence } from '../model/operation.ts';
import { formatFence, parseFence } from './fence.ts';
import { leftoverTerm } from './leftovers.ts';
import { formatBackends, sameBackends } from './route.ts';

export interface PodFacts {
  readonly name: string;
  readonly ready: boolean;
  /** Image of the deployed container. */
  readonly image: string;
}

/** A Deployment that could take the traffic, with its own pods. */
export interface ArmFacts {
  readonly name: string;
  readonly replicas: number;
  readonly pods: readonly PodFacts[];
  readonly stamp?: string;
  /** Which operation wrote last. */
  readonly operation?: string;
}

export interface CanaryCompanion {
  readonly kind: 'Service' | 'DestinationRule';
  readonly name: string;
}

export interface ResetFacts {
  /** `Deployment crm/crm-api` names begin with it. */
  readonly namespace: string;
  readonly stableService: string;
  /** `HTTPRoute crm/crm-api` */
  readonly route: { readonly name: string; readonly backends: readonly BackendWeight[]; readonly stamp?: string };
  readonly stable: ArmFacts;
  /** Canary Deployments of this service, whoever made them. */
  readonly canaries: readonly ArmFacts[];
  /** What stands beside canary Deployments: their Services, and what else their router needs. */
  readonly companions: readonly CanaryCompanion[];
}

export type ResetTo = 'stable' | 'canary';

export type ResetPlan =
  | {
      readonly decision: 'write';
      readonly to: ResetTo;
      readonly fence: Fence;
      readonly backends: readonly BackendWeight[];
      /** False: the weights stand already as they should, only stamps are written. */
      readonly shifts: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly decision: 'refuse'; readonly why: string; readonly advice: readonly string[] }
  | { readonly decision: 'nothing'; readonly says: string };

/** Never gives traffic to a version without a ready pod, and touches no backend that is not ours. */
export function planReset(facts: ResetFacts, to: ResetTo): ResetPlan {
  const arm = to === 'stable' ? facts.stable : routedCanary(facts);
  if (arm === undefined) {
    const why = `${facts.route.name} names no canary of ${facts.stableService}: it sends ${formatBackends(facts.route.backends)}`;
    return { decision: 'refuse', why, advice: ['without --to canary the traffic goes to the stable Service'] };
  }
  if (readyOf(arm) === 0) return refuseEmpty(facts, arm, to);
  const backends = to === 'stable' ? allToStable(facts) : allToCanary(facts, canaryServiceOf(facts, arm));
  const shifts = !sameBackends(backends, facts.route.backends);
  if (!shifts && facts.canaries.length === 0 && facts.companions.length === 0) {
    const says = `${facts.route.name} sends ${formatBackends(backends)} already, and no canary object is left`;
    return { decision: 'nothing', says };
  }
  return { decision: 'write', to, fence: nextFence(facts), backends, shifts, warnings: warningsOf(facts, arm, to) };
}

function allToStable({ route, stableService }: ResetFacts): readonly BackendWeight[] {
  return route.backends
    .filter((each) => !isCanaryService(stableService, each.service))
    .map((each) => (each.service === stableService ? { ...each, weight: 100 } : each));
}

/** The stable Service stays named, with no share: by it the rule is found again. */
function allToCanary({ route, stableService }: ResetFacts, canary: string): readonly BackendWeight[] {
  return route.backends
    .filter((each) => each.service === canary || !isCanaryService(stableService, each.service))
    .map((each) => {
      if (each.service === stableService) return { ...each, weight: 0 };
      return each.service === canary ? { ...each, weight: 100 } : each;
    });
}

/** Of several, the newest that has a ready pod. */
function routedCanary(facts: ResetFacts): ArmFacts | undefined {
  const routed = facts.canaries.filter((arm) =>
    facts.route.backends.some((each) => each.service === canaryServiceOf(facts, arm)),
  );
  const newest = routed.toSorted((a, b) => termOf(facts, b) - termOf(facts, a));
  return newest.find((arm) => readyOf(arm) > 0) ?? newest[0];
}

function termOf({ stable }: ResetFacts, { name }: ArmFacts): number {
  return leftoverTerm(stable.name, name) ?? 0;
}

function canaryServiceOf(facts: ResetFacts, arm: ArmFacts): string {
  const term = termOf(facts, arm);
  const named = facts.route.backends.find((each) => leftoverTerm(facts.stableService, each.service) === term);
  return named?.service ?? `${facts.stableService}-canary-${term}`;
}

function readyOf({ pods }: ArmFacts): number {
  return pods.filter(({ ready }) => ready).length;
}

/** `Deployment crm/crm-api: 2 of 3 pods ready` */
export function describeArm(namespace: string, arm: ArmFacts): string {
  const images = [...new Set(arm.pods.filter(({ ready }) => ready).map(({ image }) => image))];
  const runs = images.length === 0 ? '' : `, running ${images.join(' and ')}`;
  return `Deployment ${namespace}/${arm.name}: ${readyOf(arm)} of ${arm.replicas} pods ready${runs}`;
}

function refuseEmpty(facts: ResetFacts, arm: ArmFacts, to: ResetTo): ResetPlan {
  const other = to === 'stable' ? routedCanary(facts) : facts.stable;
  const why = `Deployment ${facts.namespace}/${arm.name} has no ready pod (0 of ${arm.replicas}): traffic would go to nothing`;
  const advice =
    other !== undefined && readyOf(other) > 0
      ? [
          `${describeArm(facts.namespace, other)}; to give it everything instead: ${to === 'stable' ? 'add --to canary' : 'leave --to canary out'}`,
        ]
      : ['no version has a ready pod'];
  return {
    decision: 'refuse',
    why,
    advice: [...advice, `why it has none: kubectl -n ${facts.namespace} describe deployment ${arm.name}`],
  };
}

function warningsOf(facts: ResetFacts, arm: ArmFacts, to: ResetTo): readonly string[] {
  const { namespace, route, stableService } = facts;
  const ready = readyOf(arm);
  const images = new Set(arm.pods.filter((each) => each.ready).map(({ image }) => image));
  const foreign = route.backends.filter(
    (each) => each.service !== stableService && !isCanaryService(stableService, each.service) && each.weight > 0,
  );
  return [
    ...(ready < arm.replicas ? [`only ${ready} of ${arm.replicas} pods are ready to take everything`] : []),
    ...(images.size > 1
      ? [`its ready pods run ${images.size} versions: a roll of Deployment ${namespace}/${arm.name} has not ended`]
      : []),
    ...(to === 'canary' && readyOf(facts.stable) > 0
      ? [`stable has ${readyOf(facts.stable)} ready pods too, and the canary is the version that was on trial`]
      : []),
    ...foreign.map((each) => `weight ${each.weight} of ${each.service} is not Mainstay's and stays as it is`),
  ];
}

/**
 * Above every pair that stands, so that a late activity of the interrupted operation is refused; one term only, so that
 * whoever owns the service next stands above it again.
 * Worked examples: stamps 17/4 and 17/6 -> 18/1; none, and a canary named `web-canary-9` -> 10/1.
 */
export function nextFence(facts: ResetFacts): Fence {
  const arms = [facts.stable, ...facts.canaries];
  const stamped = [facts.route.stamp, ...arms.map(({ stamp }) => stamp)].map((stamp) => parseFence(stamp)?.term ?? 0);
  const named = facts.canaries.map((arm) => termOf(facts, arm));
  return { term: Math.max(0, ...stamped, ...named) + 1, change: 1 };
}

/** Canary objects by name, for whoever has to take them away. */
export function leftOf({ canaries, companions, namespace }: ResetFacts): readonly string[] {
  return [
    ...canaries.map(({ name }) => `Deployment ${namespace}/${name}`),
    ...companions.map(({ kind, name }) => `${kind} ${namespace}/${name}`),
  ];
}

/** What stands, and what will be written, as lines for a person. */
export function resetLines(facts: ResetFacts, plan: ResetPlan): readonly string[] {
  const { route, stable, canaries, namespace } = facts;
  const by = stable.operation === undefined ? '' : `, last written by ${stable.operation}`;
  const lines = [
    `${route.name} sends ${formatBackends(route.backends)} (stamp ${route.stamp ?? 'none'})`,
    `${describeArm(namespace, stable)} (stamp ${stable.stamp ?? 'none'}${by})`,
    ...canaries.map((arm) => `${describeArm(namespace, arm)} (canary)`),
  ];
  if (plan.decision !== 'write') return lines;
  const shift = plan.shifts ? `will send ${formatBackends(plan.backends)}` : 'keeps its weights';
  return [
    ...lines,
    `${route.name} ${shift}; route and Deployments get the stamp ${formatFence(plan.fence)}, so that a late write of the interrupted operation is refused`,
    ...plan.warnings.map((warning) => `warning: ${warning}`),
  ];
}
