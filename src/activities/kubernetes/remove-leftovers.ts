/**
 * A canary that a fenced owner made at the last moment, after its record was handed over, is nobody's: whoever owns the
 * service next takes it away. Only objects with the canary's exact name pattern, our labels and a lower term, and never
 * one that the route still names.
 */
import type { KubernetesClient } from '../../clients/kubernetes/port.ts';
import type { RouteState } from '../../clients/router/port.ts';
import { MARKS } from '../../core/model/names.ts';
import type { Fence } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { leftoverTerm } from '../../core/rollout/leftovers.ts';
import { canaryCompanions } from '../../core/rollout/routing.ts';
import { checkCancelled } from '../mutation.ts';

export async function removeLeftovers(
  client: KubernetesClient,
  plan: DeployPlan,
  fence: Fence,
  route: RouteState,
): Promise<void> {
  const { namespace, deployment } = plan.workload;
  const { stableService } = plan.traffic;
  const labelSelector = `${MARKS.service}=${plan.service},${MARKS.managedBy}=mainstay`;
  const routed = route.backends.map((each) => leftoverTerm(stableService, each.service));
  for (const kind of ['Deployment', ...canaryCompanions(plan.traffic)] as const) {
    const stable = kind === 'Deployment' ? deployment : stableService;
    const found = await client.list(kind, namespace, { labelSelector });
    for (const { metadata } of found) {
      const term = leftoverTerm(stable, metadata.name);
      if (term === undefined || term >= fence.term || routed.includes(term)) continue;
      checkCancelled();
      await client.delete(
        { kind, namespace, name: metadata.name },
        metadata.uid === undefined ? {} : { uid: metadata.uid },
      );
    }
  }
}
