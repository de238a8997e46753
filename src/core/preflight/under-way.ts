import { findRule, type HttpRoute, readBackends } from '../rollout/route.ts';
import { leftoverTerm } from '../rollout/leftovers.ts';
import type { BackendWeight } from '../model/operation.ts';
import type { PreflightFacts } from './facts.ts';
import type { DeployPlan } from '../model/plan.ts';

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
  return canaryOf(facts.route.object, plan.traffic.stableService);
}

export function canaryOf(route: HttpRoute, stableService: string): BackendWeight | undefined {
  const rule = findRule(route, stableService);
  if (rule < 0) return undefined;
  return readBackends(route, rule).find((each) => isCanaryService(stableService, each.service));
}
