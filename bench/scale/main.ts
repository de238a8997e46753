/**
 * `npm run bench:scale`: many deployments in flight on one worker process. Workflow code, activities, scrape, worker
 * options and Temporal server are real; cluster and registry are in memory, pods answer over HTTP from another process.
 * `--quick`: 10 and 100, short steps. `--sizes 10,100,1000`, `--json`.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { table } from '../world/numbers.ts';
import { type Measured, measure, type Profile } from './measure.ts';

// A start costs tenths of a second of CPU on worker and server together: more at once would only measure the queue.
// Steps half as long as those of the default ladder, and begun within minutes of each other: traffic is shifted more often
// than so many deployments do it in earnest.
const FULL: Profile = {
  stepMs: 300_000,
  lookMs: 10_000,
  windowMs: 60_000,
  startingAtOnce: 8,
  aborts: 50,
  abortEveryMs: 500,
  ends: 'aborted',
  isShifting: true,
};
const QUICK: Profile = {
  ...FULL,
  stepMs: 15_000,
  windowMs: 15_000,
  aborts: 20,
  abortEveryMs: 100,
  ends: 'promoted',
  isShifting: false,
};
const GOAL = { abortP99Ms: 1000, growth: 1.2 };

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    sizes: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const profile = values.quick ? QUICK : FULL;
const sizes = (values.sizes ?? (values.quick ? '10,100' : '10,100,1000')).split(',').map(Number);

const measured: Measured[] = [];
for (const size of sizes) {
  process.stderr.write(`${size} in flight\n`);
  measured.push(await measure(size, profile));
}

if (values.json) {
  process.stdout.write(`${JSON.stringify({ profile, measured }, undefined, 1)}\n`);
} else {
  print(measured);
}
// Times and CPU depend on the machine and are only told; how deployments end does not.
process.exit(measured.some(({ wrong }) => wrong.length > 0) ? 1 : 0);

function print(all: readonly Measured[]): void {
  const rows: readonly (readonly [string, (one: Measured) => string])[] = [
    ['in flight on one worker process', (one) => `${one.inFlight}`],
    ['CPU of the worker, ms a deployment-minute', (one) => one.cpuMsPerMinute.toFixed(1)],
    ['CPU of the worker, cores', (one) => one.workerCores.toFixed(2)],
    ['CPU of the Temporal server, cores', (one) => one.serverCores.toFixed(2)],
    ['memory of the worker, MB (RSS)', (one) => one.rssMb.toFixed(0)],
    ['abort -> undo begins, p50 ms', (one) => one.abortP50Ms.toFixed(0)],
    ['abort -> undo begins, p99 ms', (one) => one.abortP99Ms.toFixed(0)],
    ['abort -> undo begins, worst ms', (one) => one.abortMaxMs.toFixed(0)],
    ['CPU of the worker to the first watch, ms', (one) => one.startCpuMs.toFixed(0)],
    ['start -> first step watched, p50 ms', (one) => one.startP50Ms.toFixed(0)],
    ['start -> first step watched, p99 ms', (one) => one.startP99Ms.toFixed(0)],
    ['actions of a deployment, no heartbeats', (one) => (one.actions === 0 ? '-' : one.actions.toFixed(1))],
    ['history events of a deployment', (one) => (one.events === 0 ? '-' : one.events.toFixed(1))],
    ['wall time, s', (one) => one.wallS.toFixed(0)],
    ['deployments that ended wrongly', (one) => `${one.wrong.length}`],
  ];
  const { stepMs, lookMs, startingAtOnce, aborts, abortEveryMs } = profile;
  const server = 'Temporal dev server, in memory';
  const lines = [
    '',
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.versions.node}, ${server}.`,
    `5 steps and bake of ${stepMs / 1000} s each, looked at every ${lookMs / 1000} s, 3 metrics scraped from every pod,`,
    `observer heartbeat 30 s; ${startingAtOnce} start at a time; ${aborts} more are aborted, one each ${abortEveryMs} ms, while all run.`,
    '',
    table(rows.map(([name, cell]) => [name, ...all.map(cell)])),
    '',
    ...goals(all).map(({ goal, found, met }) => `${met ? 'met   ' : 'MISSED'}  ${goal}: ${found}`),
    ...all.flatMap(({ wrong }) => wrong.slice(0, 5).map((each) => `        ${each}`)),
    '',
  ];
  process.stdout.write(lines.join('\n'));
}

function goals(all: readonly Measured[]): { readonly goal: string; readonly found: string; readonly met: boolean }[] {
  const [first] = all;
  const last = all.at(-1);
  if (!first || !last) return [];
  const growth = last.cpuMsPerMinute / first.cpuMsPerMinute;
  const slowest = Math.max(...all.map(({ abortP99Ms }) => abortP99Ms));
  const wrong = all.reduce((sum, one) => sum + one.wrong.length, 0);
  return [
    {
      goal: `abort -> undo begins, p99 < ${GOAL.abortP99Ms} ms at every size`,
      found: `${slowest.toFixed(0)} ms`,
      met: slowest < GOAL.abortP99Ms,
    },
    {
      goal: `CPU of a deployment-minute does not grow from ${first.inFlight} to ${last.inFlight} in flight (x ${GOAL.growth} at most)`,
      found: `x ${growth.toFixed(2)}`,
      met: growth <= GOAL.growth,
    },
    {
      goal: `every deployment of ${last.inFlight} in flight ends as it should`,
      found: `${wrong} do not`,
      met: wrong === 0,
    },
  ];
}
