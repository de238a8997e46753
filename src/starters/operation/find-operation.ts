/** From service and environment to the operation that is meant. */
import { type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import type { MemoStatus } from '../../core/model/deploy-state.ts';
import { BACKUP_OPERATIONS } from '../../core/model/backup-record.ts';
import { MEMO, ownershipId, WORKFLOWS } from '../../core/model/names.ts';
import type { OwnershipView } from '../../core/model/ownership.ts';
import { quote } from '../../core/status/possible-actions.ts';
import { CommandError } from '../command-error.ts';
import { call, type Session } from '../session.ts';

/** Either a service in an environment, or the id itself. */
export interface OperationTarget {
  readonly service?: string;
  readonly environment?: string;
  readonly id?: string;
}

interface NamedTarget {
  readonly service: string;
  readonly environment: string;
}

/** `crm-api --environment production`, for texts that are pasted. */
export function targetInWords(target: OperationTarget): string {
  if (target.id !== undefined) return `--id ${quote(target.id)}`;
  return `${target.service ?? '<service>'} --environment ${target.environment ?? '<environment>'}`;
}

function namedTarget({ service, environment }: OperationTarget): NamedTarget {
  if (service !== undefined && environment !== undefined) return { service, environment };
  throw new Error('an operation was looked for without an id and without service and environment');
}

/** The operation to tell about: the owner, else the newest that runs, else the newest that ended. */
export async function findForStatus(session: Session, target: OperationTarget): Promise<string> {
  if (target.id !== undefined) return target.id;
  const named = namedTarget(target);
  const owner = (await readOwnership(session, named))?.owner?.workflowId;
  if (owner !== undefined) return owner;
  const [newest] = await newestFirst(session, named, true);
  const found = newest ?? (await newestFirst(session, named, false))[0];
  if (found) return found.workflowId;
  throw noneOf(named, 'there has been no operation');
}

/** Phases in which an operation waits for a decision on an approval. */
const ASKING: readonly string[] = ['awaitingStart', 'awaitingApproval'];

/** The operation a message is meant for. Several that could be meant are listed, never guessed. */
export async function findForMessage(session: Session, target: OperationTarget, isAnswer: boolean): Promise<string> {
  if (target.id !== undefined) return target.id;
  const named = namedTarget(target);
  const [ownership, running] = await Promise.all([readOwnership(session, named), newestFirst(session, named, true)]);
  const owner = ownership?.owner?.workflowId;
  if (isAnswer) {
    const asking = running.filter((info) => ASKING.includes(memoOf(info)?.phase ?? ''));
    if (asking.length === 1 && asking[0]) return asking[0].workflowId;
    if (asking.length > 1) throw severalOf(named, asking);
  }
  if (owner !== undefined) return owner;
  if (running.length > 1) throw severalOf(named, running);
  if (running[0]) return running[0].workflowId;
  throw noneOf(named, 'no operation runs');
}

/** What the ownership entity keeps in its memo: readable without a worker. Undefined when it never existed. */
export async function readOwnership(session: Session, target: NamedTarget): Promise<OwnershipView | undefined> {
  const id = ownershipId(target.environment, 'service', target.service);
  try {
    const description = await call(session, () => session.client.workflow.getHandle(id).describe());
    return description.memo?.[MEMO.status] as OwnershipView | undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Operations on the service that run (or have ended), newest first, by visibility. */
async function newestFirst(
  session: Session,
  target: NamedTarget,
  isRunning: boolean,
): Promise<readonly WorkflowExecutionInfo[]> {
  const found = await listOperations(session, { isRunning, limit: 200, only: OF_SERVICES });
  return found.filter((info) => isAbout(info, target));
}

function isAbout(info: WorkflowExecutionInfo, { service, environment }: NamedTarget): boolean {
  const memo = memoOf(info);
  if (memo) return memo.service === service && memo.environment === environment;
  return info.workflowId.startsWith(`deploy/${environment}/${service}/`);
}

export function memoOf(info: WorkflowExecutionInfo): MemoStatus | undefined {
  return info.memo?.[MEMO.status] as MemoStatus | undefined;
}

/** Operations on a service: what a service and an environment can mean. */
const OF_SERVICES = [WORKFLOWS.deployService, WORKFLOWS.restoreService];
const LISTED = [...OF_SERVICES, ...BACKUP_OPERATIONS, WORKFLOWS.keepTemporary];

/** Operations of every type, or of those in `only`, newest first; at most `limit`. */
export async function listOperations(
  session: Session,
  {
    isRunning,
    limit,
    only,
  }: { readonly isRunning?: boolean; readonly limit: number; readonly only?: readonly string[] },
): Promise<readonly WorkflowExecutionInfo[]> {
  const types = `WorkflowType IN (${(only ?? LISTED).map((type) => `'${type}'`).join(', ')})`;
  const state = isRunning === undefined ? '' : ` AND ExecutionStatus ${isRunning ? '=' : '!='} 'Running'`;
  const found: WorkflowExecutionInfo[] = [];
  await call(session, async () => {
    for await (const info of session.client.workflow.list({
      query: `${types}${state}`,
      pageSize: Math.min(limit, 200),
    })) {
      found.push(info);
      if (found.length >= limit) break;
    }
  });
  return found.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime());
}

function noneOf({ service, environment }: NamedTarget, what: string): CommandError {
  return new CommandError('noOperation', `${what} on ${service} in ${environment}`, [
    `what has ended: mainstay list --environment ${environment} --all`,
    `begin one: mainstay deploy ${service} --environment ${environment} --version VERSION`,
  ]);
}

function severalOf({ service, environment }: NamedTarget, found: readonly WorkflowExecutionInfo[]): CommandError {
  const lines = found.map(
    (info) => `--id ${quote(info.workflowId)}   ${memoOf(info)?.what ?? 'has not been taken up yet'}`,
  );
  const message = `${found.length} operations on ${service} in ${environment} could be meant; say which one`;
  return new CommandError('noOperation', message, lines);
}
