/** Asks the ownership entity of a resource, starting it when there is none. */
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { ownershipId, OWNERSHIP_MESSAGES, WORKFLOWS } from '../../core/model/names.ts';
import type { AcquireAnswer, AcquireRequest, OwnershipInput } from '../../core/model/ownership.ts';

type OwnershipWorkflow = (input: OwnershipInput) => Promise<void>;

export interface RequestOwnershipInput {
  readonly environment: string;
  readonly kind: 'service' | 'database';
  readonly name: string;
  readonly taskQueue: string;
  /** How often the entity asks whether its owner still runs. */
  readonly questionEveryMs: number;
  readonly request: AcquireRequest;
}

export function createRequestOwnership(deps: { readonly client: () => Client }) {
  return {
    /** Safe to repeat: the entity knows the request id. */
    async requestOwnership(input: RequestOwnershipInput): Promise<AcquireAnswer> {
      const { environment, kind, name, questionEveryMs, request } = input;
      const args: [OwnershipInput] = [{ environment, kind, name, questionEveryMs }];
      const start = new WithStartWorkflowOperation<OwnershipWorkflow>(WORKFLOWS.ownership, {
        workflowId: ownershipId(environment, kind, name),
        taskQueue: input.taskQueue,
        args,
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `who owns ${kind} ${name} in ${environment}`,
      });
      return deps
        .client()
        .workflow.executeUpdateWithStart<OwnershipWorkflow, AcquireAnswer, [AcquireRequest]>(
          OWNERSHIP_MESSAGES.acquire,
          {
            args: [request],
            updateId: request.requestId,
            startWorkflowOperation: start,
          },
        );
    },
  };
}
