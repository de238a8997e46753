/** One deployment, watched from outside by `describe` alone: its memo and its pending activities. */
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { MemoStatus, OperationStatus } from '../../../src/core/model/deploy-state.ts';
import type { DeployResult } from '../../../src/core/model/operation.ts';
import { MEMO } from '../../../src/core/model/names.ts';
import { until } from './until.ts';

/** A describe costs the server and us some milliseconds of work. */
const LOOK_EVERY_MS = 150;

export interface Look {
  readonly memo: MemoStatus | undefined;
  /** Types of the activities that are pending. */
  readonly activities: readonly string[];
  /** By activity that has been started: identity of the worker that has it. */
  readonly workers: Readonly<Record<string, string>>;
  readonly status: string;
}

export class Run {
  readonly id: string;
  readonly handle: WorkflowHandle;

  constructor(client: Client, id: string) {
    this.id = id;
    this.handle = client.workflow.getHandle(id);
  }

  async look(): Promise<Look> {
    return lookOf(await this.handle.describe());
  }

  result(): Promise<DeployResult> {
    return this.handle.result() as Promise<DeployResult>;
  }

  status(): Promise<OperationStatus> {
    return this.handle.query<OperationStatus>('status');
  }

  update(name: string, input: object): Promise<unknown> {
    return this.handle.executeUpdate<unknown, [object]>(name, { args: [input] });
  }

  /** Polls `describe` until the look is as wanted; fails at once when the run has ended otherwise. */
  async until(what: string, wanted: (look: Look) => boolean, withinMs = 90_000): Promise<Look> {
    let last: Look | undefined;
    const seen = (): unknown => last && { ...last, memo: last.memo && { phase: last.memo.phase, why: last.memo.why } };
    const found = await until<Look>(
      `${this.id}: ${what}`,
      async () => {
        last = await this.look();
        return wanted(last) || last.status !== 'RUNNING' ? last : undefined;
      },
      withinMs,
      seen,
      LOOK_EVERY_MS,
    );
    if (wanted(found)) return found;
    const end = await this.result().then(JSON.stringify, (error: unknown) => String((error as Error).cause ?? error));
    throw new Error(`${this.id}: ended (${found.status}) before ${what}: ${end}`);
  }

  /** The weight is confirmed at the data plane and the step is being watched. */
  untilWatching(weightPercent: number): Promise<Look> {
    return this.until(
      `watching at ${weightPercent} %`,
      ({ memo, activities }) => memo?.weightPercent === weightPercent && activities.includes('observeStep'),
    );
  }

  untilPhase(phase: MemoStatus['phase']): Promise<Look> {
    return this.until(`phase ${phase}`, ({ memo }) => memo?.phase === phase);
  }

  untilDoing(activity: string): Promise<Look> {
    return this.until(`${activity} pending`, ({ activities }) => activities.includes(activity));
  }
}

/** PENDING_ACTIVITY_STATE_STARTED of the server's protocol. */
const STARTED = 2;

function lookOf(description: WorkflowExecutionDescription): Look {
  const pending = description.raw.pendingActivities ?? [];
  // A scheduled attempt that waits for its turn has the identity of the last one: only what has started is in hand.
  const started = pending.filter(({ state }) => Number(state) === STARTED);
  return {
    memo: description.memo?.[MEMO.status] as MemoStatus | undefined,
    activities: pending.map(({ activityType }) => activityType?.name ?? ''),
    workers: Object.fromEntries(
      started.map(({ activityType, lastWorkerIdentity }) => [activityType?.name ?? '', lastWorkerIdentity ?? '']),
    ),
    status: description.status.name,
  };
}
