import type { DeployPlan } from '../model/plan.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed, worstOf } from './finding.ts';

/** Every key that the new version needs is there. Values are not looked at. */
export function checkConfig({ config }: PreflightFacts, plan: DeployPlan): Finding {
  if (plan.requires.length === 0) return passed('the catalogue requires no configuration keys');
  const findings = plan.requires.map(({ kind, name, keys }) => {
    const object = `${kind} ${plan.workload.namespace}/${name}`;
    const fact = config.find((each) => each.kind === kind && each.name === name);
    if (!fact) return notChecked(`${object}: was not looked at`);
    return checkSeen(object, fact.found, (seen) => {
      const missing = keys.filter((key) => !seen.keys.includes(key));
      if (missing.length === 0) return passed(object);
      return failed(`${object}: expected keys ${keys.join(', ')}, missing ${missing.join(', ')}`);
    });
  });
  const count = plan.requires.reduce((sum, each) => sum + each.keys.length, 0);
  return worstOf(findings, `all ${count} required keys are there`);
}
