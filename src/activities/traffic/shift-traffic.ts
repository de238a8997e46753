/** Sets the weights and reads the data plane until it shows them. Nothing is removed before that. */
import { Context } from '@temporalio/activity';
import type { RouteState, RouteTarget, TrafficRouter } from '../../clients/router/port.ts';
import type { BackendWeight, Fence, ForeignChange } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { formatBackends, formatOddPorts, sameBackends } from '../../core/rollout/route.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { type GuardedTarget, guardedWrite, withHeartbeats } from '../mutation.ts';

const LOOK_EVERY_MS = 300;

export interface ShiftTrafficInput {
  readonly plan: DeployPlan;
  readonly fence: Fence;
  readonly expected: readonly BackendWeight[];
  readonly wanted: readonly BackendWeight[];
}

export type ShiftTrafficResult =
  | { readonly outcome: 'applied'; readonly says: string }
  | { readonly outcome: 'notConfirmed'; readonly says: string }
  | { readonly outcome: 'foreign'; readonly changes: readonly ForeignChange[] };

/** The route as the target of a guarded write of exactly these backends. */
export function guardedRoute(
  router: TrafficRouter,
  target: RouteTarget,
  wanted: readonly BackendWeight[],
  expected: readonly BackendWeight[] = wanted,
): GuardedTarget<RouteState> {
  return {
    name: router.nameOf(target),
    read: () => router.read(target),
    stamp: (state) => state.stamp,
    fields: ({ backends }) => {
      const known = [wanted, expected].find((each) => sameBackends(backends, each));
      const stable = wanted.find((each) => each.service === target.traffic.stableService);
      return known ? formatBackends(known) : formatOddPorts(backends, stable?.port ?? target.traffic.port);
    },
    write: (state, stamp) => router.write(target, state, wanted, { [router.fenceKey(target)]: stamp }),
  };
}

/** Polls the data plane. A look that fails counts as not confirmed, never as confirmed. */
export async function awaitApplied(
  router: TrafficRouter,
  target: RouteTarget,
  wanted: readonly BackendWeight[],
  timeoutMs: number,
  tell: (doing: string) => void,
): Promise<{ readonly confirmed: boolean; readonly says: string }> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    let says: string;
    try {
      const applied = await router.readApplied(target, wanted);
      if (applied.confirmed) return { confirmed: true, says: applied.says };
      says = applied.says;
    } catch (error) {
      if (!isCoded(error)) throw error;
      says = error.message;
    }
    tell(`waiting for the data plane: ${says}`);
    if (Date.now() >= until) return { confirmed: false, says: `${says} after ${Math.round(timeoutMs / 1000)} s` };
    await Context.current().sleep(LOOK_EVERY_MS);
  }
}

export function createShiftTraffic(deps: { readonly router: TrafficRouter }) {
  return {
    /** Throws Fenced, Conflict, OutcomeUnknown, Forbidden. */
    async shiftTraffic({ plan, fence, expected, wanted }: ShiftTrafficInput): Promise<ShiftTrafficResult> {
      return withHeartbeats(async (tell) => {
        const target = { workload: plan.workload, traffic: plan.traffic, service: plan.service };
        tell(`setting ${formatBackends(wanted)}`);
        const route = guardedRoute(deps.router, target, wanted, expected);
        const wish = { fence, field: 'backends', wanted: formatBackends(wanted), expected: formatBackends(expected) };
        const written = await guardedWrite(route, wish);
        if (written.outcome === 'foreign') return written;
        if (written.outcome === 'gone') {
          const change = {
            object: route.name,
            field: 'existence',
            expected: formatBackends(expected),
            observed: 'deleted',
          };
          return { outcome: 'foreign', changes: [change] };
        }
        const applied = await awaitApplied(deps.router, target, wanted, plan.deadlines.confirmWeightMs, tell);
        return { outcome: applied.confirmed ? 'applied' : 'notConfirmed', says: applied.says };
      });
    },
  };
}
