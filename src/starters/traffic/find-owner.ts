/** Whether an operation owns the service, as far as Temporal can be asked. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { MEMO, ownershipId } from '../../core/model/names.ts';
import type { OwnershipView } from '../../core/model/ownership.ts';
import { CommandError } from '../command-error.ts';
import { listOperations, memoOf } from '../operation/find-operation.ts';
import { call, openSession, type Session } from '../session.ts';
import { workerPresence } from '../worker-presence.ts';

export type OwnerSeen =
  | { readonly seen: 'away'; readonly why: string }
  | { readonly seen: 'free' }
  /** `polls` false: nobody carries an abort out. */
  | { readonly seen: 'owned'; readonly workflowId: string; readonly polls: boolean };

interface NamedTarget {
  readonly service: string;
  readonly environment: string;
}

/** Phases in which nothing of the cluster is the operation's yet. */
const BEFORE_OWNERSHIP: readonly string[] = ['preparing', 'building', 'awaitingStart', 'queued'];

/** Never throws for a server that is away: that is when the answer is needed most. */
export async function findOwner(target: NamedTarget): Promise<OwnerSeen> {
  let session: Session;
  try {
    session = await openSession();
  } catch (error) {
    if (error instanceof CommandError) return { seen: 'away', why: error.message };
    throw error;
  }
  try {
    const workflowId = (await ownerOf(session, target)) ?? (await runningOn(session, target));
    if (workflowId === undefined) return { seen: 'free' };
    return { seen: 'owned', workflowId, polls: (await workerPresence(session)).polls };
  } catch (error) {
    if (error instanceof CommandError) return { seen: 'away', why: error.message };
    throw error;
  } finally {
    await session.close();
  }
}

/** What the entity's memo tells, while the entity runs: one that was ended by hand owns nothing. */
async function ownerOf(session: Session, { service, environment }: NamedTarget): Promise<string | undefined> {
  try {
    const handle = session.client.workflow.getHandle(ownershipId(environment, 'service', service));
    const found = await call(session, () => handle.describe());
    if (found.status.name !== 'RUNNING') return undefined;
    return (found.memo?.[MEMO.status] as OwnershipView | undefined)?.owner?.workflowId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** An operation that still runs although its ownership was ended by hand. */
async function runningOn(session: Session, { service, environment }: NamedTarget): Promise<string | undefined> {
  const running = await listOperations(session, { isRunning: true, limit: 200 });
  const ours = running.find((info) => {
    const memo = memoOf(info);
    return memo?.service === service && memo.environment === environment && !BEFORE_OWNERSHIP.includes(memo.phase);
  });
  return ours?.workflowId;
}
