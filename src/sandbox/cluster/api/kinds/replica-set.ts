import { child, fallback, isObject, objectAt } from '../json.ts';
import { AGE, count, NAME, TEMPLATE_COLUMNS } from './cells.ts';
import type { ResourceKind } from './kind.ts';
import { defaultTemplate } from './pod-spec.ts';
import { negativeCauses, workloadCauses } from './workload.ts';

export const REPLICA_SET: ResourceKind = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status', 'scale'],
  model: 'V1ReplicaSet',
  counts: 'spec',
  columns: [
    NAME,
    count('Desired', 'spec', 'replicas'),
    count('Current', 'status', 'replicas'),
    count('Ready', 'status', 'readyReplicas'),
    AGE,
    ...TEMPLATE_COLUMNS,
  ],
  applyDefaults: (draft) => {
    const spec = child(draft, 'spec');
    fallback(spec, 'replicas', 1);
    defaultTemplate(spec);
  },
  prepareCreate: (draft) => {
    draft.status = { replicas: 0 };
  },
  validate: (draft, old) => [
    ...workloadCauses(draft, old),
    ...negativeCauses(isObject(draft.spec) ? draft.spec : objectAt(draft), ['minReadySeconds']),
  ],
};
