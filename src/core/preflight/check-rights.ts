import type { DeployPlan } from '../model/plan.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed, worstOf } from './finding.ts';
import { askedRights, rightsFor } from './required-rights.ts';

/** The worker may do everything the deployment and its undo need, before anything is changed. */
export function checkRights({ rights }: PreflightFacts, plan: DeployPlan): Finding {
  const findings = askedRights(plan.traffic.kind).map(({ kind, verb }) => {
    const fact = rights.find((each) => each.kind === kind && each.verb === verb);
    if (!fact) return notChecked(`right to ${verb} ${kind}: was not asked for`);
    const why = rightsFor(plan.traffic.kind).find((right) => right.kind === kind)?.why ?? '';
    return checkSeen(`right to ${verb} ${kind}`, fact.found, (seen) =>
      seen.allowed ? passed('') : failed(`may not ${verb} ${kind} in ${plan.workload.namespace} (needed to ${why})`),
    );
  });
  return worstOf(findings, `all ${findings.length} rights in ${plan.workload.namespace} are granted`);
}
