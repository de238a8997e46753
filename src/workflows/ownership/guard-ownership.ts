import {
  CancellationScope,
  CancelledFailure,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
} from '@temporalio/workflow';
import { OWNERSHIP_MESSAGES } from '../../core/model/names.ts';
import type { GuardInput, OwnerEndedSignal } from '../../core/model/ownership.ts';

/**
 * Child of an owner, with parent close policy REQUEST_CANCEL: when its parent closes, however that came, the server
 * cancels it and it tells ownership. After an orderly release ownership ignores the word.
 */
export async function guardOwnership(input: GuardInput): Promise<void> {
  try {
    await condition(() => false);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(async () => {
      const signal: OwnerEndedSignal = { requestId: input.requestId, how: 'guard' };
      try {
        await getExternalWorkflowHandle(input.ownershipId).signal(OWNERSHIP_MESSAGES.ownerEnded, signal);
      } catch (failure) {
        // The entity is closed: nothing is owned any more.
        log.info('ownership is closed', { failure: String(failure) });
      }
    });
    if (!(error instanceof CancelledFailure)) throw error;
  }
}
