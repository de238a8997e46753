/** The two workers of the process: one for workflows and changes, one for watching, each with its own way to stop. */
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  GracefulShutdownPeriodExpiredError,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Activities } from '../activities/index.ts';
import { TASK_QUEUES } from '../core/model/names.ts';
import type { WorkerConnections } from './connect.ts';

/** A write that is under way may end; then the process goes, and whoever polls next looks before it acts. */
const MUTATORS_GRACE = '3s';
/** Under the 5 s in which a stopped worker has handed over. */
const FORCED_AFTER = '4500ms';

/** @param watchSlots at least as many as deployments are in flight: an undo must never wait for an observer's slot */
export async function createWorkers(
  { native, namespace }: WorkerConnections,
  activities: Activities,
  watchSlots: number,
): Promise<readonly Worker[]> {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: workflowsPath(),
    logger: new DefaultLogger('ERROR'),
  });
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection: native,
    namespace,
    activities,
    shutdownForceTime: FORCED_AFTER,
    identity: `mainstay-${process.pid}@${hostname()}`,
  };
  return Promise.all([
    Worker.create({
      ...common,
      taskQueue: TASK_QUEUES.main,
      workflowBundle,
      stickyQueueScheduleToStartTimeout: '2s',
      maxConcurrentActivityTaskExecutions: 200,
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

/**
 * Runs until SIGINT or SIGTERM. A worker that hangs on to a task is left behind; one that fails takes the others with
 * it, and its error is thrown.
 */
export async function runAll(workers: readonly Worker[], say: (line: string) => void): Promise<void> {
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
  for (const end of ends) {
    if (end.status === 'fulfilled') continue;
    if (!(end.reason instanceof GracefulShutdownPeriodExpiredError)) throw end.reason;
    say(`stopped after ${FORCED_AFTER} with a task still running; the next worker repeats it after its heartbeat`);
  }
}

/** `.ts` from a clone, `.js` from the package. */
function workflowsPath(): string {
  const own = import.meta.url;
  return fileURLToPath(new URL(`../workflows/index.${own.endsWith('.ts') ? 'ts' : 'js'}`, own));
}
