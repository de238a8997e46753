/** Makes a build the one that new operations go to, once the server knows it on every queue. */
import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { TASK_QUEUES } from '../../core/model/names.ts';
import { WORKER_DEPLOYMENT } from '../../core/model/workers.ts';
import { CodedError } from '../../errors/coded-error.ts';
import type { WorkerQuestion } from './workers.ts';

const LOOK_EVERY_MS = 250;
const CALL_MS = 5_000;
/** Status codes of gRPC: nobody has polled yet; someone else wrote in between, or a queue is still missing. */
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const ABORTED = 10;
/** Workflow and activity tasks of one queue, activity tasks of the other. */
const QUEUES_OF_A_WORKER = 3;
/** Statuses of a version that was current and is not any more. */
const REPLACED: readonly number[] = [4, 5];

export type MadeCurrent =
  /** `before` is the build that was current; undefined when none was. */
  | { readonly outcome: 'made'; readonly before?: string }
  | { readonly outcome: 'alreadyCurrent' }
  /** It was current before and another build replaced it: a restarted old worker must not take the work back. */
  | { readonly outcome: 'replaced'; readonly by: string }
  /** The worker was told to stop meanwhile. */
  | { readonly outcome: 'stopped' };

export interface MakeCurrentOptions {
  /** Default 30 s. */
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the server has seen the build poll every queue, then sets it current, conditional on what was read.
 * Throws CodedError Timeout when it is not known in time, or others keep changing the deployment; Unavailable.
 */
export async function makeCurrent(
  question: WorkerQuestion & { readonly identity: string },
  buildId: string,
  { withinMs = 30_000, signal }: MakeCurrentOptions = {},
): Promise<MadeCurrent> {
  const until = Date.now() + withinMs;
  let seen = 'nothing of it';
  for (;;) {
    if (signal?.aborted === true) return { outcome: 'stopped' };
    const standing = await describe(question, buildId);
    if (standing !== undefined) {
      if (standing.current === buildId) return { outcome: 'alreadyCurrent' };
      if (standing.isReplaced && standing.current !== undefined) return { outcome: 'replaced', by: standing.current };
      seen = `it on ${standing.queues} of ${QUEUES_OF_A_WORKER} queues`;
      if (standing.queues >= QUEUES_OF_A_WORKER && (await set(question, buildId, standing.token))) {
        return { outcome: 'made', ...(standing.current !== undefined && { before: standing.current }) };
      }
    }
    if (Date.now() >= until) {
      const message = `build ${buildId}: expected the server to know it on every queue within ${withinMs / 1000} s, found ${seen}`;
      throw new CodedError('Timeout', message);
    }
    await delay(LOOK_EVERY_MS);
  }
}

interface Standing {
  readonly current?: string;
  readonly isReplaced: boolean;
  readonly queues: number;
  readonly token: Uint8Array;
}

/** Undefined when the server does not know the build yet. */
async function describe({ connection, namespace }: WorkerQuestion, buildId: string): Promise<Standing | undefined> {
  const { workflowService } = connection;
  try {
    const [version, deployment] = await connection.withDeadline(Date.now() + CALL_MS, () =>
      Promise.all([
        workflowService.describeWorkerDeploymentVersion({
          namespace,
          deploymentVersion: { deploymentName: WORKER_DEPLOYMENT, buildId },
        }),
        workflowService.describeWorkerDeployment({ namespace, deploymentName: WORKER_DEPLOYMENT }),
      ]),
    );
    const current = deployment.workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
    const ours: readonly string[] = Object.values(TASK_QUEUES);
    const queues = (version.versionTaskQueues ?? []).filter(({ name }) => ours.includes(name ?? ''));
    return {
      ...(current && { current }),
      isReplaced: REPLACED.includes(version.workerDeploymentVersionInfo?.status ?? 0),
      queues: queues.length,
      token: deployment.conflictToken ?? new Uint8Array(),
    };
  } catch (error) {
    if (codeOf(error) === NOT_FOUND) return undefined;
    throw unavailable(error);
  }
}

/** False when it must be looked at again: someone else wrote in between, or the server wants one more queue. */
async function set(
  { connection, namespace, identity }: WorkerQuestion & { readonly identity: string },
  buildId: string,
  conflictToken: Uint8Array,
): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + CALL_MS, () =>
      connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName: WORKER_DEPLOYMENT,
        buildId,
        conflictToken,
        identity,
      }),
    );
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === FAILED_PRECONDITION || code === ABORTED || code === NOT_FOUND) return false;
    throw unavailable(error);
  }
}

function codeOf(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}

function unavailable(error: unknown): CodedError {
  const found = isGrpcServiceError(error) ? error.details : String(error);
  return new CodedError('Unavailable', `Worker Deployment ${WORKER_DEPLOYMENT}: ${found}`, { cause: error });
}
