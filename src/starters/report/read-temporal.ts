/** What Temporal still knows of an operation: description, memo, input, result, the workflow's own answer, ownership. */
import type { DeployInput } from '../../core/model/plan.ts';
import { MESSAGES, OWNERSHIP_MESSAGES, ownershipId, WORKFLOWS } from '../../core/model/names.ts';
import type { OwnershipView } from '../../core/model/ownership.ts';
import type { OwnershipAccount, TemporalAccount } from '../../core/report/temporal-account.ts';
import { CommandError } from '../command-error.ts';
import { readOwnership } from '../operation/find-operation.ts';
import { askStatus, observeOperation } from '../operation/observe-operation.ts';
import type { OperationView } from '../operation/operation-view.ts';
import { firstValue } from '../operation/payloads.ts';
import { readEnd } from '../operation/read-end.ts';
import { call, type Session } from '../session.ts';
import { workerPresence } from '../worker-presence.ts';

/** With a worker it answers in milliseconds, without one never. */
const QUERY_TIMEOUT_MS = 3_000;

/** Undefined when Temporal does not know it, or (then with a trouble) cannot be asked. */
export async function accountOf(
  session: Session,
  workflowId: string,
  troubles: string[],
): Promise<TemporalAccount | undefined> {
  let view: OperationView;
  try {
    view = await observeOperation(session, workflowId);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.exit !== 'noOperation') troubles.push(error.message);
    return undefined;
  }
  const ended = view.isRunning ? view : await readEnd(session, view);
  const { polls } = await workerPresence(session);
  const status = polls ? await askStatus(session, workflowId, view.runId) : undefined;
  if (status === undefined) {
    const why = polls ? `the workflow does not answer query ${MESSAGES.status}` : 'no worker polls';
    if (view.isRunning) troubles.push(`${why}: what it said last stands in its memo`);
  }
  const input = await inputOf(session, view);
  const { runId, operation, run, startedAtMs, closedAtMs, memo, result, failure } = ended;
  return {
    workflowId,
    runId,
    operation,
    run,
    startedAtMs,
    ...(closedAtMs !== undefined && { closedAtMs }),
    ...(memo && { memo }),
    ...(status && { status }),
    ...(input && { input }),
    ...(result && { result }),
    ...(failure && { failure }),
  };
}

/** From the first event of its history: who asked, and why, stand nowhere else that needs no worker. */
async function inputOf(session: Session, view: OperationView): Promise<Partial<DeployInput> | undefined> {
  if (view.operation !== WORKFLOWS.deployService) return undefined;
  const { workflowId, runId } = view;
  const request = { namespace: session.namespace, execution: { workflowId, runId }, maximumPageSize: 1 };
  try {
    const reply = await call(session, () => session.connection.workflowService.getWorkflowExecutionHistory(request));
    const started = reply.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    const input = await firstValue(session.client, started?.input?.payloads);
    return typeof input === 'object' && input !== null ? input : undefined;
  } catch {
    return undefined; // the rest of the report does not hang on it
  }
}

/** The whole of its last report; the memo keeps a short form. */
async function askOwnership(
  session: Session,
  { service, environment }: { readonly service: string; readonly environment: string },
): Promise<OwnershipView | undefined> {
  const handle = session.client.workflow.getHandle(ownershipId(environment, 'service', service));
  try {
    const deadline = Date.now() + QUERY_TIMEOUT_MS;
    const query = () => handle.query<OwnershipView>(OWNERSHIP_MESSAGES.ownership);
    return await session.connection.withDeadline(deadline, query);
  } catch {
    return undefined;
  }
}

/** What was released last on the service, by the entity that owns it. */
export async function ownershipOf(
  session: Session,
  { service, environment }: { readonly service: string; readonly environment: string },
): Promise<OwnershipAccount | undefined> {
  const view =
    (await askOwnership(session, { service, environment })) ??
    (await readOwnership(session, { service, environment }).catch(() => undefined));
  if (view?.last === undefined || view.lastWorkflowId === undefined) return undefined;
  return { last: view.last, lastWorkflowId: view.lastWorkflowId };
}
