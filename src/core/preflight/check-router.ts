import type { DeployPlan } from '../model/plan.ts';
import { formatBackends, type HttpRoute, whyNotAccepted } from '../rollout/route.ts';
import { oneRuleExpected, readRouting, routingName, type RoutingObject } from '../rollout/routing.ts';
import { reconciliationOf, type VirtualService } from '../rollout/virtual-service.ts';
import { checkDestinationRules } from './check-destination-rules.ts';
import { checkReach } from './check-reach.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed, worstOf } from './finding.ts';
import { canaryOf } from './under-way.ts';

/** The route sends everything to the stable Service, the data plane applies it, and tells its weights. */
export function checkRouter(facts: PreflightFacts, plan: DeployPlan): Finding {
  const { stableService } = plan.traffic;
  const name = routingName(plan);
  const ofRoute = checkSeen(name, facts.route, ({ object }) => checkRoute(name, object, plan));
  const ofKind = checkKind(facts, plan);
  const findings = [ofRoute, ...ofKind, checkService(facts, plan), checkWeightMetric(facts, plan)];
  const isPlain = ofRoute.result === 'pass' && ofRoute.reason !== '';
  const told = ofKind.filter(({ result, reason }) => result === 'pass' && reason !== '').map(({ reason }) => reason);
  const all = isPlain ? ofRoute.reason : [`${name} sends everything to Service ${stableService}`, ...told].join('; ');
  return worstOf(findings, all);
}

function checkRoute(name: string, route: RoutingObject, plan: DeployPlan): Finding {
  const { traffic } = plan;
  const { stableService, port } = traffic;
  const { rule, backends } = readRouting(traffic, route);
  if (rule < 0) return failed(`${name}: ${oneRuleExpected(traffic)}, ${rule === -1 ? 'none does' : 'several do'}`);
  const canary = canaryOf(route, traffic);
  if (canary) {
    return passed(`${name}: another deployment is under way (${formatBackends(backends)}); its end comes first`);
  }
  const stable = backends.find((each) => each.service === stableService);
  const others = backends.filter((each) => each.service !== stableService && each.weight > 0);
  if (others.length > 0 || (stable?.weight ?? 0) === 0) {
    return failed(`${name}: expected all weight on Service ${stableService}, found ${formatBackends(backends)}`);
  }
  // Istio takes the only port of a Service where none is written.
  const isUnwritten = traffic.kind === 'istioVirtualService' && stable?.port === 0;
  if (stable && stable.port !== port && !isUnwritten) {
    return failed(`${name}: expected port ${port} of Service ${stableService}, found ${stable.port || 'none'}`);
  }
  const problem = whyNotApplied(route, plan);
  return problem === undefined ? passed('') : failed(`${name}: ${problem}`);
}

function whyNotApplied(route: RoutingObject, { traffic }: DeployPlan): string | undefined {
  switch (traffic.kind) {
    case 'httpRoute':
      return whyNotAccepted(route as HttpRoute);
    case 'istioVirtualService': {
      const reconciled = reconciliationOf(route as VirtualService);
      return reconciled.told ? reconciled.problem : undefined;
    }
    case 'podRatio':
      return undefined;
  }
}

/** What only one kind of router needs. A reason of a finding that passes is told to people. */
function checkKind(facts: PreflightFacts, plan: DeployPlan): readonly Finding[] {
  switch (plan.traffic.kind) {
    case 'httpRoute':
      return [];
    case 'istioVirtualService':
      return checkDestinationRules(facts, plan, plan.traffic);
    case 'podRatio':
      return checkReach(facts, plan, plan.traffic);
  }
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
