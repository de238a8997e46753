/** Makes S1 true again from a deposit, after an owner ended without release. Started by ownership with a higher term. */
import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { wasRolled } from '../../core/rollout/was-rolled.ts';
import { ownershipId } from '../../core/model/names.ts';
import type { DeployResult } from '../../core/model/operation.ts';
import type { RestoreServiceInput } from '../../core/model/ownership.ts';
import { undoProfile } from '../shared/profiles.ts';
import { installMessages } from './messages.ts';
import { Operation } from './operation.ts';
import { close } from './close.ts';
import { startGuard } from './own.ts';
import { reportOf } from './report.ts';
import { compensationsFor } from './undo-steps.ts';
import { Compensations } from './undo.ts';

export async function restoreService(input: RestoreServiceInput): Promise<DeployResult> {
  const { plan } = input.deposit;
  const op = new Operation('restoreService', {
    service: input.service,
    environment: input.environment,
    version: plan.version,
    requestedBy: 'ownership',
    reason: `${input.endedOwner.workflowId} ended without release`,
  });
  op.requestId = input.requestId;
  installMessages(op);
  op.state.plan = plan;
  op.state.term = input.term;
  op.state.before = input.deposit.before;
  const reason = `${input.endedOwner.workflowId} (${input.endedOwner.purpose}) ended without release; what it found was restored`;
  return CancellationScope.nonCancellable(async () => {
    await startGuard(ownershipId(input.environment, 'service', input.service), input.requestId);
    op.put('undoReason', reason);
    op.enter('undoing', 'taking the objects over');
    await restoreDeposit(op, input.deposit);
    const ending = op.lostEnding ?? ({ outcome: 'rolledBack', reasonCode: 'OwnerEnded', reason } as const);
    const result = reportOf(op, ending);
    op.end(result);
    await close(op, result, !op.isLost, input);
    return result;
  });
}

/** Claims the objects with the new term, so that a late write of the old owner is refused, then undoes. */
export async function restoreDeposit(op: Operation, deposit: RestoreServiceInput['deposit']): Promise<void> {
  const claim = new Compensations(op);
  let found = deposit;
  claim.push({
    object: `Deployment ${deposit.plan.workload.namespace}/${deposit.plan.workload.deployment}`,
    doing: 'taking the objects over',
    run: async () => {
      const act = proxyActivities<Activities>(undoProfile(deposit.plan.intervals, deposit.plan.deadlines.readyMs));
      const standing = await act.claimService({
        plan: deposit.plan,
        fence: op.nextFence(),
        operation: op.state.workflowId,
      });
      // Nothing is written any more by the owner that ended: what stands says how far its roll had come.
      found = { ...deposit, promoting: deposit.promoting || wasRolled(deposit.before, standing) };
      return { complete: true, restored: [], foreign: [] };
    },
  });
  await claim.runAll();
  await compensationsFor(op, found, () => undefined).runAll();
}
