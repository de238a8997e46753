/** Two deployments of one service, owners that end without a word, and the entity between them. */
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { TASK_QUEUES } from '../../../src/core/model/names.ts';
import type { AcquireRequest, OwnershipInput, OwnershipView } from '../../../src/core/model/ownership.ts';
import type { ObserveStepInput } from '../../../src/core/model/observe.ts';
import type { OnBusy } from '../../../src/core/model/plan.ts';
import { emptyOwnership } from '../../../src/core/ownership/ownership.ts';
import { begin, statusOf } from '../../harness/conversation.ts';
import { failingTally, passingTally } from '../../harness/fake-world.ts';
import { until } from '../../harness/until.ts';
import type { Trial } from '../../harness/workflow-lab.ts';
import { closed, guardOf, isIdle, kept, type Kept, type ReplayCase, shortPlan } from './replay-case.ts';

/** True inside an activity of the trial's first deployment. */
function isFirst(): boolean {
  return Context.current().info.workflowExecution?.workflowId.endsWith('/1') ?? false;
}

/** A second deployment comes while the first one watches its first step. */
function second(name: string, onBusy: OnBusy, first: 'fails' | 'passes' | 'is ended'): ReplayCase {
  return {
    name,
    run: async (lab) => {
      let other: WorkflowHandle | undefined;
      const observe = async (input: ObserveStepInput) => {
        if (!isFirst() || input.step > 0) return passingTally(input);
        const started = await trial.start({ onBusy, reason: 'a fix that cannot wait' });
        other = started;
        if (first === 'is ended') await closed(lab.env.client.workflow.getHandle(firstId(trial)));
        else await until('the second waits or is refused', async () => (await isWaiting(started)) || undefined);
        return first === 'fails' ? failingTally(input) : passingTally(input);
      };
      const trial: Trial = begin(lab, { plan: shortPlan(), observe }).trial;
      const handle = await trial.start();
      await closed(handle);
      if (other === undefined) throw new Error(`${name}: no second deployment was started`);
      await closed(other);
      return [
        kept('deployService', name, handle),
        kept('deployService', `${name}-second`, other),
        kept('ownership', name, await isIdle(trial)),
        kept('guardOwnership', name, await guardOf(lab, handle)),
      ];
    },
  };
}

function firstId(trial: Trial): string {
  return `deploy/production/${trial.service}/1`;
}

async function isWaiting(handle: WorkflowHandle): Promise<boolean> {
  const { phase } = await statusOf(handle);
  return phase === 'queued' || phase === 'ended';
}

/** The owner is terminated; ownership learns it from the guard and has what was changed restored. */
function terminated(name: string, isThere: (input: ObserveStepInput) => boolean): ReplayCase {
  return {
    name,
    run: async (lab) => {
      const observe = async (input: ObserveStepInput) => {
        const { workflowId } = Context.current().info.workflowExecution ?? {};
        if (isThere(input)) await lab.env.client.workflow.getHandle(workflowId ?? '').terminate('by hand');
        return passingTally(input);
      };
      const { trial } = begin(lab, { plan: shortPlan(), observe });
      const handle = await trial.start();
      await closed(handle);
      const guard = await guardOf(lab, handle);
      const entity = await isIdle(trial);
      const { lastWorkflowId } = await entity.query<OwnershipView>('ownership');
      if (!lastWorkflowId?.startsWith('restore/')) throw new Error(`${name}: nothing was restored`);
      const restore = lab.env.client.workflow.getHandle(lastWorkflowId);
      await closed(restore);
      const histories: Kept[] = [
        kept('deployService', name, handle),
        kept('restoreService', name, restore),
        kept('ownership', name, entity),
        kept('guardOwnership', name, guard),
      ];
      return histories;
    },
  };
}

/** The entity as it begins anew after continue-as-new, with the state of its last run. */
const continued: ReplayCase = {
  name: 'continued',
  run: async (lab, name) => {
    const resource = { environment: 'production', kind: 'service', name: 'crm-continued' } as const;
    const state = { ...emptyOwnership(resource), lastTerm: 1_763_000_000 };
    const args: [OwnershipInput] = [{ ...resource, questionEveryMs: 300_000, state }];
    const options = { taskQueue: TASK_QUEUES.main, workflowId: 'ownership/production/service/crm-continued', args };
    const handle = await lab.env.client.workflow.start('ownership', options);
    const request = (requestId: string, onBusy: OnBusy): AcquireRequest => ({
      requestId,
      workflowId: `deploy/production/crm-continued/${requestId}`,
      runId: '',
      purpose: 'deploy crm-continued v2',
      requestedBy: 'release-manager',
      reason: '',
      onBusy,
      observedTerm: 0,
    });
    await handle.executeUpdate('acquire', { args: [request('1', 'reject')] });
    await handle.executeUpdate('acquire', { args: [request('2', 'reject')] });
    await handle.executeUpdate('acquire', { args: [request('3', 'queue')] });
    await handle.signal('withdraw', { requestId: '3' });
    await handle.signal('withdraw', { requestId: '1' });
    await until('it is free', async () => {
      const view = await handle.query<OwnershipView>('ownership');
      return view.owner === undefined ? true : undefined;
    });
    return [kept('ownership', name, handle)];
  },
};

export const OWNERSHIP_CASES: readonly ReplayCase[] = [
  second('queued-then-granted', 'queue', 'fails'),
  second('refused', 'reject', 'passes'),
  second('replaced', 'replace', 'is ended'),
  second('pre-empted', 'preempt', 'is ended'),
  terminated('terminated-at-step-1', ({ step, mode }) => mode === 'step' && step === 0),
  terminated('terminated-in-the-bake', ({ mode }) => mode === 'bake'),
  continued,
];
