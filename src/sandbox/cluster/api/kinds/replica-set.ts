import { child, fallback, isObject, listAt, objectAt } from '../json.ts';
import { AGE, count, NAME, TEMPLATE_COLUMNS } from './cells.ts';
import type { ResourceKind } from './kind.ts';
import { nullTimes } from './null-times.ts';
import { defaultTemplate, podSpecWarnings } from './pod-spec.ts';
import { replicaCountCauses } from './replica-counts.ts';
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
    nullTimes(listAt(draft, 'status', 'conditions'), ['lastTransitionTime']);
    if (isObject(draft.status)) fallback(draft.status, 'replicas', 0);
  },
  prepareCreate: (draft) => {
    draft.status = { replicas: 0 };
  },
  warnings: (draft) => podSpecWarnings(objectAt(draft, 'spec', 'template', 'spec'), 'spec.template.spec'),
  validate: (draft, old) => [
    ...workloadCauses(draft, old),
    ...replicaCountCauses(draft, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']),
    ...negativeCauses(isObject(draft.spec) ? draft.spec : objectAt(draft), ['minReadySeconds']),
  ],
};
