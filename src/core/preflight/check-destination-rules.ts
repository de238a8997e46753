import type { DeployPlan, VirtualServicePlan } from '../model/plan.ts';
import { type DestinationRule, ruledService } from '../rollout/destination-rule.ts';
import { reconciliationOf, type VirtualService } from '../rollout/virtual-service.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed } from './finding.ts';

/**
 * The DestinationRule of the stable host is the one that the catalogue names, so that the canary gets its policy: a canary
 * without stable's outlier detection or retries is another service. And what will tell that a weight is applied.
 */
export function checkDestinationRules(
  facts: PreflightFacts,
  plan: DeployPlan,
  traffic: VirtualServicePlan,
): readonly Finding[] {
  const { namespace } = plan.workload;
  if (!facts.destinationRules) return [notChecked(`DestinationRules of ${namespace}: were not looked at`)];
  const ofRules = checkSeen(`DestinationRules of ${namespace}`, facts.destinationRules, ({ objects }) =>
    checkRules(objects, namespace, traffic),
  );
  return [ofRules, tellConfirmation(facts, traffic)];
}

function checkRules(rules: readonly DestinationRule[], namespace: string, traffic: VirtualServicePlan): Finding {
  const { stableService, destinationRule } = traffic;
  const nameOf = (rule: DestinationRule): string => `DestinationRule ${namespace}/${rule.metadata.name}`;
  const ruling = rules.filter((rule) => ruledService(rule) === stableService);
  if (destinationRule === undefined) {
    const [first] = ruling;
    if (first === undefined) return passed('');
    return failed(
      `${nameOf(first)} governs host ${stableService}: name it as traffic.destinationRule, else the canary would run without its policy`,
    );
  }
  const named = rules.find((rule) => rule.metadata.name === destinationRule.name);
  if (named === undefined) return failed(`DestinationRule ${namespace}/${destinationRule.name} does not exist`);
  if (ruledService(named) !== stableService) {
    return failed(`${nameOf(named)}: expected host ${stableService}, found ${named.spec.host ?? 'none'}`);
  }
  const subsets = (named.spec.subsets ?? []).map(({ name }) => name);
  const wanted = destinationRule.stableSubset;
  if (wanted !== undefined && !subsets.includes(wanted)) {
    return failed(`${nameOf(named)}: expected a subset ${wanted}, found ${subsets.join(', ') || 'none'}`);
  }
  const more = ruling.filter((rule) => rule !== named);
  if (more.length === 0) return passed('');
  return failed(
    `${more.map(nameOf).join(', ')}: also governs host ${stableService}; its policy would not be the canary's`,
  );
}

function tellConfirmation({ route }: PreflightFacts, { weightMetric, settleMs }: VirtualServicePlan): Finding {
  if (weightMetric !== undefined || route.seen !== 'present') return passed('');
  if (reconciliationOf(route.object as VirtualService).told) return passed('istiod tells when a weight is applied');
  return passed(
    `neither a weight metric nor a status of istiod tells when a weight is applied: it counts as applied after ${settleMs / 1000} s`,
  );
}
