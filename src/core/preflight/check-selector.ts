import { MARKS } from '../model/names.ts';
import type { DeployPlan } from '../model/plan.ts';
import type { Deployment, Service } from '../rollout/workload.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, passed } from './finding.ts';
import { canaryUnderWay } from './under-way.ts';

/**
 * The stable Service must tell stable pods from canary pods, or the canary would get stable's traffic, whatever the
 * weights say. Canary pods carry the labels of stable with another value of the track label.
 */
export function checkSelector(facts: PreflightFacts, plan: DeployPlan): Finding {
  const { namespace, deployment } = plan.workload;
  const serviceName = `Service ${namespace}/${plan.traffic.stableService}`;
  const deploymentName = `Deployment ${namespace}/${deployment}`;
  // With pod ratio the selector is what a deployment changes: that one's end comes first.
  const canary = plan.traffic.kind === 'podRatio' ? canaryUnderWay(facts, plan) : undefined;
  if (canary) return passed(`${serviceName}: another deployment is under way (${canary.service}); its end comes first`);
  return checkSeen(serviceName, facts.service, (service) =>
    checkSeen(deploymentName, facts.deployment, ({ object }) =>
      compare(serviceName, service.object, deploymentName, object, plan),
    ),
  );
}

function compare(
  serviceName: string,
  service: Service,
  deploymentName: string,
  deployment: Deployment,
  { traffic }: DeployPlan,
): Finding {
  const selector = service.spec.selector ?? {};
  const labels = deployment.spec.template.metadata?.labels ?? {};
  const wanted = selector[MARKS.track] ?? labels[MARKS.track] ?? 'stable';
  const onPods = `add the label ${MARKS.track}: ${wanted} to spec.template.metadata.labels of ${deploymentName}`;
  const onService = `add ${MARKS.track}: ${wanted} to spec.selector of ${serviceName}`;
  if (wanted.startsWith('canary-')) {
    return failed(`${serviceName}: ${MARKS.track} is ${wanted}, which is kept for canaries; use stable`);
  }
  if (labels[MARKS.track] === undefined && selector[MARKS.track] === undefined) {
    return failed(
      `${serviceName} would also select canary pods: first ${onPods} and wait for the rollout, then ${onService}`,
    );
  }
  if (labels[MARKS.track] === undefined) return failed(`${deploymentName}: its pods lack the track; ${onPods}`);
  if (selector[MARKS.track] === undefined) return failed(`${serviceName} would also select canary pods: ${onService}`);
  const other = Object.entries(selector).filter(([key, value]) => labels[key] !== value);
  if (other.length > 0) {
    const words = other.map(([key, value]) => `${key}=${value} (pods have ${labels[key] ?? 'none'})`).join(', ');
    return failed(`${serviceName} does not select the pods of ${deploymentName}: ${words}`);
  }
  if (traffic.kind === 'podRatio' && Object.keys(selector).length === 1) {
    return failed(`${serviceName}: needs another label than ${MARKS.track} in spec.selector, which both arms have`);
  }
  return passed(`${serviceName} selects ${MARKS.track}=${wanted}: canary pods do not match`);
}
