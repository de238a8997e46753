/** What must hold after a point: judged from cluster and router; what the operation said is compared with it. */
import type { DeployResult } from '../../src/core/model/operation.ts';
import { RESOURCES } from '../../src/sandbox/cluster/kube/objects.ts';
import { HTTP_ROUTES } from '../../src/sandbox/router/gateway-objects.ts';
import type { Standing } from '../harness/e2e/s1.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import type { Sighted } from './observer.ts';
import { type End, endsOf, isForeign, type Kind, type Point } from './points.ts';
import { STEP_MS, WEIGHTS } from './world.ts';

/** What stands in a namespace beyond S1's own comparison. */
export interface Inventory {
  /** Kinds and names of everything that a deployment could make or delete. */
  readonly objects: string;
  /** How often the named Deployment was rolled. */
  readonly revision: number;
}

export interface Before {
  readonly standing: Standing;
  readonly inventory: Inventory;
}

export interface After extends Before {
  /** Undefined when S1 holds. */
  readonly whyNotS1: string | undefined;
  /** Requests that were answered 5xx meanwhile. */
  readonly failedRequests: number;
}

export interface Played {
  readonly point: Point | undefined;
  readonly target: string;
  readonly before: Before;
  readonly after: After;
  readonly sighted: Sighted;
  /** When someone else's hands were done. */
  readonly editedAtMs: number | undefined;
  /** Of the deployment, or of what restored it; undefined when there is none. */
  readonly result: DeployResult | undefined;
}

export async function inventoryOf(stage: Stage): Promise<Inventory> {
  const kinds = [RESOURCES.deployments, RESOURCES.services, HTTP_ROUTES, RESOURCES.configMaps, RESOURCES.secrets];
  const names: string[] = [];
  for (const resource of kinds) {
    const { items } = await stage.kube.list({ resource, namespace: stage.name });
    names.push(...items.map(({ metadata }) => `${resource.kind} ${metadata?.name}`));
  }
  const deployment = await stage.deployment();
  const revision = Number(deployment.metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  return { objects: names.toSorted().join(', '), revision };
}

export function endOf({ after, target }: Pick<Played, 'after' | 'target'>): End {
  return after.standing.image === target ? 'new' : 'old';
}

/** Every way in which a promise does not hold; each begins with its name. */
export function problemsOf(played: Played, expected: readonly End[]): readonly string[] {
  const { point, after, sighted, result } = played;
  const end = endOf(played);
  const kind = point?.kind;
  return [
    ...(expected.includes(end) ? [] : [`expected ${expected.join(' or ')}, the ${end} version serves`]),
    ...(after.whyNotS1 === undefined ? [] : [`S1: ${after.whyNotS1}`]),
    ...standingProblems(played, end, kind),
    ...sighted.lateWrites().map((late) => `S2: ${late}`),
    ...(end === 'new' && !(kind && isForeign(kind)) ? shortSteps(sighted) : []),
    ...onceProblems(played, end, kind),
    ...accountProblems(result, end, point),
    ...(after.failedRequests > 0 && !(kind && isForeign(kind)) ? [`S1: ${after.failedRequests} requests failed`] : []),
  ];
}

/** S1's second half: what was found stands again, or the new version and nothing else that is different. */
function standingProblems(played: Played, end: End, kind?: Kind): string[] {
  const { point, before, after, target, sighted, editedAtMs, result } = played;
  const wanted: Standing = end === 'new' ? { ...before.standing, image: target } : before.standing;
  const keys = Object.keys(wanted) as (keyof Standing)[];
  return keys.flatMap((key) => {
    const [want, found] = [wanted[key], after.standing[key]];
    if (want === found) return [];
    const difference = `${key}: wanted ${want}, found ${found}`;
    if (kind === undefined || !isForeign(kind) || editedAtMs === undefined) return [`S1: ${difference}`];
    if (point?.step.isBeforeRecord) return [];
    // Someone else's change may stand where it came first, where it is not ours to undo, or where it came last; if a
    // later write of ours saw it, it is reported.
    const isOurs = key === 'image' || key === 'weights';
    const object = key === 'weights' ? 'HTTPRoute crm-api' : 'Deployment crm-api';
    if (isOurs && sighted.writesAfter(object, editedAtMs) > 1 && !isReported(result, found))
      return [`S10: ${difference}`];
    return [];
  });
}

function isReported(result: DeployResult | undefined, found: string | number): boolean {
  const rows = [...(result?.foreign ?? []), ...(result?.restored ?? [])];
  return rows.some(({ observed }) => String(found).includes(observed) || observed.includes(String(found)));
}

/** A watch ends its step; the watched time is that of the step, whatever happened to who watched. */
const EARLY_MS = 400;

function shortSteps(sighted: Sighted): string[] {
  return WEIGHTS.flatMap((weight) => {
    const stoodMs = sighted.stoodAt(weight);
    return stoodMs >= STEP_MS - EARLY_MS ? [] : [`S3: ${weight} % stood for ${stoodMs} ms of ${STEP_MS} ms and passed`];
  });
}

function onceProblems({ before, after }: Played, end: End, kind?: Kind): string[] {
  if (kind !== undefined && isForeign(kind)) return [];
  const { objects, revision } = after.inventory;
  const rolled = revision - before.inventory.revision;
  return [
    ...(objects === before.inventory.objects ? [] : [`S9: objects before ${before.inventory.objects}, now ${objects}`]),
    ...(end === 'new' && rolled !== 1 ? [`S9: the named Deployment was rolled ${rolled} times`] : []),
  ];
}

/** S10: what is told is what stands. */
function accountProblems(result: DeployResult | undefined, end: End, point: Point | undefined): string[] {
  const kind = point?.kind;
  if (result === undefined) return [];
  // Whoever changes something while the last word is written comes after the last look: it was true when it was said.
  if (kind !== undefined && isForeign(kind) && point?.step.activity === 'recordRelease') return [];
  const isPromoted = result.outcome === 'promoted';
  if (isPromoted !== (end === 'new')) return [`S10: it says ${result.outcome}, the ${end} version serves`];
  if (kind !== undefined && isForeign(kind)) return [];
  return result.restored.filter((row) => !row.restored).map((row) => `S10: not restored: ${row.object} ${row.field}`);
}

export function expectedEnds(point: Point | undefined, scenario: string): readonly End[] {
  if (point) return endsOf(point);
  return scenario === 'deploy' ? ['new'] : ['old'];
}
