import type { KubernetesClients, KubernetesObject, ObjectAddress } from '../../clients/kubernetes/port.ts';
import { readGauge } from '../../clients/router/weight-metric.ts';
import { MARKS } from '../../core/model/names.ts';
import type { ObserveStepInput, Seen, Standing } from '../../core/model/observe.ts';
import { findRule, readBackends } from '../../core/rollout/route.ts';
import type { HttpRoute } from '../../core/rollout/route.ts';
import { imageOf, replicasOf } from '../../core/rollout/workload.ts';
import type { Deployment } from '../../core/rollout/workload.ts';
import { isCoded } from '../../errors/coded-error.ts';

/** What stands on route and Deployments, and the weight the data plane applies. Throws only when it is cancelled. */
export async function readStanding(
  kubernetes: KubernetesClients,
  input: ObserveStepInput,
  signal: AbortSignal,
): Promise<Standing> {
  const { workload, traffic, service } = input.plan;
  const client = kubernetes(workload.cluster);
  const at = (kind: ObjectAddress['kind'], name: string): ObjectAddress => ({
    kind,
    namespace: workload.namespace,
    name,
  });
  const { canary } = input.expected;
  const [route, stable, canarySeen, appliedPercent] = await Promise.all([
    see(
      signal,
      () => client.get<KubernetesObject & HttpRoute>(at('HTTPRoute', traffic.route), signal),
      (found) => ({
        backends: backendsOf(found, traffic.stableService),
        ...fenceOf(found, MARKS.fenceOf(service)),
      }),
    ),
    see(
      signal,
      () => client.get<KubernetesObject & Deployment>(at('Deployment', workload.deployment), signal),
      (found) => ({
        image: imageOf(found, workload.container) ?? null,
        ...fenceOf(found, MARKS.fence),
      }),
    ),
    canary &&
      see(
        signal,
        () => client.get<KubernetesObject & Deployment>(at('Deployment', canary.name), signal),
        (found) => ({
          image: imageOf(found, workload.container) ?? null,
          replicas: replicasOf(found),
          ...fenceOf(found, MARKS.fence),
        }),
      ),
    readApplied(input, signal),
  ]);
  return { route, stable, ...(canarySeen ? { canary: canarySeen } : {}), appliedPercent };
}

async function see<Found, Facts>(
  signal: AbortSignal,
  get: () => Promise<Found | undefined>,
  factsOf: (found: Found) => Facts,
): Promise<Seen<Facts>> {
  try {
    const found = await get();
    return found === undefined ? { seen: 'missing' } : { seen: 'present', ...factsOf(found) };
  } catch (error) {
    if (signal.aborted || !isCoded(error)) throw error;
    return { seen: 'unknown', problem: error.message };
  }
}

/** Backends of the rule that sends to the stable Service; those of every such rule when there are several. */
function backendsOf(route: HttpRoute, stableService: string) {
  const rule = findRule(route, stableService);
  if (rule >= 0) return readBackends(route, rule);
  const rules = route.spec.rules ?? [];
  return rules.flatMap((each, index) =>
    each.backendRefs?.some((ref) => ref.name === stableService) === true ? readBackends(route, index) : [],
  );
}

function fenceOf(object: KubernetesObject | HttpRoute | Deployment, key: string): { fence?: string } {
  const fence = object.metadata.annotations?.[key];
  return fence === undefined ? {} : { fence };
}

/** Shown to people only, so that a router that does not answer is no more than an unknown number. */
async function readApplied(input: ObserveStepInput, signal: AbortSignal): Promise<number | null> {
  const metric = input.plan.traffic.weightMetric;
  if (!metric || !input.arms.canary) return null;
  try {
    const percent = (await readGauge(metric, signal)).get(input.arms.canary.backend);
    return percent !== undefined && Number.isFinite(percent) ? percent : null;
  } catch (error) {
    if (signal.aborted || !isCoded(error)) throw error;
    return null;
  }
}
