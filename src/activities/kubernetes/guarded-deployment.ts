import type { KubernetesClient, KubernetesObject } from '../../clients/kubernetes/port.ts';
import { MARKS } from '../../core/model/names.ts';
import type { Deployment } from '../../core/rollout/workload.ts';
import type { GuardedTarget } from '../mutation.ts';

/** A Deployment as the target of a guarded write: `fields` reads what we own, `change` writes it. */
export function guardedDeployment(
  client: KubernetesClient,
  at: { readonly namespace: string; readonly name: string },
  operation: string,
  fields: (deployment: Deployment) => string,
  change: (deployment: Deployment) => Deployment,
): GuardedTarget<Deployment> {
  return {
    name: `Deployment ${at.namespace}/${at.name}`,
    read: () => client.get<Deployment & KubernetesObject>({ kind: 'Deployment', ...at }),
    stamp: (state) => state.metadata.annotations?.[MARKS.fence],
    fields,
    write: async (state, stamp) => {
      const changed = change(state);
      const annotations = { ...changed.metadata.annotations, [MARKS.fence]: stamp, [MARKS.operation]: operation };
      await client.replace({ ...changed, metadata: { ...changed.metadata, annotations } });
    },
  };
}
