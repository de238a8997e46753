/** The two workers of the process: one for workflows and changes, one for watching, each with its own way to stop. */
import { hostname } from 'node:os';
import { Worker, type WorkerDeploymentOptions, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../activities/index.ts';
import { TASK_QUEUES } from '../core/model/names.ts';
import { WORKER_DEPLOYMENT } from '../core/model/workers.ts';
import type { WorkerConnections } from './connect.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

/** A write that is under way may end; then the process goes, and whoever polls next looks before it acts. */
const MUTATORS_GRACE = '3s';
/** Under the 5 s in which a stopped worker has handed over. */
const FORCED_AFTER_MS = 4_500;

/**
 * @param watchSlots at least as many as deployments are in flight: an undo must never wait for an observer's slot
 * @param buildId version of the code for the Temporal server; a worker without one takes what is bound to none
 */
export async function createWorkers(
  { native, namespace }: Pick<WorkerConnections, 'native' | 'namespace'>,
  activities: Activities,
  watchSlots: number,
  buildId?: string,
): Promise<readonly Worker[]> {
  const workflowBundle = await loadWorkflowBundle(buildId === undefined ? 'unversioned' : 'versioned');
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection: native,
    namespace,
    activities,
    identity: workerIdentity(),
    ...(buildId !== undefined && { workerDeploymentOptions: versionOf(buildId) }),
  };
  return Promise.all([
    Worker.create({
      ...common,
      taskQueue: TASK_QUEUES.main,
      workflowBundle,
      stickyQueueScheduleToStartTimeout: '2s',
      // A deployment in flight is three workflows with its ownership and guard; one that fell out is replayed whole.
      maxCachedWorkflows: 3 * watchSlots + 200,
      maxConcurrentLocalActivityExecutions: 200,
      // A deployment holds at most one slot (a build, a wait for pods), and an undo must never queue behind them.
      maxConcurrentActivityTaskExecutions: watchSlots + 200,
      shutdownGraceTime: MUTATORS_GRACE,
    }),
    Worker.create({
      ...common,
      taskQueue: TASK_QUEUES.watch,
      maxConcurrentActivityTaskExecutions: watchSlots,
      // Observers write nothing: they leave at once, and their last heartbeat says where to go on.
      shutdownGraceTime: 0,
    }),
  ]);
}

/** How this process is called among the pollers of a queue. */
export function workerIdentity(): string {
  return `mainstay-${process.pid}@${hostname()}`;
}

/** Both queues belong to the version, so that the activities of a pinned workflow go to its own build on either. */
function versionOf(buildId: string): WorkerDeploymentOptions {
  return {
    version: { deploymentName: WORKER_DEPLOYMENT, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'PINNED',
  };
}

/** Runs until SIGINT or SIGTERM. A worker that fails takes the others with it, and its error is thrown. */
export async function runAll(workers: readonly Worker[], say: (line: string) => void): Promise<void> {
  const disarm = endWhenForced(say);
  const ends = await Promise.allSettled(
    workers.map(async (worker) => {
      try {
        await worker.run();
      } catch (error) {
        for (const other of workers) if (other.getState() === 'RUNNING') other.shutdown();
        throw error;
      }
    }),
  );
  disarm();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/**
 * A write that hangs ends with the process: it is then repeated elsewhere after its heartbeat, as after a kill. The
 * SDK's own `shutdownForceTime` fails on such a task instead of leaving it behind.
 */
function endWhenForced(say: (line: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    timer ??= setTimeout(() => {
      say(`stopped after ${FORCED_AFTER_MS / 1000} s with a task still running; the next worker looks and repeats it`);
      process.exit(0);
    }, FORCED_AFTER_MS);
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.on(name, stop);
  return () => {
    clearTimeout(timer);
    for (const name of signals) process.off(name, stop);
  };
}
