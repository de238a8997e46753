/**
 * Traffic by numbers of pods, where nothing splits it: the stable Service lets one arm or both in by its selector, and the
 * ready endpoints are the weight. What kube-proxy balances are connections: a client that keeps one stays where it is.
 */
import { MARKS } from '../../core/model/names.ts';
import type { PodRatioPlan } from '../../core/model/plan.ts';
import { leftoverTerm } from '../../core/rollout/leftovers.ts';
import {
  type ArmCounts,
  assessShares,
  podShare,
  readShares,
  stableTrackOf,
  withShares,
} from '../../core/rollout/pod-ratio.ts';
import { formatBackends, sameBackends, sharePercent } from '../../core/rollout/route.ts';
import { type Deployment, selectorText, type Service } from '../../core/rollout/workload.ts';
import { CodedError } from '../../errors/coded-error.ts';
import type { KubernetesClients, KubernetesObject } from '../kubernetes/port.ts';
import type { RouteTarget, TrafficRouter } from './port.ts';
import { fetchRouting, replaceRouting, routingReads } from './routing-object.ts';

type Target = RouteTarget<PodRatioPlan>;

interface PodStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}
type Pod = KubernetesObject<unknown, PodStatus>;

interface Slice extends KubernetesObject {
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean };
    readonly targetRef?: { readonly kind?: string; readonly name?: string };
  }[];
}

export function createPodRatioRouter(clients: KubernetesClients): TrafficRouter<PodRatioPlan> {
  const reads = routingReads(clients);

  /** As noted or selected; where neither tells, the named Deployment's pods have it. */
  async function stableTrack(target: Target, service: Service): Promise<string> {
    const known = stableTrackOf(service);
    if (known !== undefined) return known;
    const { cluster, namespace, deployment: name } = target.workload;
    const found = await clients(cluster).get<Deployment & KubernetesObject>({ kind: 'Deployment', namespace, name });
    const track = found?.spec.template.metadata?.labels?.[MARKS.track];
    if (track !== undefined) return track;
    const problem = `expected the label ${MARKS.track} on the pods of Deployment ${namespace}/${name}, found none`;
    throw new CodedError('PreconditionFailed', `${reads.nameOf(target)}: ${problem}`);
  }

  return {
    ...reads,
    async write(target, state, backends, marks) {
      const service = state.object as Service;
      // A claim stamps whatever stands; it takes back nothing that someone else did to the selector.
      if (sameBackends(state.backends, backends)) return replaceRouting(clients, target, service, marks);
      const track = await stableTrack(target, service);
      await replaceRouting(clients, target, withShares(service, backends, track, target.traffic), marks);
    },
    async readApplied(target, backends, signal) {
      const service = await fetchRouting<Service>(clients, target, signal);
      if (service === undefined) return { confirmed: false, says: `${reads.nameOf(target)} does not exist` };
      const stands = readShares(service, target.traffic);
      if (!sameBackends(stands, backends)) {
        return { confirmed: false, says: `${reads.nameOf(target)} says ${formatBackends(stands)}` };
      }
      const { stableService, tolerancePercent } = target.traffic;
      const canary = backends.find((each) => leftoverTerm(stableService, each.service) !== undefined)?.service;
      const counts = await countArms(clients, target, service, canary, signal);
      const asked = sharePercent(backends).find((each) => each.service === canary)?.percent ?? 0;
      const percent = podShare(counts.stable.endpoints, counts.canary.endpoints);
      const observed = [
        { service: stableService, percent: counts.stable.endpoints === 0 ? 0 : 100 - percent },
        ...(canary === undefined ? [] : [{ service: canary, percent }]),
      ];
      return { ...assessShares(counts, asked, tolerancePercent), observed };
    },
    async readPercent(target, backend, signal) {
      const service = await fetchRouting<Service>(clients, target, signal);
      if (service === undefined) return null;
      const { stable, canary } = await countArms(clients, target, service, backend, signal);
      return stable.endpoints + canary.endpoints === 0 ? null : podShare(stable.endpoints, canary.endpoints);
    },
  };
}

/** Who is behind the Service now, by the track of each pod. */
async function countArms(
  clients: KubernetesClients,
  target: Target,
  service: Service,
  canary: string | undefined,
  signal?: AbortSignal,
): Promise<ArmCounts> {
  const client = clients(target.workload.cluster);
  const { namespace } = target.workload;
  const { stableService } = target.traffic;
  const { [MARKS.track]: _track, ...others } = service.spec.selector ?? {};
  const [pods, slices] = await Promise.all([
    client.list<Pod>('Pod', namespace, { labelSelector: selectorText(others) }, signal),
    client.list<Slice>(
      'EndpointSlice',
      namespace,
      { labelSelector: `kubernetes.io/service-name=${stableService}` },
      signal,
    ),
  ]);
  const endpoints = readyEndpoints(slices);
  const term = canary === undefined ? undefined : leftoverTerm(stableService, canary);
  const stableTrack = stableTrackOf(service);
  const armOf = (pod: Pod | undefined): 'stable' | 'canary' | undefined => {
    const track = pod?.metadata.labels?.[MARKS.track];
    if (term !== undefined && track === `canary-${term}`) return 'canary';
    return track !== undefined && track === stableTrack ? 'stable' : undefined;
  };
  const byName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
  const serving = [...endpoints].map((name) => armOf(byName.get(name)));
  const count = (arm: 'stable' | 'canary') => ({
    endpoints: serving.filter((each) => each === arm).length,
    ready: pods.filter((pod) => armOf(pod) === arm && isReady(pod)).length,
  });
  const strangers = serving.filter((each) => each === undefined).length;
  return { stable: count('stable'), canary: count('canary'), others: strangers };
}

/** Names of the pods that are sent connections; the address where an endpoint is no pod. One pod may stand in two slices. */
function readyEndpoints(slices: readonly Slice[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const slice of slices) {
    for (const { addresses, conditions, targetRef } of slice.endpoints ?? []) {
      if (conditions?.ready === false || conditions?.terminating === true) continue;
      names.add(targetRef?.kind === 'Pod' ? (targetRef.name ?? '?') : (addresses?.[0] ?? '?'));
    }
  }
  return names;
}

function isReady({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ?? false;
}
