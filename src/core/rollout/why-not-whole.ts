import { isCanaryService } from '../preflight/under-way.ts';
import type { BeforeRecord } from '../model/operation.ts';
import type { DeployPlan } from '../model/plan.ts';
import { formatBackends } from './route.ts';
import { canaryCompanions, routingName } from './routing.ts';

/**
 * Why what was found is no state to come back to: the route still names the canary of an operation whose record is lost
 * (its ownership was ended by hand). Undefined when it is whole. To take such weights for the state before would keep a
 * canary for ever.
 */
export function whyNotWhole(before: BeforeRecord, plan: DeployPlan): string | undefined {
  const left = before.route.backends.find((each) => isCanaryService(plan.traffic.stableService, each.service));
  if (left === undefined) return whyNotStable(before, plan);
  const objects = ['the Deployment', ...canaryCompanions(plan.traffic)].join(' and ');
  return `${routingName(plan)} still sends weight ${left.weight} to ${left.service}, the canary of an operation whose record is lost; mainstay traffic reset ${plan.service} ${plan.environment} --remove-canary gives all weight to ${plan.traffic.stableService} and deletes ${objects} of that canary; then deploy again`;
}

/** A selector that someone opened, or set to pods of their own: there are no weights to give back. */
function whyNotStable({ route }: BeforeRecord, plan: DeployPlan): string | undefined {
  const { stableService } = plan.traffic;
  if (route.backends.some((each) => each.service === stableService)) return undefined;
  return `${routingName(plan)}: expected all weight on ${stableService}, found ${formatBackends(route.backends)}`;
}
