/** Traffic by Gateway API HTTPRoute: weights of the backendRefs in the rule that sends to the stable Service. */
import { MARKS } from '../../core/model/names.ts';
import type { BackendWeight } from '../../core/model/operation.ts';
import {
  findRule,
  type HttpRoute,
  readBackends,
  sharePercent,
  whyNotAccepted,
  withBackends,
} from '../../core/rollout/route.ts';
import { CodedError } from '../../errors/coded-error.ts';
import type { KubernetesClients, KubernetesObject, ObjectAddress } from '../kubernetes/port.ts';
import { readGauge } from './weight-metric.ts';
import type { AppliedWeights, RouteState, RouteTarget, TrafficRouter } from './port.ts';

/** The data plane may round weights; half a per cent is the most it may differ by. */
const TOLERANCE_PERCENT = 0.5;

function address(target: RouteTarget): ObjectAddress {
  return { kind: 'HTTPRoute', namespace: target.workload.namespace, name: target.traffic.route };
}

export function createHttpRouteRouter(clients: KubernetesClients): TrafficRouter {
  const nameOf = (target: RouteTarget): string => `HTTPRoute ${target.workload.namespace}/${target.traffic.route}`;

  async function fetchRoute(
    target: RouteTarget,
    signal?: AbortSignal,
  ): Promise<(HttpRoute & KubernetesObject) | undefined> {
    return clients(target.workload.cluster).get<HttpRoute & KubernetesObject>(address(target), signal);
  }

  async function read(target: RouteTarget, signal?: AbortSignal): Promise<RouteState | undefined> {
    const route = await fetchRoute(target, signal);
    if (route === undefined) return undefined;
    const rule = findRule(route, target.traffic.stableService);
    if (rule < 0) {
      const found = rule === -1 ? 'no rule does' : 'several rules do';
      throw new CodedError(
        'PreconditionFailed',
        `${nameOf(target)}: exactly one rule must send to Service ${target.traffic.stableService}, ${found}`,
      );
    }
    return {
      uid: route.metadata.uid ?? '',
      rule,
      backends: readBackends(route, rule),
      stamp: route.metadata.annotations?.[MARKS.fenceOf(target.service)],
      object: route,
    };
  }

  async function write(
    target: RouteTarget,
    state: RouteState,
    backends: readonly BackendWeight[],
    marks: Readonly<Record<string, string>>,
  ): Promise<void> {
    const route = withBackends(state.object as HttpRoute, state.rule, backends);
    const annotations = { ...route.metadata.annotations, ...marks };
    await clients(target.workload.cluster).replace({
      ...route,
      metadata: { ...route.metadata, annotations },
    });
  }

  async function readApplied(
    target: RouteTarget,
    backends: readonly BackendWeight[],
    signal?: AbortSignal,
  ): Promise<AppliedWeights> {
    const route = await fetchRoute(target, signal);
    if (route === undefined) return { confirmed: false, says: `${nameOf(target)} does not exist` };
    const waiting = whyNotAccepted(route);
    if (waiting !== undefined) return { confirmed: false, says: waiting };
    const metric = target.traffic.weightMetric;
    if (metric === undefined) return { confirmed: true, says: 'the gateway accepted this generation of the route' };
    const gauge = await readGauge(metric, signal);
    const observed = backends.map((each) => ({
      service: each.service,
      percent: gauge.get(each.service) ?? Number.NaN,
    }));
    const wrong = sharePercent(backends).find((want) => {
      const seen = gauge.get(want.service);
      // A backend at 0 may be left out by the data plane; any other must be told.
      return seen === undefined ? want.percent > 0 : Math.abs(seen - want.percent) > TOLERANCE_PERCENT;
    });
    const stray = [...gauge].find(
      ([service, percent]) => percent > TOLERANCE_PERCENT && !backends.some((each) => each.service === service),
    );
    if (wrong)
      return {
        confirmed: false,
        observed,
        says: `the router applies ${gauge.get(wrong.service) ?? 'nothing'} % to ${wrong.service}, asked ${wrong.percent} %`,
      };
    if (stray) return { confirmed: false, observed, says: `the router still sends ${stray[1]} % to ${stray[0]}` };
    return { confirmed: true, observed, says: 'the router applies the weights' };
  }

  return { read, write, readApplied, nameOf, fenceKey: (target) => MARKS.fenceOf(target.service) };
}
