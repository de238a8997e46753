/** Runs tasks over several connections. Whatever happens to one of them happens to no other. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckResult } from '../../core/model/restore.ts';
import { finding } from '../../core/restore/finding.ts';
import { assessSqlError, isLostConnection } from '../../core/restore/sql-state.ts';
import { type Suite, type SuiteSession, problemOf } from '../open-suite.ts';
import { WorkQueue } from '../work-queue.ts';
import { type Outcome, type Task, keyOf, outcome } from './task.ts';

export interface RunOptions {
  readonly connections: number;
  readonly nowMs: () => number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (
    progress: { readonly done: number; readonly total: number; readonly doing: string },
    results: readonly CheckResult[],
  ) => void;
  /** Of an earlier attempt. */
  readonly finished: readonly CheckResult[];
  /** How long a server that went away may take to come back. */
  readonly backWithinMs?: number;
}

const BACK_WITHIN_MS = 30_000;
const RETRY_MS = 250;

/**
 * Results of all tasks, those of `finished` included; `first` one after the other before the rest. A task whose connection is lost is run once more, alone, after the
 * others: a page that ends its server process takes the checks beside it along, which are innocent. Throws the signal's
 * reason, and errors that no server sent (bugs).
 */
export async function runTasks(
  suite: Suite,
  first: readonly Task[],
  rest: readonly Task[],
  options: RunOptions,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [...options.finished];
  const known = new Set(results.map(keyOf));
  const isOpen = (task: Task) => !known.has(keyOf(task));
  const rounds = [first.filter(isOpen), rest.filter(isOpen)].map(queueOf);
  const lost: Task[] = [];
  const total = first.length + rest.length;
  const left = rounds.reduce((sum, queue) => sum + queue.total, 0);
  const tell = () => {
    const done = rounds.reduce((sum, queue) => sum + queue.progress.done, total - left);
    const doing = rounds.map((queue) => queue.progress.doing).find((words) => words !== '') ?? '';
    options.onProgress?.({ done, total, doing }, results);
  };

  tell();
  for (const [index, queue] of rounds.entries()) {
    const workers = index === 0 ? 1 : Math.max(1, Math.min(options.connections, queue.total));
    const run = () => work(suite, queue, results, options, tell, (task) => lost.push(task));
    if (queue.total > 0) await Promise.all(Array.from({ length: workers }, run));
  }
  const again = queueOf([...lost, ...rounds.flatMap(leftIn)]);
  const giveUp = (task: Task, words: string) => {
    const said = finding('couldNotVerify', words);
    results.push(...failed(task, outcome(task.kind, task.object, said), 0));
  };
  if (again.total > 0) {
    await work(suite, again, results, options, tell, (task, words) =>
      giveUp(task, `the connection was lost twice: ${words}`),
    );
  }
  for (const task of leftIn(again)) giveUp(task, 'the server did not come back');
  return results;
}

/** What nobody took because no connection could be made. */
function leftIn(queue: WorkQueue<Task>): readonly Task[] {
  const tasks: Task[] = [];
  for (let job = queue.take(); job; job = queue.take()) {
    tasks.push(job.item);
    queue.finish(job);
  }
  return tasks;
}

function queueOf(tasks: readonly Task[]): WorkQueue<Task> {
  return new WorkQueue(tasks.map((task) => ({ doing: keyOf(task), cost: task.cost, item: task })));
}

async function work(
  suite: Suite,
  queue: WorkQueue<Task>,
  results: CheckResult[],
  options: RunOptions,
  tell: () => void,
  onLost: (task: Task, words: string) => void,
): Promise<void> {
  let isOver = false;
  while (!isOver) {
    await suite
      .session('run checks', async (session) => {
        for (let job = queue.take(); job; job = queue.take()) {
          tell();
          const isLost = await runOne(session, job.item, results, options, onLost);
          queue.finish(job);
          tell();
          if (isLost) return;
        }
        isOver = true;
      })
      .catch(async (error: unknown) => {
        options.signal?.throwIfAborted();
        if (!problemOf(error)) throw error;
        // Other connections may still work: what is left is theirs.
        isOver = !(await comesBack(suite, options));
      });
  }
}

/** True when the connection is gone. */
async function runOne(
  session: SuiteSession,
  task: Task,
  results: CheckResult[],
  { nowMs, signal }: RunOptions,
  onLost: (task: Task, words: string) => void,
): Promise<boolean> {
  const from = nowMs();
  const took = () => Math.round((nowMs() - from) * 10) / 10;
  try {
    const outcomes = await task.run(session);
    results.push(...outcomes.map((each) => ({ ...each, ms: took() })));
    return false;
  } catch (error) {
    signal?.throwIfAborted();
    const problem = problemOf(error);
    if (!problem) throw error;
    if (isLostConnection(problem.sqlState)) {
      onLost(task, problem.message);
      return true;
    }
    const said = assessSqlError(problem.sqlState, problem.message);
    results.push(...failed(task, outcome(task.kind, task.object, said), took()));
    return false;
  }
}

function failed(task: Task, said: Outcome, ms: number): readonly CheckResult[] {
  const depends = (task.dependants ?? []).map((kind) => ({
    ...outcome(kind, task.object, finding('skip', `the ${task.kind} of it could not be made`)),
    ms: 0,
  }));
  return [{ ...said, ms }, ...depends];
}

async function comesBack(suite: Suite, { nowMs, signal, backWithinMs = BACK_WITHIN_MS }: RunOptions): Promise<boolean> {
  const until = nowMs() + backWithinMs;
  while (nowMs() < until) {
    signal?.throwIfAborted();
    await delay(RETRY_MS);
    const isBack = await suite
      .session('ask whether the server is back', async (session) => {
        await session.read('ask whether the server is back', 'select 1');
        return true;
      })
      .catch((error: unknown) => {
        if (problemOf(error)) return false;
        throw error;
      });
    if (isBack) return true;
  }
  return false;
}
