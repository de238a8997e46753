import type { WriteOptions } from './admission.ts';
import { ApiError, conflict, unexplained } from './api-error.ts';
import { type Cluster, timestamp } from './cluster.ts';
import { type ApiObject, type Json, type JsonObject, listAt, objectAt, textAt } from './json.ts';
import { type ObjectAddress, readObject } from './writes.ts';

/** POST of `pods/NAME/binding`: gives the Pod its node, once. Throws 409 when it has one or is being deleted. */
export function bindPod(cluster: Cluster, address: ObjectAddress, body: Json, options: WriteOptions): JsonObject {
  const node = textAt(body, 'target', 'name');
  const pod = readObject(cluster, address);
  if (!node) throw unexplained(`binding of pod ${address.name}: target.name must name a node`);
  const bound = textAt(pod, 'spec', 'nodeName');
  if (pod.metadata.deletionTimestamp)
    throw refusal(address, `pod ${address.name} is being deleted, cannot be assigned to a host`);
  if (bound) throw refusal(address, `pod ${address.name} is already assigned to node "${bound}"`);
  if (!options.dryRun) cluster.store.put(address.kind, withNode(pod, node));
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

function refusal({ kind, name }: ObjectAddress, why: string): ApiError {
  const { code, reason, message, details } = conflict(kind, name, why);
  return new ApiError(code, reason, message, { ...details, kind: 'pods/binding' });
}

function withNode(pod: ApiObject, node: string): ApiObject {
  const others = listAt(pod, 'status', 'conditions').filter((condition) => condition.type !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp() };
  return {
    ...pod,
    spec: { ...objectAt(pod, 'spec'), nodeName: node },
    status: { ...objectAt(pod, 'status'), conditions: [...others, scheduled] },
  };
}
