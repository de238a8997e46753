import type { WriteOptions } from './admission.ts';
import { ApiError, badRequest, invalidPatch, invalidValue } from './api-error.ts';
import type { Cluster } from './cluster.ts';
import { type ApiObject, type Json, type JsonObject, numberAt, objectAt, textAt } from './json.ts';
import { selectorAsText } from './structured-selector.ts';
import { type ObjectAddress, readObject, updateObject } from './writes.ts';

/** The `autoscaling/v1 Scale` view of a workload. */
export function scaleOf(object: ApiObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorAsText(objectAt(object, 'spec', 'selector'));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: numberAt(object, 'spec', 'replicas') ? { replicas: numberAt(object, 'spec', 'replicas') } : {},
    status: { replicas: numberAt(object, 'status', 'replicas') ?? 0, selector },
  };
}

function replicasIn(wanted: Json, { name }: ObjectAddress): number {
  const replicas = objectAt(wanted, 'spec').replicas ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    throw invalidPatch(`Scale: spec.replicas must be a whole number, got ${JSON.stringify(replicas)}`);
  if (replicas >= 0) return replicas;
  const cause = invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0');
  throw new ApiError(422, 'Invalid', `Scale.autoscaling "${name}" is invalid: ${cause.field}: ${cause.message}`, {
    name,
    group: 'autoscaling',
    kind: 'Scale',
    causes: [{ ...cause }],
  });
}

/** PUT and PATCH of `/scale`: only replicas changes. A stale resourceVersion in the body is a 409. */
export function updateScale(
  cluster: Cluster,
  address: ObjectAddress,
  change: (current: JsonObject) => Json,
  options: WriteOptions,
): JsonObject {
  const wanted = change(scaleOf(readObject(cluster, address)));
  const replicas = replicasIn(wanted, address);
  const name = textAt(wanted, 'metadata', 'name');
  if (name !== undefined && name !== address.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${address.name})`);
  const resourceVersion = textAt(wanted, 'metadata', 'resourceVersion');
  const rescaled = (current: ApiObject): ApiObject => ({
    ...current,
    metadata: { ...current.metadata, ...(resourceVersion ? { resourceVersion } : {}) },
    spec: { ...objectAt(current, 'spec'), replicas },
  });
  return scaleOf(updateObject(cluster, address, 'main', rescaled, options, { subresource: 'scale' }));
}
