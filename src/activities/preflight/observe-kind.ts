import type { KubernetesClient, KubernetesObject, ObjectAddress } from '../../clients/kubernetes/port.ts';
import { MARKS } from '../../core/model/names.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { type PreflightFacts, trimDestinationRule } from '../../core/preflight/facts.ts';
import type { DestinationRule } from '../../core/rollout/destination-rule.ts';
import { selectorText, type Service } from '../../core/rollout/workload.ts';
import type { Look } from './observe-preflight.ts';

/** What only one kind of router needs to be checked. */
export async function observeKind(
  client: KubernetesClient,
  { workload: { namespace }, traffic }: DeployPlan,
  look: Look,
): Promise<Pick<PreflightFacts, 'destinationRules' | 'pods'>> {
  switch (traffic.kind) {
    case 'httpRoute':
      return {};
    case 'istioVirtualService': {
      const destinationRules = await look<{ objects: readonly DestinationRule[] }>(
        `DestinationRules of ${namespace}`,
        async (signal) => {
          const found = await client.list('DestinationRule', namespace, {}, signal);
          return { seen: 'present', objects: found.map((each) => trimDestinationRule(each as DestinationRule)) };
        },
      );
      return { destinationRules };
    }
    case 'podRatio': {
      const pods = await look<{ pods: readonly { name: string; track: string | null }[] }>(
        `pods of Service ${namespace}/${traffic.stableService}`,
        (signal) => podsBehind(client, { kind: 'Service', namespace, name: traffic.stableService }, signal),
      );
      return { pods };
    }
  }
}

/** Every pod that the Service would select without its track. */
async function podsBehind(client: KubernetesClient, address: ObjectAddress, signal: AbortSignal) {
  const service = await client.get<Service & KubernetesObject>(address, signal);
  if (service === undefined) return { seen: 'missing' } as const;
  const { [MARKS.track]: _track, ...labels } = service.spec.selector ?? {};
  // An empty selector would list every pod of the namespace; the check `selector` refuses it.
  if (Object.keys(labels).length === 0) return { seen: 'present', pods: [] } as const;
  const found = await client.list('Pod', address.namespace, { labelSelector: selectorText(labels) }, signal);
  const pods = found
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => ({ name: metadata.name, track: metadata.labels?.[MARKS.track] ?? null }));
  return { seen: 'present', pods } as const;
}
