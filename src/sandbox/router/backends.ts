import { type PodAddress, podAddress } from '../../clients/kubernetes/pod-address.ts';
import type { EndpointSlice, Pod, Service } from '../cluster/kube/objects.ts';
import type { BackendRef } from './gateway-objects.ts';

/** The objects the router looks at, by `namespace/name`. */
export interface BackendSources {
  service(key: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  pod(key: string): Pod | undefined;
}

/** A pod that may be sent requests. */
export interface Endpoint extends PodAddress {
  /** Name of the Pod, or the address when the endpoint is none. */
  readonly name: string;
}

/** Where a backendRef leads now. `unresolved` is a mistake in the route (500), an empty list a lack of pods (503). */
export type Resolution =
  | { readonly kind: 'endpoints'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'unresolved'; readonly reason: string; readonly message: string };

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

function unresolved(reason: string, message: string): Resolution {
  return { kind: 'unresolved', reason, message };
}
