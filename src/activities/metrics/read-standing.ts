import type { KubernetesClients, KubernetesObject, ObjectAddress } from '../../clients/kubernetes/port.ts';
import type { TrafficRouter } from '../../clients/router/port.ts';
import { MARKS } from '../../core/model/names.ts';
import type { ObserveStepInput, Seen, Standing } from '../../core/model/observe.ts';
import { imageOf, replicasOf } from '../../core/rollout/workload.ts';
import type { Deployment } from '../../core/rollout/workload.ts';
import { isCoded } from '../../errors/coded-error.ts';

export interface StandingDeps {
  readonly kubernetes: KubernetesClients;
  readonly router: TrafficRouter;
}

/** What stands on route and Deployments, and the weight the data plane applies. Throws only when it is cancelled. */
export async function readStanding(
  { kubernetes, router }: StandingDeps,
  input: ObserveStepInput,
  signal: AbortSignal,
): Promise<Standing> {
  const { workload } = input.plan;
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
      () => router.look(input.plan, signal),
      ({ backends, stamp }) => ({ backends, ...(stamp !== undefined && { fence: stamp }) }),
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
    readApplied(router, input, signal),
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

function fenceOf(object: KubernetesObject | Deployment, key: string): { fence?: string } {
  const fence = object.metadata.annotations?.[key];
  return fence === undefined ? {} : { fence };
}

/** Shown to people only, so that a router that does not answer is no more than an unknown number. */
async function readApplied(
  router: TrafficRouter,
  input: ObserveStepInput,
  signal: AbortSignal,
): Promise<number | null> {
  if (!input.arms.canary) return null;
  try {
    return await router.readPercent(input.plan, input.arms.canary.backend, signal);
  } catch (error) {
    if (signal.aborted || !isCoded(error)) throw error;
    return null;
  }
}
