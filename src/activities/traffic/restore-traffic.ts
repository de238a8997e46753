/** Gives the route back the backends that were observed before, and confirms it at the data plane. */
import type { KubernetesClients, KubernetesObject } from '../../clients/kubernetes/port.ts';
import type { RouteTarget, TrafficRouter } from '../../clients/router/port.ts';
import type { ForeignChange } from '../../core/model/operation.ts';
import { formatBackends } from '../../core/rollout/route.ts';
import type { Deployment } from '../../core/rollout/workload.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import type { RestoreAccount, RestoreInput } from '../kubernetes/restore-workload.ts';
import { guardedWrite, withHeartbeats } from '../mutation.ts';
import { awaitApplied, guardedRoute } from './shift-traffic.ts';

export interface RestoreTrafficInput extends RestoreInput {
  /** Every state of the backends this operation asked for; anything else is someone else's. Not known after a take-over. */
  readonly asked?: readonly string[];
}

export function createRestoreTraffic(deps: { readonly router: TrafficRouter; readonly kubernetes: KubernetesClients }) {
  return {
    /** Throws NotReady (retryable) until the data plane shows the weights. */
    async restoreTraffic(input: RestoreTrafficInput): Promise<RestoreAccount> {
      return withHeartbeats(async (tell) => {
        const { plan, before } = input;
        const target = { workload: plan.workload, traffic: plan.traffic, service: plan.service };
        const wanted = before.route.backends;
        const text = formatBackends(wanted);
        const object = deps.router.nameOf(target);
        tell(`restoring ${text}`);
        const down = await whyStableDown(deps, input);
        if (down !== undefined) return down;
        const written = await write(deps.router, input, text);
        if (written.outcome !== 'done') {
          const row = {
            object,
            field: 'backends',
            wanted: text,
            observed: 'no such route',
            restored: false,
            changed: false,
          };
          const problem = `${object} was deleted by someone else; create it again with ${text}`;
          return { complete: false, problem, restored: [row], foreign: [] };
        }
        const applied = await awaitApplied(deps.router, target, wanted, plan.deadlines.confirmWeightMs, tell);
        if (!applied.confirmed)
          throw new CodedError('NotReady', `${object}: ${text} is written but not confirmed: ${applied.says}`);
        const asked = input.asked;
        const foreign: ForeignChange[] =
          asked === undefined || written.before === text || asked.includes(written.before)
            ? []
            : [{ object, field: 'backends', expected: asked.at(-1) ?? text, observed: written.before }];
        const row = {
          object,
          field: 'backends',
          wanted: text,
          observed: text,
          restored: true,
          changed: written.changed,
        };
        return { complete: true, restored: [row], foreign };
      });
    },
  };
}

/** S1: all traffic to a version whose pods are ready. A first deployment found nothing that served, and leaves it so. */
async function whyStableDown(
  deps: { readonly router: TrafficRouter; readonly kubernetes: KubernetesClients },
  { plan, before }: RestoreTrafficInput,
): Promise<RestoreAccount | undefined> {
  if (before.first) return undefined;
  const target = { workload: plan.workload, traffic: plan.traffic, service: plan.service };
  const { cluster, namespace, deployment: name } = plan.workload;
  const stable = await deps
    .kubernetes(cluster)
    .get<Deployment & KubernetesObject>({ kind: 'Deployment', namespace, name });
  if ((stable?.status?.readyReplicas ?? 0) > 0) return undefined;
  const object = deps.router.nameOf(target);
  const text = formatBackends(before.route.backends);
  const observed = await observedBackends(deps.router, target);
  // Already there: nothing is taken from a version that serves.
  if (observed === undefined || observed === text) return undefined;
  const row = { object, field: 'backends', wanted: text, observed, restored: false, changed: false };
  const problem = `Deployment ${namespace}/${name} has no ready pod; traffic stays at ${observed} until it has one`;
  return { complete: false, isStableDown: true, problem, restored: [row], foreign: [] };
}

async function observedBackends(router: TrafficRouter, target: RouteTarget): Promise<string | undefined> {
  try {
    const state = await router.read(target);
    return state && formatBackends(state.backends);
  } catch (error) {
    if (isCoded(error, 'PreconditionFailed')) return undefined;
    throw error;
  }
}

/** A route whose rule no longer names our Service is as good as deleted: nothing of ours is there to set back. */
async function write(router: TrafficRouter, input: RestoreTrafficInput, text: string) {
  const target = { workload: input.plan.workload, traffic: input.plan.traffic, service: input.plan.service };
  try {
    const route = guardedRoute(router, target, input.before.route.backends);
    return await guardedWrite(route, { fence: input.fence, field: 'backends', wanted: text });
  } catch (error) {
    if (isCoded(error, 'PreconditionFailed')) return { outcome: 'gone' } as const;
    throw error;
  }
}
