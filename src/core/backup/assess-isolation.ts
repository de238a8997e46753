/**
 * Isolation is made by the restore call and cannot be made in SQL: a copy with an enabled subscription takes rows from
 * its publisher before any client has connected. So nobody connects before this holds.
 */
import type { InstanceFacts } from '../model/backup.ts';
import type { VerificationPlan } from '../model/database.ts';

/** Everything that is not as the restore call asked for, in words; empty when the copy is isolated. */
export function whyNotIsolated(
  instance: Pick<
    InstanceFacts,
    'public' | 'parameterGroups' | 'securityGroups' | 'subnetGroup' | 'backupRetentionDays' | 'multiAz'
  >,
  plan: Pick<VerificationPlan, 'parameterGroup' | 'securityGroupIds' | 'subnetGroup'>,
): readonly string[] {
  const found: string[] = [];
  if (instance.public) found.push('publicly accessible: expected no, found yes');
  const group = instance.parameterGroups.find(({ name }) => name === plan.parameterGroup);
  if (group === undefined) {
    const names = instance.parameterGroups.map(({ name }) => name).join(', ') || 'none';
    found.push(`parameter group: expected ${plan.parameterGroup}, found ${names}`);
  } else if (group.apply !== 'in-sync') {
    found.push(`parameter group ${group.name}: expected in-sync, found ${group.apply}: its settings are not in force`);
  }
  const groups = instance.securityGroups.map(({ id }) => id).toSorted();
  const wanted = plan.securityGroupIds.toSorted();
  if (groups.join() !== wanted.join()) {
    found.push(`security groups: expected ${wanted.join(', ')}, found ${groups.join(', ') || 'none'}`);
  }
  if (plan.subnetGroup !== undefined && instance.subnetGroup !== plan.subnetGroup) {
    found.push(`subnet group: expected ${plan.subnetGroup}, found ${instance.subnetGroup ?? 'none'}`);
  }
  return found;
}
