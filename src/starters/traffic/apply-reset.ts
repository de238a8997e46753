/**
 * Writes a reset: stamps first, so that a late write of the interrupted operation is refused from then on, then the
 * weights. Each write is conditional on what was shown to the person: when it is not that any more, nothing is written.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesClient, ObjectAddress } from '../../clients/kubernetes/port.ts';
import { MARKS } from '../../core/model/names.ts';
import type { Fence } from '../../core/model/operation.ts';
import { assessFence, formatFence } from '../../core/rollout/fence.ts';
import { leftoverTerm } from '../../core/rollout/leftovers.ts';
import type { ResetPlan } from '../../core/rollout/plan-reset.ts';
import type { ServiceTarget } from '../../core/rollout/resolve-target.ts';
import { formatBackends, sameBackends } from '../../core/rollout/route.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import type { ClusterHands, Standing } from './observe-standing.ts';

type Writing = Extract<ResetPlan, { decision: 'write' }>;

const ATTEMPTS = 8;
const AGAIN_AFTER_MS = 200;
const LOOK_EVERY_MS = 500;

export interface Applied {
  readonly confirmed: boolean;
  readonly says: string;
}

/** @throws CodedError PreconditionFailed when someone changed it since it was shown; Forbidden, Unavailable and the like */
export async function applyReset(
  hands: ClusterHands,
  target: ServiceTarget,
  { facts, route }: Standing,
  plan: Writing,
  operation: string,
): Promise<void> {
  const { namespace } = target.workload;
  for (const arm of [facts.stable, ...facts.canaries]) {
    const address = { kind: 'Deployment', namespace, name: arm.name } as const;
    await stampDeployment(hands.client, address, { shown: arm.stamp, fence: plan.fence, operation });
  }
  await writeRoute(hands, target, { facts, route }, plan);
}

interface Stamping {
  readonly shown: string | undefined;
  readonly fence: Fence;
  readonly operation: string;
}

async function stampDeployment(
  client: KubernetesClient,
  address: ObjectAddress,
  { shown, fence, operation }: Stamping,
): Promise<void> {
  const name = `Deployment ${address.namespace}/${address.name}`;
  await untilWritten(async () => {
    const found = await client.get(address);
    // A canary that went away meanwhile needs no stamp.
    if (found === undefined) return;
    const stamp = found.metadata.annotations?.[MARKS.fence];
    if (assessFence(stamp, fence) === 'ours') return;
    if (stamp !== shown) throw changed(name, `stamp ${shown ?? 'none'}`, `stamp ${stamp ?? 'none'}`);
    const annotations = {
      ...found.metadata.annotations,
      [MARKS.fence]: formatFence(fence),
      [MARKS.operation]: operation,
    };
    await client.replace({ ...found, metadata: { ...found.metadata, annotations } });
  });
}

async function writeRoute(
  { router }: ClusterHands,
  target: ServiceTarget,
  { facts }: Standing,
  { fence, backends }: Writing,
): Promise<void> {
  const { name, stamp: shown, backends: shownBackends } = facts.route;
  await untilWritten(async () => {
    const state = await router.read(target);
    if (state === undefined) throw changed(name, formatBackends(shownBackends), 'deleted');
    if (assessFence(state.stamp, fence) === 'ours' && sameBackends(state.backends, backends)) return;
    if (state.stamp !== shown || !sameBackends(state.backends, shownBackends)) {
      const seen = `${formatBackends(state.backends)}, stamp ${state.stamp ?? 'none'}`;
      throw changed(name, `${formatBackends(shownBackends)}, stamp ${shown ?? 'none'}`, seen);
    }
    await router.write(target, state, backends, { [router.fenceKey(target)]: formatFence(fence) });
  });
}

/** Status updates raise the version of an object: after a conflict or a lost reply it is looked at again. */
async function untilWritten(write: () => Promise<void>): Promise<void> {
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      await write();
      return;
    } catch (error) {
      if (left <= 1 || !(isCoded(error, 'Conflict') || isCoded(error, 'OutcomeUnknown'))) throw error;
      await delay(AGAIN_AFTER_MS);
    }
  }
}

function changed(name: string, shown: string, seen: string): CodedError {
  const message = `${name}: expected ${shown} as shown, found ${seen}: someone writes to it; look again`;
  return new CodedError('PreconditionFailed', message);
}

/** Looks until the data plane applies the weights. */
export async function awaitApplied(
  { router }: ClusterHands,
  target: ServiceTarget,
  { backends }: Writing,
  withinMs: number,
): Promise<Applied> {
  const until = Date.now() + withinMs;
  for (;;) {
    let says: string;
    try {
      const applied = await router.readApplied(target, backends);
      if (applied.confirmed) return { confirmed: true, says: applied.says };
      says = applied.says;
    } catch (error) {
      if (!isCoded(error)) throw error;
      says = error.message;
    }
    if (Date.now() >= until) return { confirmed: false, says };
    await delay(LOOK_EVERY_MS);
  }
}

/** Deletes canary objects that the route names no more. Answers the names of what was deleted. */
export async function removeCanaries(
  { client }: ClusterHands,
  target: ServiceTarget,
  { facts }: Standing,
  { backends }: Writing,
): Promise<readonly string[]> {
  const { namespace, deployment } = target.workload;
  const { stableService } = target.traffic;
  const routed = backends.map((each) => leftoverTerm(stableService, each.service));
  const objects = [
    ...facts.canaries.map(({ name }) => ({ kind: 'Deployment', name, term: leftoverTerm(deployment, name) }) as const),
    ...facts.companions.map(({ kind, name }) => ({ kind, name, term: leftoverTerm(stableService, name) })),
  ];
  const removed: string[] = [];
  for (const { kind, name, term } of objects) {
    if (term === undefined || routed.includes(term)) continue;
    const address = { kind, namespace, name };
    const uid = (await client.get(address))?.metadata.uid;
    if (uid !== undefined && (await client.delete(address, { uid }))) removed.push(`${kind} ${namespace}/${name}`);
  }
  return removed;
}
