import { leftoverTerm } from '../rollout/leftovers.ts';
import { readRouting, type RoutingObject } from '../rollout/routing.ts';
import type { BackendWeight } from '../model/operation.ts';
import type { PreflightFacts } from './facts.ts';
import type { DeployPlan, TrafficPlan } from '../model/plan.ts';

/** True for the Service that a canary of this stable Service has: `<stable>-canary-<term>`. */
export function isCanaryService(stableService: string, name: string): boolean {
  return leftoverTerm(stableService, name) !== undefined;
}

/**
 * The canary of another deployment of this service that is under way, if the route shows one. Then weights, and replicas
 * in a roll, are that deployment's business: ownership decides who waits for whom and has what it left restored.
 */
export function canaryUnderWay(facts: PreflightFacts, plan: DeployPlan): BackendWeight | undefined {
  if (facts.route.seen !== 'present') return undefined;
  return canaryOf(facts.route.object, plan.traffic);
}

export function canaryOf(object: RoutingObject, traffic: TrafficPlan): BackendWeight | undefined {
  const { rule, backends } = readRouting(traffic, object);
  if (rule < 0) return undefined;
  return backends.find((each) => isCanaryService(traffic.stableService, each.service));
}
