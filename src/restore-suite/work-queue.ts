/** Work that several connections share: the costliest first, so that the last one to end is a short one. */

export interface Job<T> {
  /** `digest public.orders` */
  readonly doing: string;
  /** Relative: bytes to be read, about. */
  readonly cost: number;
  readonly item: T;
}

/** Hands the jobs out, each once. */
export class WorkQueue<T> {
  readonly total: number;
  readonly #waiting: Job<T>[];
  readonly #running = new Set<string>();
  #done = 0;

  constructor(jobs: readonly Job<T>[]) {
    this.total = jobs.length;
    this.#waiting = jobs.toSorted((one, other) => one.cost - other.cost);
  }

  take(): Job<T> | undefined {
    const job = this.#waiting.pop();
    if (job) this.#running.add(job.doing);
    return job;
  }

  finish({ doing }: Job<T>): void {
    this.#running.delete(doing);
    this.#done += 1;
  }

  get progress(): { readonly done: number; readonly total: number; readonly doing: string } {
    return { done: this.#done, total: this.total, doing: [...this.#running].join(', ') };
  }
}
