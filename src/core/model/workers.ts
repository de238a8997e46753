/** Who polls for work, as the Temporal server tells it. */

/** Name of the Worker Deployment that every versioned worker belongs to. */
export const WORKER_DEPLOYMENT = 'mainstay';

export interface Poller {
  readonly identity: string;
  /** Its last poll; one that waits for work asks again within a minute. */
  readonly seenAtMs: number;
  /** Undefined: a worker without a build id. */
  readonly buildId?: string;
}

/** One kind of task on one queue. A deployment needs all three. */
export interface QueueFacts {
  readonly queue: string;
  readonly tasks: 'workflows' | 'activities' | 'watching';
  readonly pollers: readonly Poller[];
}

export interface WorkerFacts {
  readonly atMs: number;
  readonly queues: readonly QueueFacts[];
  /** Build that new operations go to; undefined: workers without a build id take them. */
  readonly currentBuild?: string;
}

/** A running workflow that only one build may go on with. */
export interface PinnedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly buildId: string;
}
