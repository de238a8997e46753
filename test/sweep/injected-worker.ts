/**
 * A worker like the product's own, whose activities say what they are about to do and obey: the sweep decides at every
 * one whether it goes on, fails, or loses its reply. Started by `startSweepWorker` with a pipe to it.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { Runtime } from '@temporalio/worker';
import { type Activities, createActivities } from '../../src/activities/index.ts';
import { catalogueReader } from '../../src/config/load-catalogue.ts';
import { readSettings } from '../../src/config/settings.ts';
import { activityDeps } from '../../src/worker.ts';
import { connectWorker } from '../../src/worker/connect.ts';
import { createWorkerLog } from '../../src/worker/logging.ts';
import { createWorkers, runAll } from '../../src/worker/run-workers.ts';
import type { Ask, Order, Reply, WorkerSays } from './protocol.ts';

const waiting = new Map<number, (order: Order) => void>();
let lastId = 0;

process.on('message', ({ id, order }: Reply) => {
  waiting.get(id)?.(order);
  waiting.delete(id);
});
process.on('disconnect', () => process.exit(0));

function say(message: WorkerSays): void {
  process.send?.(message);
}

function ask(at: Ask['at']): Promise<Order> {
  const { workflowType, workflowExecution, activityType, activityId, attempt, heartbeatTimeoutMs } =
    Context.current().info;
  lastId += 1;
  const id = lastId;
  const workflowId = workflowExecution?.workflowId ?? '';
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    const isBeating = heartbeatTimeoutMs !== undefined;
    say({
      id,
      at,
      workflowType: workflowType ?? '',
      workflowId,
      activity: activityType,
      activityId,
      attempt,
      isBeating,
    });
  });
}

const BEAT_MS = 500;

/** What waits for its order is alive: the last heartbeat is repeated, so that nothing it told is lost. */
async function beating<T>(last: () => unknown, body: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(last()), BEAT_MS);
  try {
    return await body();
  } finally {
    clearInterval(timer);
  }
}

async function obey(at: Ask['at'], last: () => unknown): Promise<void> {
  const { activityType, heartbeatTimeoutMs } = Context.current().info;
  // Before its effect it is as a worker that sleeps: nothing may tell it meanwhile that it is no longer wanted.
  const isHeld = at === 'after' && heartbeatTimeoutMs !== undefined;
  const order = await (isHeld ? beating(last, () => ask(at)) : ask(at));
  switch (order) {
    case 'go':
      return;
    case 'fail':
      throw ApplicationFailure.nonRetryable(`${activityType}: the server said no`, 'Forbidden');
    case 'lose':
      throw ApplicationFailure.create({ message: `${activityType}: connection reset`, type: 'OutcomeUnknown' });
  }
}

type Run = (input: unknown) => Promise<unknown>;

function disturbed(run: Run): Run {
  return async (input) => {
    const context = Context.current() as { heartbeat: Context['heartbeat'] } & Context;
    let told: unknown = context.info.heartbeatDetails;
    const heartbeat = context.heartbeat.bind(context);
    context.heartbeat = (details) => {
      told = details;
      heartbeat(details);
    };
    await obey('before', () => told);
    const ended = await run(input).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await obey('after', () => told);
    if ('error' in ended) throw ended.error;
    return ended.value;
  };
}

const read = readSettings();
if (!('settings' in read)) throw new Error(`settings: ${JSON.stringify(read.problems)}`);
const { settings } = read;
const log = createWorkerLog(settings);
Runtime.install({
  logger: log.logger,
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});
const connections = await connectWorker();
const real = createActivities(activityDeps(settings, connections, catalogueReader({ path: settings.cataloguePath })));
const activities = Object.fromEntries(
  Object.entries(real).map(([name, run]) => [name, disturbed(run as Run)]),
) as unknown as Activities;
const workers = await createWorkers(connections, activities, 200);
const ended = runAll(workers, log.say);
say({ ready: true });
await ended;
