/**
 * What ownership must know, told by the activity that does it: one activity in the history instead of an activity and
 * a signal. Safe to repeat; ownership knows the request and takes the same word twice.
 */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { OWNERSHIP_MESSAGES, ownershipId } from '../../core/model/names.ts';
import type { BeforeRecord, Deposit, DeployResult } from '../../core/model/operation.ts';
import type { DepositSignal, ReleaseSignal } from '../../core/model/ownership.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { createdObjects } from '../../core/rollout/routing.ts';

/** Below the heartbeat of a mutator: a server that does not answer must not look like a dead worker. */
const TOLD_WITHIN_MS = 2_500;

interface Claiming {
  readonly plan: DeployPlan;
  readonly fence: { readonly term: number };
  /** Deposit what is found with ownership, in the name of this request. */
  readonly depositFor?: string;
}

interface Ending {
  /** Given back with the result, before anything else. */
  readonly release?: { readonly requestId: string };
  readonly result: DeployResult;
}

/** The activities that change who answers for what. */
export interface OwnedActivities {
  claimService(input: Claiming): Promise<BeforeRecord>;
  recordRelease(input: Ending): Promise<unknown>;
}

export function withOwnership<A extends { readonly [N in keyof OwnedActivities]: (input: never) => Promise<unknown> }>(
  activities: A,
  client: () => Client,
): A {
  const { claimService, recordRelease } = activities as unknown as OwnedActivities;
  const owned: OwnedActivities = {
    async claimService(input) {
      const before = await claimService(input);
      if (input.depositFor !== undefined) {
        const { plan, fence } = input;
        const created = createdObjects(plan, fence.term);
        await deposit(client(), input.depositFor, { plan, before, created, promoting: false });
      }
      return before;
    },
    async recordRelease(input) {
      if (input.release) await release(client(), input.release.requestId, input.result);
      return recordRelease(input);
    },
  };
  return { ...activities, ...owned };
}

async function deposit(client: Client, requestId: string, record: Deposit): Promise<void> {
  const { environment, service } = record.plan;
  const signal: DepositSignal = { requestId, deposit: record };
  const entity = client.workflow.getHandle(ownershipId(environment, 'service', service));
  await client.withDeadline(Date.now() + TOLD_WITHIN_MS, () => entity.signal(OWNERSHIP_MESSAGES.deposit, signal));
}

/** Also takes the request out of the line. An entity that is closed owns nothing: that is fine. */
async function release(client: Client, requestId: string, result: DeployResult): Promise<void> {
  const signal: ReleaseSignal = { requestId, result: { ...result, plan: undefined } };
  const entity = client.workflow.getHandle(ownershipId(result.environment, 'service', result.service));
  try {
    await client.withDeadline(Date.now() + TOLD_WITHIN_MS, () => entity.signal(OWNERSHIP_MESSAGES.release, signal));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
