/** What the Temporal server knows of workers: who polls, which build is current, which runs are pinned to a build. */
import { type Client, type Connection, isGrpcServiceError } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TASK_QUEUES } from '../../core/model/names.ts';
import {
  type PinnedRun,
  type Poller,
  type QueueFacts,
  WORKER_DEPLOYMENT,
  type WorkerFacts,
} from '../../core/model/workers.ts';

export interface WorkerQuestion {
  readonly connection: Connection;
  readonly namespace: string;
}

/** Task queue types of the server's protocol. */
const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;
/** Mode of a poller that takes only tasks of its own build. */
const VERSIONED = 2;
/** Enough to see that something is wrong; the rest is counted by a second question, after help came. */
const MOST_RUNS = 500;

/** `mainstay:BUILD`, as the server itself keeps it. */
const VERSION = defineSearchAttributeKey('TemporalWorkerDeploymentVersion', 'KEYWORD');

const QUEUES = [
  { queue: TASK_QUEUES.main, tasks: 'workflows', type: WORKFLOW_TASKS },
  { queue: TASK_QUEUES.main, tasks: 'activities', type: ACTIVITY_TASKS },
  { queue: TASK_QUEUES.watch, tasks: 'watching', type: ACTIVITY_TASKS },
] as const;

/**
 * Asks for the pollers of every queue that a deployment needs; one that said good-bye since its last poll is left out.
 * Throws the SDK's gRPC errors; the deadline is the caller's.
 */
export async function readWorkers(question: WorkerQuestion): Promise<WorkerFacts> {
  const { connection, namespace } = question;
  const [stopped, ...answers] = await Promise.all([
    readStopped(question),
    ...QUEUES.map(({ queue, type }) =>
      connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: queue }, taskQueueType: type }),
    ),
  ]);
  const queues = QUEUES.map(({ queue, tasks }, index): QueueFacts => {
    const seen = (answers[index]?.pollers ?? []).map(pollerOf);
    // A restarted container has the name of the one before it: whoever polls after the good-bye is another.
    const pollers = seen.filter(({ identity, seenAtMs }) => seenAtMs > (stopped.get(`${queue} ${identity}`) ?? 0));
    return { queue, tasks, pollers };
  });
  const current = answers[0]?.versioningInfo?.currentDeploymentVersion;
  const isOurs = current?.deploymentName === WORKER_DEPLOYMENT && Boolean(current.buildId);
  return { atMs: Date.now(), queues, ...(isOurs && current.buildId && { currentBuild: current.buildId }) };
}

type AnsweredPoller = NonNullable<
  Awaited<ReturnType<Connection['workflowService']['describeTaskQueue']>>['pollers']
>[number];

function pollerOf({ identity, lastAccessTime, deploymentOptions }: AnsweredPoller): Poller {
  const mode: number = deploymentOptions?.workerVersioningMode ?? 0;
  return {
    identity: identity ?? '',
    seenAtMs: msOf(lastAccessTime),
    ...(mode === VERSIONED && { buildId: deploymentOptions?.buildId ?? '' }),
  };
}

/** Status of a worker that is shutting down, or has. */
const STOPPING = [2, 3];

/**
 * When workers said that they stop, by queue and identity: a poll is remembered for minutes, a good-bye is known at once.
 * A server without the question knows of none.
 */
async function readStopped({ connection, namespace }: WorkerQuestion): Promise<ReadonlyMap<string, number>> {
  const stopped = new Map<string, number>();
  try {
    const { workersInfo } = await connection.workflowService.listWorkers({ namespace });
    for (const { workerHeartbeat } of workersInfo ?? []) {
      const { workerIdentity, taskQueue, status, heartbeatTime } = workerHeartbeat ?? {};
      if (!STOPPING.includes(statusOf(status))) continue;
      const key = `${taskQueue} ${workerIdentity}`;
      stopped.set(key, Math.max(stopped.get(key) ?? 0, msOf(heartbeatTime)));
    }
  } catch (error) {
    if (!isGrpcServiceError(error) || !UNANSWERED.includes(error.code)) throw error;
  }
  return stopped;
}

/** Codes of a server that does not know the question, or does not let us ask it. */
const UNANSWERED: readonly number[] = [3, 7, 12];

function statusOf(status: number | null | undefined): number {
  return status ?? 0;
}

function msOf(time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1_000_000);
}

/** Running workflows that are pinned to a build, at most 500. */
export async function readPinnedRuns(client: Client): Promise<readonly PinnedRun[]> {
  const query = [
    "ExecutionStatus = 'Running'",
    "TemporalWorkflowVersioningBehavior = 'Pinned'",
    `TemporalWorkerDeployment = '${WORKER_DEPLOYMENT}'`,
  ].join(' AND ');
  const found: PinnedRun[] = [];
  for await (const info of client.workflow.list({ query, pageSize: 200 })) {
    const buildId = info.typedSearchAttributes.get(VERSION)?.replace(`${WORKER_DEPLOYMENT}:`, '');
    if (buildId !== undefined) found.push({ workflowId: info.workflowId, runId: info.runId, buildId });
    if (found.length >= MOST_RUNS) break;
  }
  return found;
}
