import type { DeployPlan, PodRatioPlan } from '../model/plan.ts';
import { reachOf, rounded } from '../rollout/pod-ratio.ts';
import { replicasOf } from '../rollout/workload.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed } from './finding.ts';
import { MARKS } from '../model/names.ts';
import { canaryUnderWay } from './under-way.ts';

/** Which weight each step really gets with this many pods, and that no pod but those of the two arms gets any. */
export function checkReach(facts: PreflightFacts, plan: DeployPlan, traffic: PodRatioPlan): readonly Finding[] {
  const name = `Deployment ${plan.workload.namespace}/${plan.workload.deployment}`;
  const reach = checkSeen(name, facts.deployment, ({ object }) => checkSteps(replicasOf(object), plan, traffic));
  return [reach, checkStrangers(facts, plan)];
}

function checkSteps(replicas: number, plan: DeployPlan, { tolerancePercent }: PodRatioPlan): Finding {
  if (replicas === 0) return passed('');
  const steps = plan.steps.map(({ weightPercent }) => reachOf(replicas, weightPercent));
  const words = steps.map(
    ({ weightPercent, percent, pods, of }) => `${weightPercent} % is ${rounded(percent)} % (${pods} of ${of})`,
  );
  const all = `by numbers of pods, with ${replicas} stable: ${words.join(', ')}`;
  const off = steps.filter(({ percent, weightPercent }) => Math.abs(percent - weightPercent) > tolerancePercent);
  if (off.length === 0) return passed(all);
  const which = off.map(({ weightPercent }) => `${weightPercent} %`).join(', ');
  return failed(
    `${all}; off by more than ${tolerancePercent} points: ${which}; run more pods, or write the weights that can be reached`,
  );
}

/** Every pod with the Service's other labels gets traffic once the track is out of its selector. */
function checkStrangers(facts: PreflightFacts, plan: DeployPlan): Finding {
  const name = `pods of Service ${plan.workload.namespace}/${plan.traffic.stableService}`;
  if (!facts.pods) return notChecked(`${name}: were not looked at`);
  if (facts.deployment.seen !== 'present' || canaryUnderWay(facts, plan)) return passed('');
  const stable = facts.deployment.object.spec.template.metadata?.labels?.[MARKS.track] ?? 'stable';
  return checkSeen(name, facts.pods, ({ pods }) => {
    const strangers = pods.filter(({ track }) => track !== stable);
    if (strangers.length === 0) return passed('');
    const words = strangers.map(({ name: pod, track }) => `${pod} (${MARKS.track} ${track ?? 'not set'})`).join(', ');
    return failed(
      `${name}: expected only ${MARKS.track}=${stable}, found ${words}: they would get traffic in the steps`,
    );
  });
}
