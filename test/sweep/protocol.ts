/** What the sweep's worker and the sweep say to each other, over the pipe between their processes. */

/** The worker is about to run an activity, or has run it; it waits for the order. */
export interface Ask {
  readonly id: number;
  readonly at: 'before' | 'after';
  readonly workflowType: string;
  readonly workflowId: string;
  readonly activity: string;
  /** The same for all attempts. */
  readonly activityId: string;
  readonly attempt: number;
  /** It has heartbeats, so that it may be held for long. */
  readonly isBeating: boolean;
}

/** `go`: on. `fail`: for good, now. `lose`: as if the reply had been lost. An ask that is never answered waits. */
export type Order = 'go' | 'fail' | 'lose';

export interface Reply {
  readonly id: number;
  readonly order: Order;
}

export type WorkerSays = { readonly ready: true } | Ask;
