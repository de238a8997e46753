/** Reads an operation by `describe`: memo and the heartbeats of pending activities. No worker is needed, nothing is billed. */
import { WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import type { BackupResult } from '../../core/model/backup-operation.ts';
import { isBackupOperation } from '../../core/model/backup-record.ts';
import { MEMO, MESSAGES } from '../../core/model/names.ts';
import type { MemoStatus, OperationStatus } from '../../core/model/deploy-state.ts';
import type { DeployResult, LookSummary } from '../../core/model/operation.ts';
import { CommandError } from '../command-error.ts';
import { call, type Session } from '../session.ts';
import type { OperationView } from './operation-view.ts';
import { firstValue } from './payloads.ts';

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** Longest time a query may take: with a worker it answers in milliseconds, without one it never does. */
const QUERY_TIMEOUT_MS = 4_000;

export async function observeOperation(session: Session, workflowId: string, runId?: string): Promise<OperationView> {
  const handle = session.client.workflow.getHandle(workflowId, runId);
  let description: WorkflowExecutionDescription;
  try {
    description = await call(session, () => handle.describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw noSuchOperation(workflowId);
    throw error;
  }
  return viewOf(session, description);
}

function noSuchOperation(workflowId: string): CommandError {
  return new CommandError('noOperation', `there is no operation with the id ${workflowId}`, [
    'see what there is: mainstay list --all',
  ]);
}

async function viewOf(session: Session, description: WorkflowExecutionDescription): Promise<OperationView> {
  const memo = description.memo?.[MEMO.status] as MemoStatus | undefined;
  const report = description.memo?.[MEMO.report];
  const pending = description.raw.pendingActivities ?? [];
  const values = await Promise.all(
    pending.map((activity) => firstValue(session.client, activity.heartbeatDetails?.payloads)),
  );
  const look = values.map(lookIn).find((found) => found !== undefined);
  const troubles = pending
    .filter(({ lastFailure, attempt }) => lastFailure && (attempt ?? 1) > 1)
    .map(
      ({ activityType, attempt, lastFailure }) => `${activityType?.name}, attempt ${attempt}: ${lastFailure?.message}`,
    );
  const pinnedBuild = pinnedBuildOf(description);
  return {
    atMs: Date.now(),
    ...(pinnedBuild === undefined ? {} : { pinnedBuild }),
    workflowId: description.workflowId,
    runId: description.runId,
    operation: description.type,
    isRunning: description.status.name === 'RUNNING',
    run: description.status.name,
    startedAtMs: description.startTime.getTime(),
    ...(description.closeTime ? { closedAtMs: description.closeTime.getTime() } : {}),
    ...(memo ? { memo } : {}),
    ...(look ? { look } : {}),
    ...(report && description.status.name !== 'RUNNING' ? reported(description.type, report) : {}),
    pending: pending.map((activity, index) => pendingInWords(activity, values[index])),
    troubles,
  };
}

/** Value of the server's protocol: the run goes on only with the build that it began with, or was moved to. */
const PINNED = 1;

function pinnedBuildOf({ raw }: WorkflowExecutionDescription): string | undefined {
  const info = raw.workflowExecutionInfo?.versioningInfo;
  const forced = info?.versioningOverride?.pinned?.version?.buildId;
  if (forced) return forced;
  const behavior: number = info?.behavior ?? 0;
  return behavior === PINNED ? (info?.deploymentVersion?.buildId ?? undefined) : undefined;
}

/** A cancelled operation returns nothing: its memo carries the report. */
function reported(type: string, report: unknown): Pick<OperationView, 'result' | 'backup'> {
  return isBackupOperation(type) ? { backup: report as BackupResult } : { result: report as DeployResult };
}

/** `scaleCanary`, `scaleCanary (attempt 3)`, or with what its heartbeat says: `awaitInstance: creating for 3 min` */
function pendingInWords({ activityType, attempt }: PendingActivity, heartbeat: unknown): string {
  const name = activityType?.name ?? 'an activity';
  const said = saidIn(heartbeat);
  return `${name}${(attempt ?? 1) > 1 ? ` (attempt ${attempt})` : ''}${said === undefined ? '' : `: ${said}`}`;
}

/** Waits tell `says`, the checks of a copy how far they are. */
function saidIn(heartbeat: unknown): string | undefined {
  if (typeof heartbeat !== 'object' || heartbeat === null) return undefined;
  if ('says' in heartbeat && typeof heartbeat.says === 'string') return heartbeat.says;
  const { progress } = heartbeat as { readonly progress?: unknown };
  if (typeof progress !== 'object' || progress === null) return undefined;
  const { done, total, doing } = progress as { readonly done?: unknown; readonly total?: unknown; doing?: unknown };
  return typeof done === 'number' && typeof total === 'number'
    ? `${done} of ${total}, ${typeof doing === 'string' ? doing : ''}`
    : undefined;
}

/** A heartbeat of the watching activity carries `{ look, ... }`; other activities carry other things. */
function lookIn(value: unknown): LookSummary | undefined {
  if (typeof value !== 'object' || value === null || !('look' in value)) return undefined;
  const { look } = value;
  const isLook = typeof look === 'object' && look !== null && 'atMs' in look && 'metrics' in look;
  return isLook ? (look as LookSummary) : undefined;
}

/** Query `status`: costs an action and needs a worker; undefined when none answers in time. */
export async function askStatus(
  session: Session,
  workflowId: string,
  runId?: string,
): Promise<OperationStatus | undefined> {
  const handle = session.client.workflow.getHandle(workflowId, runId);
  try {
    const deadline = Date.now() + QUERY_TIMEOUT_MS;
    return await session.connection.withDeadline(deadline, () => handle.query<OperationStatus>(MESSAGES.status));
  } catch {
    return undefined; // the memo tells the same, only less of it
  }
}
