/** Someone else's change: what stands on the cluster against what this operation wrote last. */
import type { BackendWeight, ForeignChange } from '../model/operation.ts';
import { MARKS } from '../model/names.ts';
import type { ObserveStepInput, Standing } from '../model/observe.ts';
import { routingName } from '../rollout/routing.ts';

/**
 * Differences in the fields this operation owns: backends and their shares of the route, image of the named
 * Deployment, image and replicas of the canary, and a fence of a higher term. Shares are compared, not numbers:
 * 10 and 90 send what 1 and 9 send. What could not be read is no difference.
 */
export function foreignChanges(input: ObserveStepInput, standing: Standing): readonly ForeignChange[] {
  const { workload, service } = input.plan;
  const { expected, term } = input;
  const at = (kind: string, name: string) => `${kind} ${workload.namespace}/${name}`;
  const changes: ForeignChange[] = [];
  const compare = (object: string, field: string, wanted: string, observed: string) => {
    if (wanted !== observed) changes.push({ object, field, expected: wanted, observed });
  };
  const fence = (object: string, mark: string, stamp: string | undefined) => {
    const observed = termOf(stamp);
    if (observed > term) changes.push({ object, field: mark, expected: `term ${term}`, observed: `term ${observed}` });
  };

  const route = routingName(input.plan);
  if (standing.route.seen === 'missing') compare(route, 'route', 'present', 'missing');
  if (standing.route.seen === 'present') {
    compare(route, 'backends', backendsText(expected.backends), backendsText(standing.route.backends));
    fence(route, MARKS.fenceOf(service), standing.route.fence);
  }
  const stable = at('Deployment', workload.deployment);
  if (standing.stable.seen === 'missing') compare(stable, 'deployment', 'present', 'missing');
  if (standing.stable.seen === 'present') {
    compare(stable, 'image', expected.stableImage, standing.stable.image ?? 'no such container');
    fence(stable, MARKS.fence, standing.stable.fence);
  }
  if (!expected.canary || !standing.canary) return changes;
  const canary = at('Deployment', expected.canary.name);
  if (standing.canary.seen === 'missing') compare(canary, 'deployment', 'present', 'missing');
  if (standing.canary.seen === 'present') {
    compare(canary, 'image', expected.canary.image, standing.canary.image ?? 'no such container');
    compare(canary, 'replicas', String(expected.canary.replicas), String(standing.canary.replicas));
    fence(canary, MARKS.fence, standing.canary.fence);
  }
  return changes;
}

/** Term of a fence stamp `<term>/<change>`; 0 when there is none, or it is not ours to read. */
function termOf(stamp: string | undefined): number {
  const match = /^(\d+)\/\d+$/.exec(stamp ?? '');
  return match ? Number(match[1]) : 0;
}

/** `crm-api:80 90 %, crm-api-canary-7:80 10 %`, in the order of names. */
export function backendsText(backends: readonly BackendWeight[]): string {
  const total = backends.reduce((sum, backend) => sum + backend.weight, 0);
  const share = (weight: number) => (total > 0 ? Math.round((weight / total) * 10_000) / 100 : 0);
  const parts = backends.map((backend) => `${backend.service}:${backend.port} ${share(backend.weight)} %`);
  return parts.length === 0 ? 'none' : parts.sort().join(', ');
}

/** What could not be read, in words; undefined when all was. */
export function unknownParts(standing: Standing): string | undefined {
  const parts = [
    ['route', standing.route],
    ['deployment', standing.stable],
    ['canary deployment', standing.canary],
  ] as const;
  const unknown = parts.flatMap(([name, part]) => (part?.seen === 'unknown' ? [`${name}: ${part.problem}`] : []));
  return unknown.length === 0 ? undefined : unknown.join('; ');
}

/** `HTTPRoute crm/crm-api backends: expected ..., observed ...` */
export function foreignText(changes: readonly ForeignChange[]): string {
  return changes
    .map((change) => `${change.object} ${change.field}: expected ${change.expected}, observed ${change.observed}`)
    .join('; ');
}
