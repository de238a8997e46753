/** The deployment's side of ownership: ask, wait for the turn, guard, deposit, release. */
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  proxyLocalActivities,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { OWNERSHIP_MESSAGES, ownershipId, WORKFLOWS } from '../../core/model/names.ts';
import type { Deposit, DeployResult } from '../../core/model/operation.ts';
import type {
  AcquireAnswer,
  GrantSignal,
  GuardInput,
  OwnerSummary,
  ReleaseSignal,
} from '../../core/model/ownership.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import type { Ending } from '../../core/rollout/ending.ts';
import { localReadProfile } from '../shared/profiles.ts';
import type { Operation } from './operation.ts';

export interface Owning {
  readonly inherited?: Deposit;
  /** The turn was waited for: what was checked before may no longer be true. */
  readonly waited: boolean;
}

/** Acquires the service, waiting for the turn where the plan says so. An ending when it may not have it. */
export async function own(
  op: Operation,
  plan: DeployPlan,
  observedTerm: number,
  grants: GrantSignal[],
): Promise<Owning | Ending> {
  const { requestOwnership } = proxyLocalActivities<Activities>(localReadProfile());
  // Not cancelled half-way: an answer that nobody hears could hold a record that somebody must restore.
  const answer = await CancellationScope.nonCancellable(() =>
    requestOwnership({
      environment: plan.environment,
      kind: 'service',
      name: plan.service,
      taskQueue: workflowInfo().taskQueue,
      questionEveryMs: plan.intervals.ownershipQuestionMs,
      request: {
        requestId: op.requestId,
        workflowId: workflowInfo().workflowId,
        runId: workflowInfo().runId,
        purpose: `deploy ${plan.service} ${plan.version}`,
        requestedBy: plan.requestedBy,
        reason: plan.reason,
        onBusy: plan.onBusy,
        observedTerm,
      },
    }),
  );
  switch (answer.answer) {
    case 'granted':
      return { waited: false, ...(await hold(op, plan, answer.term, answer.inherited)) };
    case 'refused':
      return { outcome: 'rejected', reasonCode: 'ServiceBusy', reason: busy(plan, answer.owner) };
    case 'queued':
      return waitForTurn(op, plan, answer, grants);
  }
}

type Queued = Extract<AcquireAnswer, { answer: 'queued' }>;

async function waitForTurn(
  op: Operation,
  plan: DeployPlan,
  answer: Queued,
  grants: GrantSignal[],
): Promise<Owning | Ending> {
  const waiting = {
    for: 'turn',
    sinceMs: Date.now(),
    position: answer.position,
    owner: answer.owner.workflowId,
  } as const;
  op.waitFor({ ...waiting, deadlineMs: Date.now() + plan.deadlines.queueMs });
  op.enter('queued', `waiting for ${answer.owner.workflowId}`);
  await condition(() => grants.length > 0, plan.deadlines.queueMs);
  op.waitFor(undefined);
  // Decided by what arrived, not by who woke us: a grant and the deadline may come in one task.
  const grant = grants[0];
  if (grant) return { waited: true, ...(await hold(op, plan, grant.term, grant.inherited)) };
  const hours = Math.round(plan.deadlines.queueMs / 3_600_000);
  return {
    outcome: 'rejected',
    reasonCode: 'QueueExpired',
    reason: `no turn within ${hours} h; ${busy(plan, answer.owner)}`,
  };
}

function busy(plan: DeployPlan, owner: OwnerSummary): string {
  const since = new Date(owner.sinceMs).toISOString();
  return `${plan.service} in ${plan.environment} is owned by ${owner.workflowId} (${owner.purpose}, asked by ${owner.requestedBy}) since ${since}; look: mainstay status --id '${owner.workflowId}'; or start with --on-busy queue, replace or preempt`;
}

async function hold(
  op: Operation,
  plan: DeployPlan,
  term: number,
  inherited: Deposit | undefined,
): Promise<Omit<Owning, 'waited'>> {
  op.state.term = term;
  await startGuard(ownershipId(plan.environment, 'service', plan.service), op.requestId);
  return inherited === undefined ? {} : { inherited };
}

/** Outside every scope: a cancelled owner is still the owner while it undoes, only its end frees the service. */
export async function startGuard(entity: string, requestId: string): Promise<void> {
  const args: [GuardInput] = [{ ownershipId: entity, requestId }];
  await CancellationScope.nonCancellable(() =>
    startChild(WORKFLOWS.guardOwnership, {
      workflowId: `guard/${requestId}`,
      args,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    }),
  );
}

/** Gives the service back by a signal of our own, where the activity that does it failed for good. */
export async function giveBack(op: Operation, result: DeployResult): Promise<void> {
  const signal: ReleaseSignal = { requestId: op.requestId, result: { ...result, plan: undefined } };
  const entity = ownershipId(result.environment, 'service', result.service);
  try {
    await getExternalWorkflowHandle(entity).signal(OWNERSHIP_MESSAGES.release, signal);
  } catch (error) {
    log.info('ownership is closed', { entity, error: String(error) });
  }
}
