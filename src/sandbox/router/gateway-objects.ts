import type { KubeObject, Resource } from '../cluster/kube/objects.ts';

/** The fields of the Gateway API (v1) that the router reads and writes. */
export interface ParentRef {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

export interface BackendRef {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly port?: number;
  /** A share, not a percentage; absent means 1. */
  readonly weight?: number;
  readonly filters?: readonly unknown[];
}

export interface RouteMatch {
  readonly path?: { readonly type?: string; readonly value?: string };
  readonly headers?: readonly unknown[];
  readonly queryParams?: readonly unknown[];
  readonly method?: string;
}

export interface RouteRule {
  readonly matches?: readonly RouteMatch[];
  readonly filters?: readonly unknown[];
  readonly backendRefs?: readonly BackendRef[];
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

export interface ParentStatus {
  readonly parentRef: ParentRef;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

export interface HttpRoute extends KubeObject {
  readonly spec?: {
    readonly parentRefs?: readonly ParentRef[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly RouteRule[];
  };
  readonly status?: { readonly parents?: readonly ParentStatus[] };
}

export interface Listener {
  readonly name: string;
  readonly protocol?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly allowedRoutes?: { readonly namespaces?: { readonly from?: string } };
}

export interface Gateway extends KubeObject {
  readonly spec?: { readonly gatewayClassName?: string; readonly listeners?: readonly Listener[] };
  readonly status?: {
    readonly addresses?: readonly { readonly type?: string; readonly value: string }[];
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly {
      readonly name: string;
      readonly attachedRoutes: number;
      readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
      readonly conditions: readonly Condition[];
    }[];
  };
}

const GATEWAY_API = { prefix: '/apis/gateway.networking.k8s.io/v1', apiVersion: 'gateway.networking.k8s.io/v1' };
export const HTTP_ROUTES = { ...GATEWAY_API, plural: 'httproutes', kind: 'HTTPRoute' } as const satisfies Resource;
export const GATEWAYS = { ...GATEWAY_API, plural: 'gateways', kind: 'Gateway' } as const satisfies Resource;

/** The name under which this router writes status. */
export const CONTROLLER_NAME = 'sandbox.mainstay.dev/router';
/** The class of Gateways this router serves; others belong to other routers. */
export const GATEWAY_CLASS = 'mainstay-sandbox';
