/** What the adapters share: the routing object is read whole, one rule of it is ours, and it is written back whole. */
import { MARKS } from '../../core/model/names.ts';
import {
  oneRuleExpected,
  readRouting,
  routingAddress,
  routingName,
  type RoutingObject,
} from '../../core/rollout/routing.ts';
import { CodedError } from '../../errors/coded-error.ts';
import type { KubernetesClients, KubernetesObject } from '../kubernetes/port.ts';
import type { RouteState, RouteTarget, TrafficRouter } from './port.ts';

type Stored<T extends RoutingObject> = T & KubernetesObject;

/** Undefined when it does not exist. */
export async function fetchRouting<T extends RoutingObject>(
  clients: KubernetesClients,
  target: RouteTarget,
  signal?: AbortSignal,
): Promise<Stored<T> | undefined> {
  return clients(target.workload.cluster).get<Stored<T>>(routingAddress(target), signal);
}

/** The part of an adapter that needs only to know how backends stand in its object. */
export function routingReads(clients: KubernetesClients): Pick<TrafficRouter, 'read' | 'look' | 'nameOf' | 'fenceKey'> {
  const stampOf = (target: RouteTarget, object: KubernetesObject) =>
    object.metadata.annotations?.[MARKS.fenceOf(target.service)];
  return {
    nameOf: routingName,
    fenceKey: (target) => MARKS.fenceOf(target.service),
    async read(target, signal): Promise<RouteState | undefined> {
      const object = await fetchRouting(clients, target, signal);
      if (object === undefined) return undefined;
      const { rule, backends } = readRouting(target.traffic, object);
      if (rule < 0) {
        const found = rule === -1 ? 'none does' : 'several do';
        const problem = `${routingName(target)}: ${oneRuleExpected(target.traffic)}, ${found}`;
        throw new CodedError('PreconditionFailed', problem);
      }
      return { uid: object.metadata.uid ?? '', rule, backends, stamp: stampOf(target, object), object };
    },
    async look(target, signal) {
      const object = await fetchRouting(clients, target, signal);
      if (object === undefined) return undefined;
      return { backends: readRouting(target.traffic, object).backends, stamp: stampOf(target, object) };
    },
  };
}

/** Conditional by the resourceVersion of the object that was read. */
export async function replaceRouting(
  clients: KubernetesClients,
  target: RouteTarget,
  object: RoutingObject,
  marks: Readonly<Record<string, string>>,
): Promise<void> {
  const annotations = { ...object.metadata.annotations, ...marks };
  const metadata = { ...object.metadata, annotations };
  await clients(target.workload.cluster).replace({ ...object, metadata });
}
