/** The part of Kubernetes that Mainstay needs: plain JSON objects, so that no field of a team's object is ever lost. */

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    apiVersion?: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
  }[];
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface KubernetesObject<Spec = unknown, Status = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: Status;
  readonly data?: Readonly<Record<string, string>>;
}

/** The kinds the worker touches, with their REST address. The role file grants these and no others. */
export const KINDS = {
  Deployment: { group: 'apps', version: 'v1', plural: 'deployments' },
  ReplicaSet: { group: 'apps', version: 'v1', plural: 'replicasets' },
  Pod: { group: '', version: 'v1', plural: 'pods' },
  Service: { group: '', version: 'v1', plural: 'services' },
  ConfigMap: { group: '', version: 'v1', plural: 'configmaps' },
  Secret: { group: '', version: 'v1', plural: 'secrets' },
  Event: { group: '', version: 'v1', plural: 'events' },
  EndpointSlice: { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' },
  HTTPRoute: { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'httproutes' },
  VirtualService: { group: 'networking.istio.io', version: 'v1', plural: 'virtualservices' },
  DestinationRule: { group: 'networking.istio.io', version: 'v1', plural: 'destinationrules' },
} as const;

export type KindName = keyof typeof KINDS;

export interface ObjectAddress {
  readonly kind: KindName;
  readonly namespace: string;
  readonly name: string;
}

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

/**
 * One cluster. Every call takes at most `callTimeoutMs` (10 s by default) and throws CodedError:
 * NotFound, Conflict (also AlreadyExists), Forbidden, InvalidInput (422), Throttled, Unavailable, Timeout,
 * OutcomeUnknown (a write without a reply), BadResponse.
 */
export interface KubernetesClient {
  /** Undefined when the object does not exist. */
  get<T extends KubernetesObject = KubernetesObject>(
    address: ObjectAddress,
    signal?: AbortSignal,
  ): Promise<T | undefined>;
  list<T extends KubernetesObject = KubernetesObject>(
    kind: KindName,
    namespace: string,
    options?: { labelSelector?: string; fieldSelector?: string },
    signal?: AbortSignal,
  ): Promise<readonly T[]>;
  create<T extends KubernetesObject>(object: T, signal?: AbortSignal): Promise<T>;
  /** PUT; the object's resourceVersion makes it conditional. */
  replace<T extends KubernetesObject>(object: T, signal?: AbortSignal): Promise<T>;
  /** False when it was already gone. With uid, only that very object. */
  delete(address: ObjectAddress, options?: { uid?: string }, signal?: AbortSignal): Promise<boolean>;
  /** SelfSubjectAccessReview. */
  canI(verb: Verb, kind: KindName, namespace: string, signal?: AbortSignal): Promise<boolean>;
}

/** A cluster as the catalogue names it: a kubeconfig path reference and a context. Empty means the standard settings. */
export interface ClusterAddress {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Gives the client of a cluster; the same client for the same address. */
export type KubernetesClients = (cluster: ClusterAddress) => KubernetesClient;
