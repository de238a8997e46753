/** What is the same for every routing object: its address, its backends, the objects a canary needs beside it. */
import { canaryName } from '../model/names.ts';
import { nameOf, type ObjectAddressLike } from '../model/objects.ts';
import type { BackendWeight } from '../model/operation.ts';
import type { DeployPlan, TrafficPlan } from '../model/plan.ts';
import { ratioReplicas, readShares } from './pod-ratio.ts';
import { type HttpRoute, onlyRule, readBackends, rulesTo } from './route.ts';
import { httpsTo, readDestinations, type VirtualService } from './virtual-service.ts';
import { canaryReplicas, type Service } from './workload.ts';

/** The object whose fields are the weights, as the adapter of its kind knows it. */
export type RoutingObject = HttpRoute | VirtualService | Service;
export type RoutingKind = 'HTTPRoute' | 'VirtualService' | 'Service';

export const ROUTING_KINDS: Readonly<Record<TrafficPlan['kind'], RoutingKind>> = {
  httpRoute: 'HTTPRoute',
  istioVirtualService: 'VirtualService',
  podRatio: 'Service',
};

type Target = Pick<DeployPlan, 'workload' | 'traffic'>;

/** Where the weights stand. */
export function routingAddress({ workload, traffic }: Target): ObjectAddressLike & { readonly kind: RoutingKind } {
  return { kind: ROUTING_KINDS[traffic.kind], namespace: workload.namespace, name: traffic.route };
}

/** `HTTPRoute crm/crm-api` */
export function routingName(target: Target): string {
  return nameOf(routingAddress(target));
}

/**
 * The one rule that is ours with its backends. `rule` is -1 when none sends to the stable version; -2 when several do,
 * and then the backends are those of all of them.
 */
export interface RouteReading {
  readonly rule: number;
  readonly backends: readonly BackendWeight[];
}

export function readRouting(traffic: TrafficPlan, object: RoutingObject): RouteReading {
  switch (traffic.kind) {
    case 'httpRoute': {
      const rules = rulesTo(object as HttpRoute, traffic.stableService);
      return { rule: onlyRule(rules), backends: rules.flatMap((rule) => readBackends(object as HttpRoute, rule)) };
    }
    case 'istioVirtualService': {
      const found = object as VirtualService;
      const https = httpsTo(found, traffic);
      return { rule: onlyRule(https), backends: https.flatMap((http) => readDestinations(found, http, traffic)) };
    }
    case 'podRatio':
      return { rule: 0, backends: readShares(object, traffic) };
  }
}

/** Names of the backends that stand in other rules of the object than ours. */
export function backendsElsewhere(traffic: TrafficPlan, object: RoutingObject): ReadonlySet<string> {
  const { rule: ours } = readRouting(traffic, object);
  const others = (count: number, read: (rule: number) => readonly BackendWeight[]) =>
    new Set([...Array(count).keys()].flatMap((rule) => (rule === ours ? [] : read(rule).map((each) => each.service))));
  switch (traffic.kind) {
    case 'httpRoute': {
      const route = object as HttpRoute;
      return others(route.spec.rules?.length ?? 0, (rule) => readBackends(route, rule));
    }
    case 'istioVirtualService': {
      const found = object as VirtualService;
      return others(found.spec.http?.length ?? 0, (rule) => readDestinations(found, rule, traffic));
    }
    case 'podRatio':
      return new Set();
  }
}

/** `exactly one rule must send to Service crm-api` */
export function oneRuleExpected(traffic: TrafficPlan): string {
  switch (traffic.kind) {
    case 'httpRoute':
    case 'podRatio':
      return `exactly one rule must send to Service ${traffic.stableService}`;
    case 'istioVirtualService': {
      const subset = traffic.destinationRule?.stableSubset;
      const which = traffic.httpRoute === undefined ? 'http route' : `http route named ${traffic.httpRoute}`;
      return `exactly one ${which} must send to host ${traffic.stableService} ${subset === undefined ? 'without a subset' : `with subset ${subset}`}`;
    }
  }
}

/** Kinds of the objects, besides its Deployment, that a canary needs so that traffic can be sent to it. */
export function canaryCompanions({ kind }: TrafficPlan): readonly ('Service' | 'DestinationRule')[] {
  switch (kind) {
    case 'httpRoute':
      return ['Service'];
    case 'istioVirtualService':
      return ['Service', 'DestinationRule'];
    case 'podRatio':
      return [];
  }
}

/** All that a term may create, the Deployment first. */
export function createdObjects({ workload, traffic }: Target, term: number): readonly ObjectAddressLike[] {
  const { namespace, deployment } = workload;
  const name = canaryName(traffic.stableService, term);
  return [
    { kind: 'Deployment', namespace, name: canaryName(deployment, term) },
    ...canaryCompanions(traffic).map((kind) => ({ kind, namespace, name })),
  ];
}

/** Canary pods that a weight asks for. */
export function replicasFor({ kind }: TrafficPlan, stableReplicas: number, weightPercent: number): number {
  if (kind === 'podRatio') return ratioReplicas(stableReplicas, weightPercent);
  return canaryReplicas(stableReplicas, weightPercent);
}
