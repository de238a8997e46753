/** The Pods of an arm, from the cluster: who is there, since when, and who should have metrics. */
import type { ArmTarget } from '../../../core/model/observe.ts';
import type { KubernetesClient, KubernetesObject } from '../../kubernetes/port.ts';

type Pod = KubernetesObject<unknown, { readonly phase?: string }>;

export interface ArmPod {
  readonly name: string;
  /** Null when not told. */
  readonly createdAtMs: number | null;
  /** It runs and is not on its way out, so that it ought to have metrics. */
  readonly isServing: boolean;
}

/** @throws CodedError as the cluster's client does */
export async function listArmPods(
  client: KubernetesClient,
  namespace: string,
  { labelSelector }: ArmTarget,
  signal?: AbortSignal,
): Promise<readonly ArmPod[]> {
  const pods = await client.list<Pod>('Pod', namespace, { labelSelector }, signal);
  return pods.map(({ metadata, status }) => {
    const created = Date.parse(metadata.creationTimestamp ?? '');
    return {
      name: metadata.name,
      createdAtMs: Number.isNaN(created) ? null : created,
      isServing: status?.phase === 'Running' && metadata.deletionTimestamp === undefined,
    };
  });
}
