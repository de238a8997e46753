import type { WriteOptions } from './admission.ts';
import { invalid, invalidValue } from './api-error.ts';
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
    spec: { replicas: numberAt(object, 'spec', 'replicas') ?? 0 },
    status: { replicas: numberAt(object, 'status', 'replicas') ?? 0, selector },
  };
}

/** PUT and PATCH of `/scale`: only replicas changes. A stale resourceVersion in the body is a 409. */
export function updateScale(
  cluster: Cluster,
  address: ObjectAddress,
  change: (current: JsonObject) => Json,
  options: WriteOptions,
): JsonObject {
  const wanted = change(scaleOf(readObject(cluster, address)));
  const replicas = numberAt(wanted, 'spec', 'replicas');
  if (replicas === undefined || !Number.isInteger(replicas) || replicas < 0) {
    const found = objectAt(wanted, 'spec').replicas;
    throw invalid(address.kind, address.name, [
      invalidValue('spec.replicas', found, 'must be a whole number, greater than or equal to 0'),
    ]);
  }
  const resourceVersion = textAt(wanted, 'metadata', 'resourceVersion');
  const rescaled = (current: ApiObject): ApiObject => ({
    ...current,
    metadata: { ...current.metadata, ...(resourceVersion ? { resourceVersion } : {}) },
    spec: { ...objectAt(current, 'spec'), replicas },
  });
  return scaleOf(updateObject(cluster, address, 'main', rescaled, options, { subresource: 'scale' }));
}
