import type { DeployPlan } from '../model/plan.ts';
import { findRule, formatBackends, type HttpRoute, readBackends, whyNotAccepted } from '../rollout/route.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed, worstOf } from './finding.ts';
import { canaryOf } from './under-way.ts';

/** The route sends everything to the stable Service, the gateway applies it, and the data plane tells its weights. */
export function checkRouter(facts: PreflightFacts, plan: DeployPlan): Finding {
  const { route, stableService } = plan.traffic;
  const name = `HTTPRoute ${plan.workload.namespace}/${route}`;
  const ofRoute = checkSeen(name, facts.route, ({ object }) => checkRoute(name, object, plan));
  const findings = [ofRoute, checkService(facts, plan), checkWeightMetric(facts, plan)];
  const isPlain = ofRoute.result === 'pass' && ofRoute.reason !== '';
  return worstOf(findings, isPlain ? ofRoute.reason : `${name} sends everything to Service ${stableService}`);
}

function checkRoute(name: string, route: HttpRoute, plan: DeployPlan): Finding {
  const { stableService, port } = plan.traffic;
  const rule = findRule(route, stableService);
  if (rule < 0) {
    const found = rule === -1 ? 'none does' : 'several do';
    return failed(`${name}: exactly one rule must send to Service ${stableService}, ${found}`);
  }
  const backends = readBackends(route, rule);
  const canary = canaryOf(route, stableService);
  if (canary) {
    return passed(`${name}: another deployment is under way (${formatBackends(backends)}); its end comes first`);
  }
  const stable = backends.find((each) => each.service === stableService);
  const others = backends.filter((each) => each.service !== stableService && each.weight > 0);
  if (others.length > 0 || (stable?.weight ?? 0) === 0) {
    return failed(`${name}: expected all weight on Service ${stableService}, found ${formatBackends(backends)}`);
  }
  if (stable && stable.port !== port) {
    return failed(`${name}: expected port ${port} of Service ${stableService}, found ${stable.port || 'none'}`);
  }
  const problem = whyNotAccepted(route);
  return problem === undefined ? passed('') : failed(`${name}: ${problem}`);
}

function checkService(facts: PreflightFacts, plan: DeployPlan): Finding {
  const { stableService, port } = plan.traffic;
  const name = `Service ${plan.workload.namespace}/${stableService}`;
  return checkSeen(name, facts.service, ({ object }) => {
    const ports = (object.spec.ports ?? []).map((each) => each.port);
    return ports.includes(port)
      ? passed('')
      : failed(`${name}: expected port ${port}, found ${ports.join(', ') || 'none'}`);
  });
}

function checkWeightMetric({ weightMetric }: PreflightFacts, plan: DeployPlan): Finding {
  const metric = plan.traffic.weightMetric;
  if (!metric) return passed('');
  if (!weightMetric) return notChecked(`weight metric ${metric.name}: was not looked at`);
  return checkSeen(`weight metric ${metric.name} at ${metric.url}`, weightMetric, ({ stablePercent }) => {
    if (stablePercent !== null) return passed('');
    const series = `${metric.name}{${metric.backendLabel}="${plan.traffic.stableService}"}`;
    return failed(`weight metric at ${metric.url}: expected a series ${series}, found none`);
  });
}
