/** A thread of the benchmark: takes one job after the other. */
import { parentPort } from 'node:worker_threads';
import { MEASURES } from './measures.ts';
import type { Done, Job } from './pool.ts';

const port = parentPort;
if (!port) throw new Error('bench/judges/worker.ts runs as a worker thread only');

port.on('message', (job: Job) => {
  const measure = MEASURES.find((one) => one.name === job.measure);
  if (!measure) throw new Error(`no measure is named ${job.measure}`);
  const done: Done = { columns: measure.simulate(job.key, job.seed, job.from, job.to) };
  port.postMessage(
    done,
    Object.values(done.columns).map((column) => column.buffer as ArrayBuffer),
  );
});
