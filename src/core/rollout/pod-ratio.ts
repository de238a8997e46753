/**
 * Weights by numbers of pods, where nothing splits traffic: the stable Service's selector is the gate, the pods are the
 * weight. As the team has it the selector names the stable track; without the track both arms are behind the Service,
 * each with its share of the ready pods; with the canary's track only the canary is. Stable pods are never touched.
 */
import { canaryName, MARKS } from '../model/names.ts';
import type { BackendWeight } from '../model/operation.ts';
import type { PodRatioPlan } from '../model/plan.ts';
import { leftoverTerm } from './leftovers.ts';
import { sharePercent } from './route.ts';
import type { Service } from './workload.ts';

/** What was asked for last, as it stands on the Service: a selector alone does not tell 10 from 25 %. */
interface AskedShares {
  readonly stableTrack: string;
  readonly stable: number;
  readonly term: number;
  readonly canary: number;
}

/** `stable=90 canary-7=10`, the track of the stable pods first. */
function formatAsked({ stableTrack, stable, term, canary }: AskedShares): string {
  return `${stableTrack}=${stable} canary-${term}=${canary}`;
}

function parseAsked(text: string | undefined): AskedShares | undefined {
  const match = /^([A-Za-z0-9._-]+)=(\d{1,3}) canary-(\d{1,15})=(\d{1,3})$/.exec(text ?? '');
  if (!match?.[1]) return undefined;
  return { stableTrack: match[1], stable: Number(match[2]), term: Number(match[3]), canary: Number(match[4]) };
}

function canaryTerm(track: string | undefined): number | undefined {
  const match = /^canary-(\d{1,15})$/.exec(track ?? '');
  return match ? Number(match[1]) : undefined;
}

/** The track that the selector names now. */
export function selectedTrack(service: Service): string | undefined {
  return service.spec.selector?.[MARKS.track];
}

/** The track of the stable pods: as noted when the split began, else as the selector names it. */
export function stableTrackOf(service: Service): string | undefined {
  const noted = parseAsked(service.metadata.annotations?.[MARKS.podRatio])?.stableTrack;
  if (noted !== undefined) return noted;
  const track = selectedTrack(service);
  return canaryTerm(track) === undefined ? track : undefined;
}

/**
 * What the Service does, as backends with weights. A selector that does not fit what was asked for is told as a backend of
 * its own name, so that it is equal to nothing that was asked for.
 */
export function readShares(service: Service, { stableService, port }: PodRatioPlan): readonly BackendWeight[] {
  const asked = parseAsked(service.metadata.annotations?.[MARKS.podRatio]);
  const track = selectedTrack(service);
  const one = (name: string, weight: number): BackendWeight => ({ service: name, port, weight });
  const term = canaryTerm(track);
  if (term !== undefined) return [one(stableService, 0), one(canaryName(stableService, term), 100)];
  if (track === undefined) {
    if (asked === undefined) return [one(`${stableService} (every track)`, 100)];
    return [one(stableService, asked.stable), one(canaryName(stableService, asked.term), asked.canary)];
  }
  if (asked !== undefined && asked.stableTrack !== track) return [one(`${stableService} (track ${track})`, 100)];
  return [one(stableService, 100)];
}

/**
 * The Service that makes these shares possible: stable only, both arms, or the canary only. Nothing but the track in its
 * selector and our note changes.
 */
export function withShares(
  service: Service,
  backends: readonly BackendWeight[],
  stableTrack: string,
  { stableService }: PodRatioPlan,
): Service {
  const { [MARKS.podRatio]: _note, ...annotations } = service.metadata.annotations ?? {};
  const { [MARKS.track]: _track, ...others } = service.spec.selector ?? {};
  const made = (selector: Readonly<Record<string, string>>, note?: AskedShares): Service => ({
    ...service,
    metadata: {
      ...service.metadata,
      annotations: { ...annotations, ...(note && { [MARKS.podRatio]: formatAsked(note) }) },
    },
    spec: { ...service.spec, selector },
  });
  const shares = sharePercent(backends);
  const found = shares.find((each) => leftoverTerm(stableService, each.service) !== undefined);
  const term = found && leftoverTerm(stableService, found.service);
  if (found === undefined || term === undefined || found.percent === 0) {
    return made({ ...others, [MARKS.track]: stableTrack });
  }
  const canary = Math.round(found.percent);
  const note = { stableTrack, stable: 100 - canary, term, canary };
  return made(canary >= 100 ? { ...others, [MARKS.track]: `canary-${term}` } : others, note);
}

