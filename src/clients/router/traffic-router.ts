/** The one router of the worker: hands each target to the adapter of its kind. */
import type { TrafficPlan } from '../../core/model/plan.ts';
import type { KubernetesClients } from '../kubernetes/port.ts';
import { createHttpRouteRouter } from './http-route.ts';
import { createPodRatioRouter } from './pod-ratio.ts';
import type { RouteTarget, TrafficRouter } from './port.ts';
import { createVirtualServiceRouter } from './virtual-service.ts';

export function createTrafficRouter(clients: KubernetesClients): TrafficRouter {
  const adapters = {
    httpRoute: createHttpRouteRouter(clients),
    istioVirtualService: createVirtualServiceRouter(clients),
    podRatio: createPodRatioRouter(clients),
  } as const satisfies { readonly [Kind in TrafficPlan['kind']]: TrafficRouter<Extract<TrafficPlan, { kind: Kind }>> };
  const of = ({ traffic }: RouteTarget): TrafficRouter => adapters[traffic.kind];
  return {
    read: (target, signal) => of(target).read(target, signal),
    look: (target, signal) => of(target).look(target, signal),
    write: (target, state, backends, marks) => of(target).write(target, state, backends, marks),
    readApplied: (target, backends, signal) => of(target).readApplied(target, backends, signal),
    readPercent: (target, backend, signal) => of(target).readPercent(target, backend, signal),
    nameOf: (target) => of(target).nameOf(target),
    fenceKey: (target) => of(target).fenceKey(target),
  };
}
