import type { DeployPlan } from '../model/plan.ts';
import { assessReadiness, type Deployment, imageOf, replicasOf } from '../rollout/workload.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, passed } from './finding.ts';
import { canaryUnderWay } from './under-way.ts';

/** The version that serves now is whole: what a rollback returns to, and what the canary is compared with. */
export function checkStableHealthy(facts: PreflightFacts, plan: DeployPlan): Finding {
  const name = nameOfDeployment(plan);
  return checkSeen(name, facts.deployment, ({ object }) => {
    const problem = whyNotUsable(name, object, plan);
    if (problem !== undefined) return failed(problem);
    const canary = canaryUnderWay(facts, plan);
    if (canary) return passed(`${name}: another deployment is under way (${canary.service}); its end comes first`);
    const readiness = assessReadiness(object);
    if (replicasOf(object) > 0) return readiness.ready ? passed(readiness.says) : failed(readiness.says);
    // The controller need not have counted down yet: what runs still would serve next to the first version.
    if ((object.status?.replicas ?? 0) > 0) return failed(`${name}: 0 replicas wanted, old ones still end`);
    return passed(`${name}: 0 replicas, no version serves yet: a first deployment, compared with nothing`);
  });
}

function whyNotUsable(name: string, deployment: Deployment, plan: DeployPlan): string | undefined {
  const containers = deployment.spec.template.spec.containers.map((each) => each.name);
  if (!containers.includes(plan.workload.container)) {
    return `${name}: expected a container ${plan.workload.container}, found ${containers.join(', ') || 'none'}`;
  }
  if (imageOf(deployment, plan.workload.container) === undefined) {
    return `${name}: container ${plan.workload.container} has no image`;
  }
  if (deployment.spec.paused === true) {
    return `${name}: is paused, so it would not roll; kubectl rollout resume deployment/${deployment.metadata.name} -n ${plan.workload.namespace}`;
  }
  return undefined;
}

/** A rollback in the bake returns to the recorded revision, which must not be thrown away. */
export function checkHistory(facts: PreflightFacts, plan: DeployPlan): Finding {
  const name = nameOfDeployment(plan);
  return checkSeen(name, facts.deployment, ({ object }) => {
    const limit = object.spec.revisionHistoryLimit;
    if (limit === 0) {
      return failed(
        `${name}: spec.revisionHistoryLimit is 0, so no earlier revision is kept to roll back to; use 1 or more`,
      );
    }
    return passed(
      `${name}: ${typeof limit === 'number' ? `${limit} earlier revisions` : '10 earlier revisions, the default,'} are kept`,
    );
  });
}

function nameOfDeployment(plan: DeployPlan): string {
  return `Deployment ${plan.workload.namespace}/${plan.workload.deployment}`;
}
