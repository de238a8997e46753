import { type Cause, invalidValue } from '../api-error.ts';
import { type ApiObject, numberAt, objectAt } from '../json.ts';

/** What a real server refuses in the counts of a status: below zero, more of a kind than there are at all. */
export function replicaCountCauses(draft: ApiObject, parts: readonly string[]): Cause[] {
  const status = objectAt(draft, 'status');
  const count = (name: string): number => numberAt(status, name) ?? 0;
  const causes: Cause[] = [];
  for (const name of ['replicas', 'observedGeneration', ...parts])
    if (count(name) < 0) causes.push(invalidValue(`status.${name}`, count(name), 'must be greater than or equal to 0'));
  for (const name of parts)
    if (count(name) > count('replicas'))
      causes.push(invalidValue(`status.${name}`, count(name), 'cannot be greater than status.replicas'));
  if (count('availableReplicas') > count('readyReplicas'))
    causes.push(
      invalidValue('status.availableReplicas', count('availableReplicas'), 'cannot be greater than readyReplicas'),
    );
  return causes;
}
