/**
 * `npm run bench:verify`: what a restore verification takes beyond the provider's own time. Temporal server, worker process,
 * RDS API and Postgres servers are real; the provider's times are those of `docs/sandbox.md`, shortened by a factor, and the
 * questions to it are shortened by the same. `--factor 0.1` (0.02 with `--quick`), `--runs 2`, `--json`.
 *
 * The provider is busy while the temporary instance is in another status than `available`, or has changes pending; an
 * observer of its own looks every 40 ms. Everything else is ours: waits for the next question, the checks, the workflow.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from '@temporalio/client';
import pg from 'pg';
import { parse, stringify } from 'yaml';
import type { BackupResult } from '../../src/core/model/backup-operation.ts';
import { TASK_QUEUES } from '../../src/core/model/names.ts';
import { awsEnvironment } from '../../src/sandbox/aws/aws-environment.ts';
import { EXAMPLE_REGION, startExampleAws } from '../../src/sandbox/aws/example-company.ts';
import { startDevServer, startWorkerProcess } from '../../test/harness/e2e/processes.ts';
import { loadTools } from '../../tools/setup/tools.mjs';
import { percentile, table } from '../world/numbers.ts';
import { watchBusy } from './watch-busy.ts';

const GOAL = 0.05;
/** The catalogue's default, in real time. */
const POLL_S = 15;
const KEEPER_QUESTION_S = 60;
const ROWS = 20_000;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    factor: { type: 'string' },
    runs: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const factor = Number(values.factor ?? (values.quick ? 0.02 : 0.1));
const runs = Number(values.runs ?? (values.quick ? 1 : 2));

interface Run {
  readonly outcome: string;
  readonly wallMs: number;
  readonly busyMs: number;
  readonly phases: Readonly<Record<string, number>>;
}

Object.assign(process.env, loadTools());
const measured = await measure();
if (values.json) process.stdout.write(`${JSON.stringify({ factor, measured }, undefined, 1)}\n`);
else print(measured);
// Times depend on the machine and are only told; that it passes and leaves nothing does not.
process.exit(measured.every(({ outcome }) => outcome === 'passed') ? 0 : 1);

async function measure(): Promise<readonly Run[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-bench-verify-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const { aws, databaseUrl } = await startExampleAws({ stateDir: join(folder, 'aws'), clockFactor: factor });
    stops.push(() => aws.close());
    await fill(databaseUrl);
    const server = await startDevServer(folder, []);
    stops.push(() => server.stop());
    const env = {
      ...awsEnvironment(aws.url, EXAMPLE_REGION),
      TEMPORAL_ADDRESS: server.address,
      MAINSTAY_CONFIG: await catalogueIn(folder),
      MAINSTAY_LEDGER: 'off',
      BENCH_CRM_URL: databaseUrl,
    };
    const worker = await startWorkerProcess({ folder, name: 'bench', namespace: 'default', server, env });
    stops.push(() => worker.stop());
    const client = new Client({ connection: server.connection });
    const backup = await execute(client, 'backUpDatabase', 'backup/demo/crm/bench');
    if (backup.outcome !== 'completed') throw new Error(`the backup ended ${backup.outcome}: ${backup.reason}`);
    const all: Run[] = [];
    for (let index = 0; index < runs; index += 1) {
      const busy = watchBusy(aws.url, EXAMPLE_REGION);
      const startedMs = Date.now();
      const result = await execute(client, 'verifyRestore', `verify-restore/demo/crm/${index}`);
      const wallMs = Date.now() - startedMs;
      const phases = Object.fromEntries(
        result.phases.map(({ name, startedAtMs, endedAtMs }) => [name, endedAtMs - startedAtMs]),
      );
      all.push({ outcome: result.outcome, wallMs, busyMs: await busy.stop(), phases });
      process.stderr.write(`  run ${index + 1}: ${result.outcome}, ${result.reason}\n`);
      await delay(500);
    }
    return all;
  } finally {
    for (const stop of stops.reverse())
      await stop().catch((error: unknown) => console.error(`while ending: ${String(error)}`));
  }
}

async function execute(client: Client, type: string, workflowId: string): Promise<BackupResult> {
  const args = [{ database: 'crm', environment: 'demo', requestedBy: 'benchmark' }];
  return (await client.workflow.execute(type, { taskQueue: TASK_QUEUES.main, workflowId, args })) as BackupResult;
}

async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create table orders as select n as id, md5(n::text) as note from generate_series(1, ${ROWS}) n`);
  await client.query('alter table orders add primary key (id)');
  await client.end();
}

async function catalogueIn(folder: string): Promise<string> {
  const example = parse(await readFile(new URL('../../examples/crm/mainstay.yaml', import.meta.url), 'utf8')) as {
    readonly databases: {
      readonly crm: { readonly environments: { readonly demo: { readonly verification: object } } };
    };
  } & Record<string, unknown>;
  const { environments, ...crm } = example.databases.crm;
  const ms = (seconds: number): string => `${Math.max(50, Math.round(seconds * 1000 * factor))}ms`;
  const verification = { ...environments.demo.verification, poll: ms(POLL_S), keeperQuestion: ms(KEEPER_QUESTION_S) };
  const demo = { ...environments.demo, verification, schedules: { backup: 'off', verification: 'off', dump: 'off' } };
  const catalogue = {
    ...example,
    databases: { crm: { ...crm, connection: 'env:BENCH_CRM_URL', environments: { demo } } },
  };
  const path = join(folder, 'mainstay.yaml');
  await writeFile(path, stringify(catalogue));
  return path;
}

function print(all: readonly Run[]): void {
  const s = (ms: number): string => (ms / 1000).toFixed(1);
  const share = (run: Run): number => (run.wallMs - run.busyMs) / run.busyMs;
  const names = [...new Set(all.flatMap(({ phases }) => Object.keys(phases)))];
  const rows = [
    ['', ...all.map((_none, index) => `run ${index + 1}`)],
    ['outcome', ...all.map(({ outcome }) => outcome)],
    ['whole workflow, s', ...all.map(({ wallMs }) => s(wallMs))],
    ['the provider busy, s', ...all.map(({ busyMs }) => s(busyMs))],
    ['overhead, s', ...all.map(({ wallMs, busyMs }) => s(wallMs - busyMs))],
    ['overhead, % of the provider', ...all.map((run) => (100 * share(run)).toFixed(1))],
    ...names.map((name) => [`  ${name}, s`, ...all.map(({ phases }) => s(phases[name] ?? 0))]),
  ];
  const median = percentile(all.map(share), 0.5);
  // With very short times the fixed part of ours, some seconds, outweighs everything: nothing is compared then.
  const isComparable = factor >= 0.1;
  const verdict = isComparable ? `${median <= GOAL ? 'met   ' : 'MISSED'}  ` : 'not compared (factor below 0.1)  ';
  const lines = [
    '',
    `RDS ${factor} times its real time, asked every ${(POLL_S * factor).toFixed(1)} s, ${ROWS} rows.`,
    '',
    table(rows),
    '',
    `${verdict}overhead <= ${100 * GOAL} % of the provider's own time: ${(100 * median).toFixed(1)} % (median)`,
    '',
  ];
  process.stdout.write(lines.join('\n'));
}
