/** Whether a worker polls. The server remembers pollers: a killed one is seen as gone only after its poll would have ended. */
import { setTimeout as delay } from 'node:timers/promises';
import { TASK_QUEUES } from '../core/model/names.ts';
import { call, type Session } from './session.ts';

/** A live worker asks again at least once a minute. */
const POLL_MS = 60_000;
const SLACK_MS = 10_000;
const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;

export interface WorkerPresence {
  readonly polls: boolean;
  /** What is missing, or who polls. */
  readonly text: string;
}

const QUEUES = [
  { name: TASK_QUEUES.main, type: WORKFLOW_TASKS, words: `${TASK_QUEUES.main} (workflows)` },
  { name: TASK_QUEUES.main, type: ACTIVITY_TASKS, words: `${TASK_QUEUES.main} (activities)` },
  { name: TASK_QUEUES.watch, type: ACTIVITY_TASKS, words: `${TASK_QUEUES.watch} (watching)` },
] as const;

/** Asks for the pollers of every task queue that a deployment needs. */
export async function workerPresence(session: Session): Promise<WorkerPresence> {
  const seen = await Promise.all(QUEUES.map((queue) => lastPoll(session, queue.name, queue.type)));
  const nowMs = Date.now();
  const missing = QUEUES.filter((_, index) => {
    const atMs = seen[index];
    return atMs === undefined || nowMs - atMs > POLL_MS + SLACK_MS;
  });
  if (missing.length === 0) return { polls: true, text: 'a worker polls' };
  const names = missing.map(({ words }) => words).join(', ');
  return { polls: false, text: `no worker polls the task queue ${names}` };
}

const LOOK_AGAIN_MS = 500;

/** The same, with a little patience for a worker that is just starting. */
export async function awaitWorker(session: Session, withinMs: number): Promise<WorkerPresence> {
  const until = Date.now() + withinMs;
  for (;;) {
    const presence = await workerPresence(session);
    if (presence.polls || Date.now() >= until) return presence;
    await delay(LOOK_AGAIN_MS);
  }
}

/** What to do when no worker polls. */
export const START_A_WORKER = 'start a worker: mainstay worker (MAINSTAY_CONFIG names its catalogue)';

async function lastPoll(session: Session, name: string, type: number): Promise<number | undefined> {
  const { workflowService } = session.connection;
  const answer = await call(session, () =>
    workflowService.describeTaskQueue({ namespace: session.namespace, taskQueue: { name }, taskQueueType: type }),
  );
  const times = (answer.pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
  return times.length === 0 ? undefined : Math.max(...times);
}
