import { required } from '../api-error.ts';
import { listAt, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

/** What the networking kinds of Istio share. */
export const ISTIO_NETWORKING = {
  group: 'networking.istio.io',
  version: 'v1',
  categories: ['istio-io', 'networking-istio-io'],
  custom: true,
  namespaced: true,
  subresources: ['status'],
  counts: 'spec',
} as const;

export const DESTINATION_RULE: ResourceKind = {
  ...ISTIO_NETWORKING,
  kind: 'DestinationRule',
  model: 'DestinationRule',
  plural: 'destinationrules',
  singular: 'destinationrule',
  shortNames: ['dr'],
  columns: [NAME, column('Host', (object) => textAt(object, 'spec', 'host') ?? ''), AGE],
  validate: (draft) => [
    ...(textAt(draft, 'spec', 'host') ? [] : [required('spec.host')]),
    ...listAt(draft, 'spec', 'subsets').flatMap((subset, index) =>
      textAt(subset, 'name') ? [] : [required(`spec.subsets[${index}].name`)],
    ),
  ],
};
