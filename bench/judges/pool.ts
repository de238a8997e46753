/** Simulates cells in worker threads. Which thread takes which runs changes no figure: every run has its own seed. */
import { Worker } from 'node:worker_threads';
import type { Cell, Columns } from './measure.ts';

export interface Job {
  readonly measure: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly seed: number;
}

export interface Done {
  readonly columns: Columns;
}

/** Runs of one job: short enough that the threads end together. */
const RUNS_PER_JOB = 100;

export interface CellOf {
  readonly measure: string;
  readonly cell: Cell;
}

/** Columns of every cell, by measure and key. Rejects when a worker fails. */
export async function simulateAll(
  cells: readonly CellOf[],
  seed: number,
  threads: number,
  onProgress: (done: number, all: number) => void,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Columns>>> {
  const jobs = cells.flatMap(({ measure, cell }) => jobsOf(measure, cell, seed));
  const found: (Columns | undefined)[] = jobs.map(() => undefined);
  let next = 0;
  let done = 0;
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work));
  return collect(jobs, found);

  async function work(): Promise<void> {
    const worker = new Worker(new URL('./worker-entry.mjs', import.meta.url));
    try {
      for (;;) {
        const at = next;
        const job = jobs[at];
        if (!job) return;
        next += 1;
        found[at] = await ask(worker, job);
        done += 1;
        onProgress(done, jobs.length);
      }
    } finally {
      await worker.terminate();
    }
  }
}

function jobsOf(measure: string, { key, runs }: Cell, seed: number): Job[] {
  const jobs: Job[] = [];
  for (let from = 0; from < runs; from += RUNS_PER_JOB) {
    jobs.push({ measure, key, seed, from, to: Math.min(runs, from + RUNS_PER_JOB) });
  }
  return jobs;
}

function ask(worker: Worker, job: Job): Promise<Columns> {
  return new Promise((resolve, reject) => {
    const onMessage = (done: Done) => {
      worker.off('error', reject);
      resolve(done.columns);
    };
    worker.once('message', onMessage);
    worker.once('error', reject);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(job);
  });
}

function collect(
  jobs: readonly Job[],
  found: readonly (Columns | undefined)[],
): ReadonlyMap<string, ReadonlyMap<string, Columns>> {
  const parts = new Map<string, Map<string, Columns[]>>();
  for (const [at, { measure, key }] of jobs.entries()) {
    const cells = parts.get(measure) ?? new Map<string, Columns[]>();
    parts.set(measure, cells);
    const columns = found[at];
    if (columns) cells.set(key, [...(cells.get(key) ?? []), columns]);
  }
  return new Map([...parts].map(([name, cells]) => [name, new Map([...cells].map(([key, all]) => [key, join(all)]))]));
}

function join(parts: readonly Columns[]): Columns {
  const joined: Record<string, Float64Array> = {};
  for (const name of Object.keys(parts[0] ?? {})) {
    const arrays = parts.map((part) => part[name] ?? new Float64Array());
    const whole = new Float64Array(arrays.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of arrays) {
      whole.set(one, at);
      at += one.length;
    }
    joined[name] = whole;
  }
  return joined;
}
