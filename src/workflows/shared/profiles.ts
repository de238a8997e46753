/**
 * How activities are called, by kind. Every option is written out: the SDK's default cancellation type is TRY_CANCEL,
 * with which a cancelled write may land after its undo. A test holds that no profile leaves one out.
 */
import { ActivityCancellationType, type ActivityOptions, type LocalActivityOptions } from '@temporalio/workflow';
import { TASK_QUEUES } from '../../core/model/names.ts';
import type { IntervalPlan } from '../../core/model/plan.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Short questions; tried again until `scheduleToCloseTimeout`. */
export function readProfile(): ActivityOptions {
  return {
    startToCloseTimeout: 20 * SECOND,
    scheduleToCloseTimeout: 2 * MINUTE,
    heartbeatTimeout: undefined,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 5 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/**
 * Short questions before anything is changed, asked within the workflow task: one event instead of six. A worker that
 * dies in the middle asks again after the task's 10 s.
 */
export function localReadProfile(): LocalActivityOptions {
  return {
    startToCloseTimeout: 20 * SECOND,
    scheduleToCloseTimeout: 2 * MINUTE,
    localRetryThreshold: 5 * SECOND,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 5 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/**
 * A question whose answer a person waits for: two tries, each bounded by the client, so that the last one's own words
 * arrive and not a timeout of ours that hides them.
 */
export function localLookupProfile(): LocalActivityOptions {
  return {
    startToCloseTimeout: 7 * SECOND,
    scheduleToCloseTimeout: 15 * SECOND,
    localRetryThreshold: 5 * SECOND,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 5 * SECOND, maximumAttempts: 2 },
  };
}

/** Writes. Waits for the end of a cancelled one, so that none lands after the undo. */
export function mutatorProfile(intervals: IntervalPlan, withinMs: number): ActivityOptions {
  return {
    startToCloseTimeout: withinMs + MINUTE,
    scheduleToCloseTimeout: withinMs + 5 * MINUTE,
    heartbeatTimeout: intervals.mutatorHeartbeatMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 5 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/** Writes of an undo: tried until confirmed, or until a person accepts that it cannot be. No schedule-to-close. */
export function undoProfile(intervals: IntervalPlan, withinMs: number): ActivityOptions {
  return {
    startToCloseTimeout: withinMs + 2 * MINUTE,
    scheduleToCloseTimeout: undefined,
    heartbeatTimeout: intervals.mutatorHeartbeatMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 10 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/** Watching a step: hours, own queue, resumed from the last heartbeat that arrived. */
export function observerProfile(intervals: IntervalPlan): ActivityOptions {
  return {
    taskQueue: TASK_QUEUES.watch,
    startToCloseTimeout: 30 * DAY,
    scheduleToCloseTimeout: undefined,
    heartbeatTimeout: intervals.observerHeartbeatMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 5 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/** The last word of an operation: repeated until ownership has it; the ledger is waited for inside, for seconds. */
export function closingProfile(): ActivityOptions {
  return {
    startToCloseTimeout: 15 * SECOND,
    scheduleToCloseTimeout: undefined,
    heartbeatTimeout: undefined,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 10 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/** Waiting for a job of a provider. */
export function waitProfile(withinMs: number): ActivityOptions {
  return {
    startToCloseTimeout: withinMs + 5 * MINUTE,
    scheduleToCloseTimeout: withinMs + 30 * MINUTE,
    heartbeatTimeout: 10 * SECOND,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 500,
      backoffCoefficient: 2,
      maximumInterval: 10 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/**
 * Starting something at a provider, which returns at once: a call that was sent is waited for, so that whoever cleans up
 * afterwards finds what it made. Throttling may last for minutes.
 */
export function startProfile(): ActivityOptions {
  return {
    startToCloseTimeout: MINUTE,
    scheduleToCloseTimeout: 20 * MINUTE,
    heartbeatTimeout: undefined,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 500,
      backoffCoefficient: 2,
      maximumInterval: 20 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/**
 * One round of deleting something temporary: what may not be deleted yet is asked for again until the round is over;
 * then whoever keeps it says so, and begins the next.
 */
export function removalProfile(roundMs: number): ActivityOptions {
  return {
    startToCloseTimeout: MINUTE,
    scheduleToCloseTimeout: roundMs,
    heartbeatTimeout: undefined,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: SECOND,
      backoffCoefficient: 1.5,
      maximumInterval: 15 * SECOND,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}

/** One question an interval while the answer is "not yet": each costs one action and no slot in between. */
export function questionProfile(everyMs: number): ActivityOptions {
  return {
    startToCloseTimeout: 20 * SECOND,
    scheduleToCloseTimeout: undefined,
    heartbeatTimeout: undefined,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: everyMs,
      backoffCoefficient: 1,
      maximumInterval: everyMs,
      maximumAttempts: Number.POSITIVE_INFINITY,
    },
  };
}
