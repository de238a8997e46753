import { NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

export const SELF_SUBJECT_ACCESS_REVIEW: ResourceKind = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  namespaced: false,
  model: 'V1SelfSubjectAccessReview',
  createOnly: true,
  columns: [NAME],
};
