import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { createAwaitOwnerEnd } from '../../../src/activities/ownership/await-owner-end.ts';
import { runActivity } from '../activity-context.ts';

const OWNER = { workflowId: 'deploy/production/crm-api/1', runId: 'run-1' };

/** A server that answers one question about one run in one way. */
function asking(answer: () => Promise<{ status: { name: string } }>) {
  const getHandle = (workflowId: string, runId: string) => {
    expect({ workflowId, runId }).toEqual(OWNER);
    return { describe: answer };
  };
  const { awaitOwnerEnd } = createAwaitOwnerEnd({ client: () => ({ workflow: { getHandle } }) as unknown as Client });
  return runActivity(awaitOwnerEnd, OWNER);
}

describe('awaitOwnerEnd', () => {
  it.each(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED'])('tells how the owner ended: %s', async (name) => {
    expect(await asking(async () => ({ status: { name } }))).toEqual({ how: name });
  });

  it('takes a run that the server has forgotten for ended', async () => {
    const forgotten = async (): Promise<never> => {
      throw new WorkflowNotFoundError('not found', OWNER.workflowId, OWNER.runId);
    };
    expect(await asking(forgotten)).toEqual({ how: 'GONE' });
  });

  it('leaves the time to the next question to the policy while the owner runs', async () => {
    await expect(asking(async () => ({ status: { name: 'RUNNING' } }))).rejects.toMatchObject({
      type: 'NotReady',
      nextRetryDelay: undefined,
    });
  });

  it('asks again within seconds when there was no answer, and never takes silence for an end', async () => {
    const silent = async (): Promise<never> => {
      throw new Error('14 UNAVAILABLE: connection dropped');
    };
    await expect(asking(silent)).rejects.toMatchObject({
      type: 'Unavailable',
      nonRetryable: false,
      nextRetryDelay: 5000,
      message: expect.stringContaining('connection dropped'),
    });
  });
});
