/** Traffic by Gateway API HTTPRoute: weights of the backendRefs in the rule that sends to the stable Service. */
import type { HttpRoutePlan } from '../../core/model/plan.ts';
import { type HttpRoute, whyNotAccepted, withBackends } from '../../core/rollout/route.ts';
import { backendsElsewhere } from '../../core/rollout/routing.ts';
import type { KubernetesClients } from '../kubernetes/port.ts';
import type { TrafficRouter } from './port.ts';
import { fetchRouting, replaceRouting, routingReads } from './routing-object.ts';
import { confirmByGauge, gaugePercent } from './weight-metric.ts';

export function createHttpRouteRouter(clients: KubernetesClients): TrafficRouter<HttpRoutePlan> {
  const reads = routingReads(clients);
  return {
    ...reads,
    async write(target, state, backends, marks) {
      await replaceRouting(clients, target, withBackends(state.object as HttpRoute, state.rule, backends), marks);
    },
    async readApplied(target, backends, signal) {
      const route = await fetchRouting<HttpRoute>(clients, target, signal);
      if (route === undefined) return { confirmed: false, says: `${reads.nameOf(target)} does not exist` };
      const waiting = whyNotAccepted(route);
      if (waiting !== undefined) return { confirmed: false, says: waiting };
      const metric = target.traffic.weightMetric;
      if (metric === undefined) return { confirmed: true, says: 'the gateway accepted this generation of the route' };
      return confirmByGauge(metric, backends, backendsElsewhere(target.traffic, route), signal);
    },
    readPercent: (target, backend, signal) => gaugePercent(target.traffic.weightMetric, backend, signal),
  };
}
