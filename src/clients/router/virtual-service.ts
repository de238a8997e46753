/** Traffic by Istio VirtualService: weights of the destinations in the http route that sends to the stable one. */
import { MARKS } from '../../core/model/names.ts';
import type { VirtualServicePlan } from '../../core/model/plan.ts';
import { formatBackends, sameBackends } from '../../core/rollout/route.ts';
import { backendsElsewhere, readRouting } from '../../core/rollout/routing.ts';
import { reconciliationOf, type VirtualService, withDestinations } from '../../core/rollout/virtual-service.ts';
import type { KubernetesClients } from '../kubernetes/port.ts';
import type { AppliedWeights, RouteTarget, TrafficRouter } from './port.ts';
import { fetchRouting, replaceRouting, routingReads } from './routing-object.ts';
import { confirmByGauge, gaugePercent } from './weight-metric.ts';

type Target = RouteTarget<VirtualServicePlan>;

export function createVirtualServiceRouter(
  clients: KubernetesClients,
  now: () => number = Date.now,
): TrafficRouter<VirtualServicePlan> {
  const reads = routingReads(clients);

  /** Where no gauge and no status tells: it has stood in the API server for the time that Istio takes to spread it. */
  function confirmByTime(target: Target, object: VirtualService): AppliedWeights {
    const { settleMs } = target.traffic;
    const writtenMs = Date.parse(object.metadata.annotations?.[MARKS.writtenAtOf(target.service)] ?? '');
    // Never written by us, or by a clock that is ahead of ours: what stands there is not of this moment.
    const standsMs = Number.isNaN(writtenMs) ? settleMs : Math.abs(now() - writtenMs);
    if (standsMs < settleMs) {
      const seconds = Math.ceil((settleMs - standsMs) / 1000);
      return {
        confirmed: false,
        says: `${reads.nameOf(target)} is written; Istio tells no more of it, so ${seconds} s more are waited`,
      };
    }
    return {
      confirmed: true,
      says: `${reads.nameOf(target)} has stood for ${settleMs / 1000} s; neither a weight metric nor a status tells that the proxies apply it`,
    };
  }

  return {
    ...reads,
    async write(target, state, backends, marks) {
      const before = state.object as VirtualService;
      const object = withDestinations(before, state.rule, backends, target.traffic);
      const isNew = !sameBackends(state.backends, backends);
      const written = isNew ? { [MARKS.writtenAtOf(target.service)]: new Date(now()).toISOString() } : {};
      await replaceRouting(clients, target, object, { ...marks, ...written });
    },
    async readApplied(target, backends, signal) {
      const object = await fetchRouting<VirtualService>(clients, target, signal);
      if (object === undefined) return { confirmed: false, says: `${reads.nameOf(target)} does not exist` };
      const stands = readRouting(target.traffic, object).backends;
      if (!sameBackends(stands, backends)) {
        return { confirmed: false, says: `${reads.nameOf(target)} says ${formatBackends(stands)}` };
      }
      const reconciled = reconciliationOf(object);
      if (reconciled.told && reconciled.problem !== undefined) return { confirmed: false, says: reconciled.problem };
      const metric = target.traffic.weightMetric;
      if (metric !== undefined)
        return confirmByGauge(metric, backends, backendsElsewhere(target.traffic, object), signal);
      if (reconciled.told) return { confirmed: true, says: 'istiod says that the proxies took up this generation' };
      return confirmByTime(target, object);
    },
    readPercent: (target, backend, signal) => gaugePercent(target.traffic.weightMetric, backend, signal),
  };
}
