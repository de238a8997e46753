import type {
  CoreV1EndpointPort,
  V1ConfigMap,
  V1Container,
  V1ContainerStatus,
  V1Deployment,
  V1DeploymentCondition,
  V1EndpointSlice,
  V1Job,
  V1JobCondition,
  V1LabelSelector,
  V1Node,
  V1ObjectMeta,
  V1OwnerReference,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
  V1PodTemplateSpec,
  V1Probe,
  V1ReplicaSet,
  V1Secret,
  V1Service,
} from '@kubernetes/client-node';

/**
 * A client-node type as it stands on the wire: instants are RFC 3339 strings. Objects are read and written as plain
 * JSON, so that fields this client does not know survive a copy (a Pod template) or a replace.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

export type ObjectMeta = Wire<V1ObjectMeta>;
export type OwnerReference = Wire<V1OwnerReference>;
export type LabelSelector = Wire<V1LabelSelector>;
export type Deployment = Wire<V1Deployment>;
export type DeploymentCondition = Wire<V1DeploymentCondition>;
export type ReplicaSet = Wire<V1ReplicaSet>;
export type PodTemplate = Wire<V1PodTemplateSpec>;
export type Pod = Wire<V1Pod>;
export type PodStatus = Wire<V1PodStatus>;
export type PodCondition = Wire<V1PodCondition>;
export type Container = Wire<V1Container>;
export type ContainerStatus = Wire<V1ContainerStatus>;
export type Probe = Wire<V1Probe>;
export type Service = Wire<V1Service>;
export type EndpointSlice = Wire<V1EndpointSlice>;
export type EndpointPort = Wire<CoreV1EndpointPort>;
export type Job = Wire<V1Job>;
export type JobCondition = Wire<V1JobCondition>;
export type KubeNode = Wire<V1Node>;
export type ConfigMap = Wire<V1ConfigMap>;
export type Secret = Wire<V1Secret>;

/** What every stored object has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** Where a kind lives: group-version prefix and plural. */
export interface Resource {
  readonly prefix: string;
  readonly plural: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/** The kinds that controllers and node agent read or write. */
export const RESOURCES = {
  pods: { prefix: '/api/v1', plural: 'pods', apiVersion: 'v1', kind: 'Pod' },
  nodes: { prefix: '/api/v1', plural: 'nodes', apiVersion: 'v1', kind: 'Node' },
  services: { prefix: '/api/v1', plural: 'services', apiVersion: 'v1', kind: 'Service' },
  configMaps: { prefix: '/api/v1', plural: 'configmaps', apiVersion: 'v1', kind: 'ConfigMap' },
  secrets: { prefix: '/api/v1', plural: 'secrets', apiVersion: 'v1', kind: 'Secret' },
  events: { prefix: '/api/v1', plural: 'events', apiVersion: 'v1', kind: 'Event' },
  deployments: { prefix: '/apis/apps/v1', plural: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
  replicaSets: { prefix: '/apis/apps/v1', plural: 'replicasets', apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  jobs: { prefix: '/apis/batch/v1', plural: 'jobs', apiVersion: 'batch/v1', kind: 'Job' },
  endpointSlices: {
    prefix: '/apis/discovery.k8s.io/v1',
    plural: 'endpointslices',
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
  },
} as const satisfies Record<string, Resource>;

/** `namespace/name`, or the bare name of a cluster-scoped object: the key of caches and work queues. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata ?? {};
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '');
}

/** The inverse of `keyOf` for namespaced objects. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, Math.max(slash, 0)), name: key.slice(slash + 1) };
}

/** The owner that manages the object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

/** The reference a controller puts on the objects it creates. */
export function controllerReference(owner: KubeObject, resource: Resource): OwnerReference {
  return {
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** An instant as Kubernetes writes `metav1.Time`: whole seconds. */
export function timestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch of an RFC 3339 instant; NaN when it is absent or malformed. */
export function instantMs(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text);
}
