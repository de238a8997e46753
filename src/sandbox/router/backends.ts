import { type PodAddress, podAddress } from '../../clients/kubernetes/pod-address.ts';
import type { EndpointSlice, Pod, Service } from '../cluster/kube/objects.ts';
import { matchesLabels } from '../cluster/kube/selectors.ts';
import type { BackendRef } from './gateway-objects.ts';
import { type Destination, type DestinationRule, serviceOfHost } from './istio-objects.ts';

/** The objects the router looks at, by `namespace/name`. */
export interface BackendSources {
  service(key: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  pod(key: string): Pod | undefined;
  destinationRules(namespace: string): readonly DestinationRule[];
}

/** A pod that may be sent requests. */
export interface Endpoint extends PodAddress {
  /** Name of the Pod, or the address when the endpoint is none. */
  readonly name: string;
}

/** Where a backend leads now. `unresolved` is a mistake in the route (500 unless told), an empty list a lack of pods (503). */
export type Resolution = { readonly kind: 'endpoints'; readonly endpoints: readonly Endpoint[] } | Unresolved;

interface Unresolved {
  readonly kind: 'unresolved';
  readonly reason: string;
  readonly message: string;
  readonly code?: number;
}

/**
 * Follows an Istio destination: the Service of its host, and of its pods those with the labels of the subset. What does
 * not lead anywhere is answered 503, as Envoy does for a cluster that it does not know.
 */
export function resolveDestination(
  { host = '', subset, port }: Destination,
  namespace: string,
  sources: BackendSources,
): Resolution {
  const name = serviceOfHost(host, namespace);
  if (name === undefined)
    return { ...unresolved('BackendNotFound', `host ${host} is no service of ${namespace}`), code: 503 };
  const ports = sources.service(`${namespace}/${name}`)?.spec?.ports ?? [];
  const number = port?.number ?? (ports.length === 1 ? ports[0]?.port : undefined);
  const found = resolveBackend({ name, ...(number !== undefined && { port: number }) }, namespace, sources);
  if (found.kind === 'unresolved') return { ...found, code: 503 };
  if (subset === undefined || subset === '') return found;
  const labels = subsetLabels(name, subset, namespace, sources);
  if (labels === undefined) {
    return { ...unresolved('BackendNotFound', `no DestinationRule of host ${host} has a subset ${subset}`), code: 503 };
  }
  const endpoints = found.endpoints.filter((endpoint) =>
    matchesLabels(labels, sources.pod(`${namespace}/${endpoint.name}`)?.metadata?.labels),
  );
  return { kind: 'endpoints', endpoints };
}

/** Rules of one host are merged: the oldest that has the subset defines it. */
function subsetLabels(service: string, subset: string, namespace: string, sources: BackendSources) {
  const rules = sources
    .destinationRules(namespace)
    .filter(({ spec }) => serviceOfHost(spec?.host ?? '', namespace) === service)
    .toSorted((a, b) => (a.metadata?.creationTimestamp ?? '').localeCompare(b.metadata?.creationTimestamp ?? ''));
  const found = rules.flatMap(({ spec }) => spec?.subsets ?? []).find(({ name }) => name === subset);
  return found && { ...found.labels };
}

/** Follows a backendRef over Service and EndpointSlices to the pods that are ready and not being deleted. */
export function resolveBackend(ref: BackendRef, routeNamespace: string, sources: BackendSources): Resolution {
  const namespace = ref.namespace ?? routeNamespace;
  if ((ref.group ?? '') !== '' || (ref.kind ?? 'Service') !== 'Service') {
    return unresolved('InvalidKind', `backend ${ref.name} is a ${ref.kind ?? '?'}, expected a Service`);
  }
  if (namespace !== routeNamespace) {
    return unresolved('RefNotPermitted', `backend ${namespace}/${ref.name} lies in another namespace than the route`);
  }
  const service = sources.service(`${namespace}/${ref.name}`);
  if (!service) return unresolved('BackendNotFound', `service ${namespace}/${ref.name} does not exist`);
  const port = service.spec?.ports?.find((candidate) => candidate.port === ref.port);
  if (!port) {
    const known = (service.spec?.ports ?? []).map((candidate) => candidate.port).join(', ') || 'none';
    const message = `service ${namespace}/${ref.name} has no port ${ref.port ?? '(none named)'}; it has ${known}`;
    return unresolved('BackendNotFound', message);
  }

  const endpoints = new Map<string, Endpoint>();
  for (const slice of sources.slices(namespace, ref.name)) {
    const target = slice.ports?.find((candidate) => (candidate.name ?? '') === (port.name ?? ''))?.port;
    if (target === undefined) continue;
    for (const { addresses, conditions, targetRef } of slice.endpoints ?? []) {
      if (conditions?.ready === false || conditions?.terminating === true) continue;
      const pod = targetRef?.kind === 'Pod' ? sources.pod(`${namespace}/${targetRef.name}`) : undefined;
      // The pod's own watch may be ahead of the slice: a pod that is going must get nothing more.
      if (pod?.metadata?.deletionTimestamp) continue;
      const endpoint = toEndpoint(pod, targetRef?.name ?? addresses?.[0] ?? '?', addresses?.[0], target);
      if (endpoint) endpoints.set(`${endpoint.host}:${endpoint.port}`, endpoint);
    }
  }
  return { kind: 'endpoints', endpoints: [...endpoints.values()] };
}

function toEndpoint(
  pod: Pod | undefined,
  name: string,
  address: string | undefined,
  port: number,
): Endpoint | undefined {
  try {
    if (pod) return { name, ...podAddress(pod, port) };
    return address === undefined ? undefined : { name, host: address, port };
  } catch {
    // No address yet, or an unreadable one: such a pod cannot be dialled, whatever its slice says.
    return undefined;
  }
}

function unresolved(reason: string, message: string): Unresolved {
  return { kind: 'unresolved', reason, message };
}
