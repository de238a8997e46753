import { type ApiObject, at, type Json, objectAt, textAt } from './json.ts';
import type { Faults } from './faults.ts';
import { isObject } from './json.ts';
import { ApiError, badRequest, invalidValue } from './api-error.ts';

/** Answers a SelfSubjectAccessReview: everything is allowed but what a deny rule covers. Nothing is stored. */
export function reviewAccess(faults: Faults, body: Json, userAgent: string | undefined): ApiObject {
  if (!isObject(body)) throw badRequest('the body must be a SelfSubjectAccessReview');
  const attributes = objectAt(body, 'spec', 'resourceAttributes');
  if (!isObject(at(body, 'spec', 'resourceAttributes')) && !isObject(at(body, 'spec', 'nonResourceAttributes'))) {
    const field = 'spec.resourceAttributes';
    const cause = invalidValue(
      field,
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
    const message = `SelfSubjectAccessReview.authorization.k8s.io "" is invalid: ${field}: ${cause.message}`;
    const details = { group: 'authorization.k8s.io', causes: [{ ...cause }] };
    throw new ApiError(422, 'Invalid', message, details);
  }
  const subresource = textAt(attributes, 'subresource');
  const resource = textAt(attributes, 'resource') ?? '';
  const name = textAt(attributes, 'name');
  const namespace = textAt(attributes, 'namespace');
  const denial = faults.denial({
    verb: textAt(attributes, 'verb') ?? '',
    resource: subresource ? `${resource}/${subresource}` : resource,
    ...(name ? { name } : {}),
    ...(namespace ? { namespace } : {}),
    ...(userAgent ? { userAgent } : {}),
  });
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: objectAt(body, 'spec'),
    status: denial ? { allowed: false, reason: `denied by rule ${denial.id}` } : { allowed: true },
  };
}
