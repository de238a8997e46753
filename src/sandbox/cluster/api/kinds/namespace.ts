import { child, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

export const NAMESPACE: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  subresources: ['status'],
  model: 'V1Namespace',
  columns: [NAME, column('Status', (object) => textAt(object, 'status', 'phase') ?? ''), AGE],
  fields: { 'status.phase': (object) => textAt(object, 'status', 'phase') ?? '' },
  applyDefaults: (draft) => {
    draft.metadata.labels = { ...draft.metadata.labels, 'kubernetes.io/metadata.name': draft.metadata.name ?? '' };
  },
  prepareCreate: (draft) => {
    child(draft, 'spec').finalizers = ['kubernetes'];
    draft.status = { phase: 'Active' };
  },
};