/**
 * Canary pods whose share of all pods is nearest to the weight, at least one and never more than stable has; of two
 * equally near the fewer. At 100 % as many as stable has: they serve alone.
 *
 * 4 stable pods: 10 % -> 1 (20 %), 25 % -> 1 (20 %), 33 % -> 2 (33.3 %), 50 % -> 4 (50 %), 75 % -> 4 (50 %), 100 % -> 4.
 */
export function ratioReplicas(stableReplicas: number, weightPercent: number): number {
  const most = Math.max(1, stableReplicas);
  if (weightPercent >= 100) return most;
  let best = 1;
  for (let pods = 2; pods <= most; pods += 1) {
    if (offBy(stableReplicas, pods, weightPercent) < offBy(stableReplicas, best, weightPercent)) best = pods;
  }
  return best;
}

function offBy(stable: number, canary: number, weightPercent: number): number {
  return Math.abs(podShare(stable, canary) - weightPercent);
}

/** Per cent of the pods that are canary pods. 4 and 1 -> 20. */
export function podShare(stable: number, canary: number): number {
  return stable + canary === 0 ? 0 : (100 * canary) / (stable + canary);
}

/** What one step of the ladder really gets. */
export interface Reach {
  readonly weightPercent: number;
  readonly pods: number;
  readonly of: number;
  readonly percent: number;
}

/** Worked example, 4 stable pods: a step of 10 % -> 1 of 5 pods, 20 %; one of 100 % -> 4 of 4, 100 %. */
export function reachOf(stableReplicas: number, weightPercent: number): Reach {
  const pods = ratioReplicas(stableReplicas, weightPercent);
  const of = weightPercent >= 100 ? pods : stableReplicas + pods;
  return { weightPercent, pods, of, percent: (100 * pods) / of };
}

/** Ready pods of a Service by arm: those that are endpoints, and all that are ready. */
export interface ArmCounts {
  readonly stable: { readonly endpoints: number; readonly ready: number };
  readonly canary: { readonly endpoints: number; readonly ready: number };
  /** Endpoints of neither arm: another track, or no pod at all. */
  readonly others: number;
}

/**
 * Whether the endpoints are what was asked for: every ready pod of an arm that serves is there, none of one that does
 * not, no stranger, and the canary's share within the tolerance.
 */
export function assessShares(
  counts: ArmCounts,
  weightPercent: number,
  tolerancePercent: number,
): { readonly confirmed: boolean; readonly says: string } {
  const { stable, canary, others } = counts;
  const all = stable.endpoints + canary.endpoints + others;
  const percent = rounded(podShare(stable.endpoints, canary.endpoints));
  const says = `${canary.endpoints} of ${all} ready endpoints are canary pods (${percent} %), asked ${weightPercent} %`;
  const not = (why: string) => ({ confirmed: false, says: `${says}: ${why}` });
  if (others > 0) return not(`${others} belong to neither arm`);
  if (weightPercent < 100 && stable.endpoints < stable.ready) {
    return not(`${stable.ready - stable.endpoints} ready stable pods are missing`);
  }
  if (weightPercent > 0 && canary.endpoints < canary.ready) {
    return not(`${canary.ready - canary.endpoints} ready canary pods are missing`);
  }
  if (weightPercent === 0) return canary.endpoints > 0 ? not('there must be none') : { confirmed: true, says };
  if (canary.endpoints === 0) return not('there must be some');
  if (weightPercent === 100) return stable.endpoints > 0 ? not('no stable pod may be left') : { confirmed: true, says };
  const off = Math.abs(podShare(stable.endpoints, canary.endpoints) - weightPercent);
  return off > tolerancePercent ? not(`off by more than ${tolerancePercent} points`) : { confirmed: true, says };
}

/** 33.3, 20 */
export function rounded(percent: number): number {
  return Math.round(percent * 10) / 10;
}
