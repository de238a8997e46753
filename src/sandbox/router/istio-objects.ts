import type { KubeObject, Resource } from '../cluster/kube/objects.ts';

/** The fields of Istio's networking API (v1) that the router reads. It writes no status, as istiod by default. */
export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface HttpMatch {
  readonly name?: string;
  readonly uri?: StringMatch;
}

export interface Destination {
  readonly host?: string;
  readonly subset?: string;
  readonly port?: { readonly number?: number };
}

export interface WeightedDestination {
  readonly destination?: Destination;
  readonly weight?: number;
}

export interface HttpRule {
  readonly name?: string;
  readonly match?: readonly HttpMatch[];
  readonly route?: readonly WeightedDestination[];
}

export interface VirtualService extends KubeObject {
  readonly spec?: {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly http?: readonly HttpRule[];
    readonly tls?: readonly unknown[];
    readonly tcp?: readonly unknown[];
  };
}

export interface DestinationRule extends KubeObject {
  readonly spec?: {
    readonly host?: string;
    readonly subsets?: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
  };
}

const ISTIO = { prefix: '/apis/networking.istio.io/v1', apiVersion: 'networking.istio.io/v1' };
export const VIRTUAL_SERVICES = {
  ...ISTIO,
  plural: 'virtualservices',
  kind: 'VirtualService',
} as const satisfies Resource;
export const DESTINATION_RULES = {
  ...ISTIO,
  plural: 'destinationrules',
  kind: 'DestinationRule',
} as const satisfies Resource;

/** The Service of this namespace that a host names, in short or in full; undefined for every other host. */
export function serviceOfHost(host: string, namespace: string): string | undefined {
  const [service = '', ...rest] = host.split('.');
  if (rest.length === 0) return service === '' || service === '*' ? undefined : service;
  const isHere = rest[0] === namespace && (rest.length === 1 || rest[1] === 'svc');
  return isHere ? service : undefined;
}
