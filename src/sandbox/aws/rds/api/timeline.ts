/** What an instance or a snapshot goes through, step by step. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AwsFaults } from '../../front/fault-rules.ts';
import type { RdsClock } from './clock.ts';

export interface Subject {
  readonly region: string;
  identifier: string;
  status: string;
}

export interface Step {
  /** Left as it is when absent. */
  readonly status?: string;
  /** It lasts so long at least, in seconds of RDS. */
  readonly seconds: number;
  /** Done meanwhile; the step lasts until it is. */
  readonly work?: () => Promise<void> | void;
}

interface Job {
  readonly abort: AbortController;
  /** All is done, only a fault keeps the status. */
  isHeld: boolean;
  readonly done: Promise<void>;
}

const LOOK_MS = 20;

/** One job at a time for each subject. */
export class Timelines {
  readonly #clock: RdsClock;
  readonly #faults: AwsFaults;
  readonly #jobs = new Map<Subject, Job>();

  constructor(clock: RdsClock, faults: AwsFaults) {
    this.#clock = clock;
    this.#faults = faults;
  }

  /** True while a job is under way that is more than a status that does not move. */
  isBusy(subject: Subject): boolean {
    const job = this.#jobs.get(subject);
    return job !== undefined && !job.isHeld;
  }

  /**
   * Goes through the steps and ends in `last`. `onFailure` says the status after work that failed, and is told why. A job
   * that a fault holds is given up for the new one.
   */
  run(
    subject: Subject,
    steps: readonly Step[],
    last: (() => string) | undefined,
    onFailure: (error: Error) => string | undefined,
  ): Promise<void> {
    this.#jobs.get(subject)?.abort.abort(new Error('another job took over'));
    const abort = new AbortController();
    const job: Job = { abort, isHeld: false, done: Promise.resolve() };
    // The first status stands when the call returns.
    const first = steps[0]?.status;
    if (first !== undefined) subject.status = first;
    const done = this.#go(subject, steps, last, job)
      .catch((error: unknown) => {
        if (abort.signal.aborted || this.#clock.signal.aborted) return;
        const status = onFailure(error instanceof Error ? error : new Error(String(error)));
        if (status !== undefined) subject.status = status;
      })
      .finally(() => {
        if (this.#jobs.get(subject)?.abort === abort) this.#jobs.delete(subject);
      });
    this.#jobs.set(subject, Object.assign(job, { done }));
    return done;
  }

  /** Every job under way has ended; called after the clock's end. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#jobs.values()].map(({ done }) => done));
  }

  async #go(subject: Subject, steps: readonly Step[], last: (() => string) | undefined, job: Job): Promise<void> {
    for (const { status, seconds, work } of steps) {
      job.abort.signal.throwIfAborted();
      if (status !== undefined) subject.status = status;
      // Both are awaited, so that no work goes on behind a status that says that it failed.
      const both = await Promise.allSettled([this.#clock.wait(seconds, job.abort.signal), work?.()]);
      const failed = both.findLast((outcome) => outcome.status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      await this.#held(subject, job);
    }
    if (last !== undefined) subject.status = last();
  }

  async #held(subject: Subject, job: Job): Promise<void> {
    const signal = AbortSignal.any([this.#clock.signal, job.abort.signal]);
    while (this.#faults.isStuck(subject.region, subject.identifier, subject.status)) {
      job.isHeld = true;
      await delay(LOOK_MS, undefined, { signal });
    }
    job.isHeld = false;
  }
}
