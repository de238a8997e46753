import { type Cause, invalidValue } from '../api-error.ts';
import { type ApiObject, numberAt, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

export const LEASE: ResourceKind = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  namespaced: true,
  model: 'V1Lease',
  createsOnUpdate: true,
  wantsVersion: true,
  columns: [NAME, column('Holder', (object) => textAt(object, 'spec', 'holderIdentity') ?? ''), AGE],
  validate,
};

function validate(draft: ApiObject): Cause[] {
  const causes: Cause[] = [];
  const seconds = numberAt(draft, 'spec', 'leaseDurationSeconds') ?? 1;
  if (seconds <= 0) causes.push(invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  const transitions = numberAt(draft, 'spec', 'leaseTransitions') ?? 0;
  if (transitions < 0)
    causes.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  return causes;
}
