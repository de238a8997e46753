/** The three things a deployment changes, and how each is undone. Also run by `restoreService` from a deposit. */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { BeforeRecord, Deposit } from '../../core/model/operation.ts';
import { leftoverTerm } from '../../core/rollout/leftovers.ts';
import { routingName } from '../../core/rollout/routing.ts';
import { selectorText, canaryLabels } from '../../core/rollout/workload.ts';
import { undoProfile } from '../shared/profiles.ts';
import type { Operation } from './operation.ts';
import { Compensations, type UndoStep } from './undo.ts';

/** The removal of two objects and their pods looks for a minute at each before it says what is left. */
const REMOVED_WITHIN_MS = 180_000;

export function canaryPodSelector(before: BeforeRecord, term: number): string {
  return selectorText(canaryLabels(before.deployment.selector, term));
}

/**
 * The undo of everything between claim and promotion. Before the named Deployment was touched it is whole: traffic goes
 * back first. Once its roll has begun it is made whole first, while the canary still serves.
 */
export function compensationsFor(
  op: Operation,
  deposit: Deposit,
  asked: () => readonly string[] | undefined,
  image?: string,
): Compensations {
  const { plan, before, created } = deposit;
  const within = Math.max(plan.deadlines.readyMs, plan.deadlines.confirmWeightMs, REMOVED_WITHIN_MS);
  const act = proxyActivities<Activities>(undoProfile(plan.intervals, within));
  const term = leftoverTerm(plan.workload.deployment, created[0]?.name ?? '') ?? 0;
  const common = () => {
    return {
      plan,
      before,
      operation: op.state.workflowId,
      fence: op.nextFence(),
      ...(image !== undefined && { image }),
    };
  };
  const undo = new Compensations(op);
  const { namespace, deployment, cluster } = plan.workload;
  const removeCanary: UndoStep = {
    object: `Deployment ${namespace}/${created[0]?.name ?? 'canary'}`,
    doing: 'removing the canary objects',
    run: async () => {
      const podSelector = canaryPodSelector(before, term);
      const restored = await act.removeCanary({ cluster, objects: created, podSelector, fence: op.nextFence() });
      return { complete: true, restored, foreign: [] };
    },
  };
  const restoreTraffic: UndoStep = {
    object: routingName(plan),
    doing: 'giving traffic back as it was',
    run: async () => {
      const known = asked();
      const give = () => act.restoreTraffic({ ...common(), ...(known && { asked: known }) });
      let account = await give();
      if (account.isStableDown) {
        // Someone broke the version that served: it is made whole first, while the canary still answers.
        await act.restoreWorkload(common());
        account = await give();
      }
      if (account.complete) op.state.weightPercent = 0;
      return account;
    },
  };
  const restoreWorkload: UndoStep = {
    object: `Deployment ${namespace}/${deployment}`,
    doing: 'restoring the named Deployment',
    run: () => act.restoreWorkload(common()),
  };
  // Pushed as they were done, run in reverse.
  const done = deposit.promoting
    ? [removeCanary, restoreTraffic, restoreWorkload]
    : [restoreWorkload, removeCanary, restoreTraffic];
  for (const step of done) undo.push(step);
  return undo;
}
