/** Whether the workflow that owns a resource is closed. Repeated by its retry policy while it runs: one action a question. */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { CodedError } from '../../errors/coded-error.ts';
import { toActivityFailure } from '../failure.ts';

export interface AwaitOwnerEndInput {
  readonly workflowId: string;
  /** Empty: the latest run. */
  readonly runId: string;
}

export interface OwnerEnd {
  /** `COMPLETED`, `FAILED`, `CANCELED`, `TERMINATED`, `TIMED_OUT`, or `GONE` when the server no longer knows it. */
  readonly how: string;
}

/** A restore must begin within a minute of its owner's end, and questions may be 5 minutes apart. */
const ASK_AGAIN_MS = 5_000;

export function createAwaitOwnerEnd(deps: { readonly client: () => Client }) {
  return {
    /** Throws NotReady (benign; the retry policy's interval is the time to the next question) while the owner runs. */
    async awaitOwnerEnd(input: AwaitOwnerEndInput): Promise<OwnerEnd> {
      try {
        const handle = deps.client().workflow.getHandle(input.workflowId, input.runId === '' ? undefined : input.runId);
        const found = await handle.describe();
        // A continued run goes on under the same id; what matters is that the operation is open.
        if (found.status.name !== 'RUNNING') return { how: found.status.name };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { how: 'GONE' };
        // The policy's interval is for owners that run: an answer that did not come is asked for again at once.
        const problem = error instanceof Error ? error.message : String(error);
        throw toActivityFailure(
          new CodedError('Unavailable', `${input.workflowId}: could not be asked about: ${problem}`, {
            retryAfterMs: ASK_AGAIN_MS,
          }),
        );
      }
      throw toActivityFailure(new CodedError('NotReady', `${input.workflowId} still runs`));
    },
  };
}
