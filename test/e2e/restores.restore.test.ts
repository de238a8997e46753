/** A backup, and its restore that is proven: as a person does it, with real servers and the worker in a process of its own. */
import { open, mkdtemp, rm, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { Client } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { awsEnvironment } from '../../src/sandbox/aws/aws-environment.ts';
import {
  EXAMPLE_DATABASE,
  EXAMPLE_REGION,
  type ExampleAws,
  startExampleAws,
} from '../../src/sandbox/aws/example-company.ts';
import { type CommandEnd, runMainstay } from '../harness/command-line.ts';
import { type DevServer, startDevServer, startWorkerProcess, type WorkerProcess } from '../harness/e2e/processes.ts';
import { isMissing } from '../harness/tools.ts';
import { until } from '../harness/until.ts';

const PAGE = 8192;
const WITHIN_MS = 60_000;
const SETUP = `
  create table customers (id int primary key, name text not null);
  create table orders (
    id bigint generated always as identity primary key,
    customer_id int not null references customers,
    note text not null
  );
  insert into customers select n, 'customer ' || n from generate_series(1, 500) n;
  insert into orders (customer_id, note) select 1 + n % 500, repeat(md5(n::text), 4) from generate_series(1, 5000) n;
  create index on orders (customer_id);
`;

const isSkipped = (['temporal', 'moto'] as const).some((name) => isMissing(name));

describe.skipIf(isSkipped)('a restore that is proven, end to end', () => {
  let folder: string;
  let example: ExampleAws;
  let server: DevServer;
  let client: Client;
  let worker: WorkerProcess;
  let rds: RDSClient;
  let env: Record<string, string>;
  /** Of the first test: nobody damaged it. */
  let sound = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-restores-'));
    [example, server] = await Promise.all([
      startExampleAws({ stateDir: join(folder, 'aws'), clockFactor: 0.002 }),
      startDevServer(folder, []),
    ]);
    const { aws, databaseUrl } = example;
    await query(databaseUrl, SETUP);
    const credentials = { accessKeyId: 'observer', secretAccessKey: 'x' };
    rds = new RDSClient({ region: EXAMPLE_REGION, endpoint: aws.url, credentials });
    client = new Client({ connection: server.connection });
    env = {
      ...awsEnvironment(aws.url, EXAMPLE_REGION),
      TEMPORAL_ADDRESS: server.address,
      MAINSTAY_CONFIG: await catalogueIn(folder),
      MAINSTAY_LEDGER: 'on',
      MAINSTAY_STATE_DIR: join(folder, 'state-restores'),
      MAINSTAY_BY: 'on-call engineer',
      TEST_CRM_URL: databaseUrl,
    };
    worker = await startWorkerProcess({ folder, name: 'restores', namespace: 'default', server, env });
  });
  afterAll(async () => {
    rds?.destroy();
    await worker?.stop();
    await server?.stop();
    await example?.aws.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('a backup is taken, and its restore passes, with a report and nothing left', async () => {
    mustEnd(await mainstay('backup', 'crm', '-e', 'demo'), 0);
    sound = await newestSnapshot();
    const end = await mainstay('verify-restore', 'crm', '-e', 'demo');
    mustEnd(end, 0);
    expect(end.stdout).toContain('PASS');
    expect(await instances()).toEqual([EXAMPLE_DATABASE.instance]);
    const report = await mainstay('report', 'crm', '-e', 'demo', '--backups', '--format', 'json');
    const { record } = JSON.parse(report.stdout) as {
      record: { verification: { verdict: string; checks: { kind: string; object: string; state: string }[] } };
    };
    expect(record.verification.verdict).toBe('PASS');
    expect(record.verification.checks).toContainEqual(
      expect.objectContaining({ kind: 'digest', object: 'public.orders', state: 'pass' }),
    );
    const page = join(folder, 'report.html');
    mustEnd(await mainstay('report', 'crm', '-e', 'demo', '--backups', '--format', 'html', '--output', page), 0);
    expect(await readFile(page, 'utf8')).toContain('<svg ');
    for (const id of await workflowIds()) expectNoPasswordIn(await historyOf(id));
    expectNoPasswordIn(worker.log() + JSON.stringify(record));
  });

  it('damage in the data directory of the snapshot is found and named', async () => {
    mustEnd(await mainstay('backup', 'crm', '-e', 'demo'), 0);
    const snapshot = await newestSnapshot();
    const rows = await query<{ path: string }>(example.databaseUrl, `select pg_relation_filepath('orders') as path`);
    await zeroPage(join(example.aws.snapshotFolder(EXAMPLE_REGION, snapshot), rows[0]?.path ?? ''), 3);
    const end = await mainstay('verify-restore', 'crm', '-e', 'demo', '--snapshot', snapshot);
    mustEnd(end, 30);
    expect(end.stdout).toMatch(/FAIL.*public\.orders/s);
    expect(await instances()).toEqual([EXAMPLE_DATABASE.instance]);
  });

  it.each([
    { by: 'terminated', how: (id: string) => client.workflow.getHandle(id).terminate('test') },
    { by: 'cancelled', how: (id: string) => client.workflow.getHandle(id).cancel() },
  ])('$by in its middle: the copy is deleted nevertheless, and the ledger knows', async ({ by, how }) => {
    const id = `verify-restore/demo/crm/${by}`;
    mustEnd(await mainstay('verify-restore', 'crm', '-e', 'demo', '--detach', '--workflow-id', id), 0);
    await untilCopyIsThere();
    await how(id);
    await untilNothingIsLeft();
    const told = await until(
      'the ledger to know of it',
      async () => {
        const end = await mainstay('report', id, '--backups', '--format', 'json');
        return end.code === 0 ? end.stdout : undefined;
      },
      WITHIN_MS,
    );
    const { record } = JSON.parse(told) as { record: { outcome: string; removed: { gone: boolean }[] } };
    expect(record.outcome).toBe(by === 'cancelled' ? 'aborted' : 'terminated');
    expect(record.removed.every(({ gone }) => gone)).toBe(true);
  });

  it('kill -9 of the worker in its middle: another one goes on, and nothing is left', async () => {
    const id = 'verify-restore/demo/crm/killed';
    const asked = ['verify-restore', 'crm', '-e', 'demo', '--snapshot', sound, '--detach', '--workflow-id', id];
    mustEnd(await mainstay(...asked), 0);
    await untilCopyIsThere();
    await worker.kill();
    await worker.start();
    const result = (await client.workflow.getHandle(id).result()) as { outcome: string };
    expect(result.outcome).toBe('passed');
    expect(await instances()).toEqual([EXAMPLE_DATABASE.instance]);
  });

  async function workflowIds(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { workflowId } of client.workflow.list()) ids.push(workflowId);
    expect(ids.length).toBeGreaterThan(2);
    return ids;
  }

  async function historyOf(id: string): Promise<string> {
    const history = await client.workflow.getHandle(id).fetchHistory();
    return JSON.stringify(history, (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    );
  }

  /** Of the source; those of the copy are derived and stand nowhere. */
  function expectNoPasswordIn(text: string): void {
    const password = decodeURIComponent(new URL(example.databaseUrl).password);
    expect(password.length).toBeGreaterThan(8);
    expect(text.length).toBeGreaterThan(100);
    expect(text.includes(password)).toBe(false);
    expect(text).not.toMatch(/postgres(ql)?:\/\/[^ "]*:[^ "]*@/);
  }

  function mainstay(...args: string[]): Promise<CommandEnd> {
    return runMainstay(args, env);
  }

  async function instances(): Promise<string[]> {
    const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}));
    return DBInstances.map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier);
  }

  async function untilCopyIsThere(): Promise<void> {
    await until('the copy to be made', async () => ((await instances()).length > 1 ? true : undefined), WITHIN_MS);
  }

  async function untilNothingIsLeft(): Promise<void> {
    await until('the copy to be gone', async () => ((await instances()).length === 1 ? true : undefined), WITHIN_MS);
  }

  async function newestSnapshot(): Promise<string> {
    const end = await mainstay('report', 'crm', '-e', 'demo', '--backups', '--format', 'json');
    const { record } = JSON.parse(end.stdout) as { record: { operation: string; source: { name: string } } };
    expect(record.operation).toBe('backUpDatabase');
    return record.source.name;
  }
});

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const one = new pg.Client({ connectionString: url });
  await one.connect();
  try {
    return (await one.query<Row>(text)).rows;
  } finally {
    await one.end();
  }
}

/** As a storage that lost a block: checksums of an empty page are right. */
async function zeroPage(file: string, page: number): Promise<void> {
  expect((await stat(file)).size).toBeGreaterThan((page + 2) * PAGE);
  const handle = await open(file, 'r+');
  try {
    await handle.write(Buffer.alloc(PAGE), 0, PAGE, page * PAGE);
  } finally {
    await handle.close();
  }
}

function mustEnd({ code, stdout, stderr }: CommandEnd, wanted: number): void {
  if (code !== wanted)
    throw new Error(`ended with ${code}, not ${wanted}: ${stdout.slice(-2000)}\n${stderr.slice(-1500)}`);
}

/** The example's database, whose connection is a variable here: there is no cluster. */
async function catalogueIn(folder: string): Promise<string> {
  const example = parse(await readFile(new URL('../../examples/crm/mainstay.yaml', import.meta.url), 'utf8')) as {
    readonly databases: { readonly crm: { readonly environments: { readonly demo: object } } };
  } & Record<string, unknown>;
  const { environments, ...crm } = example.databases.crm;
  const demo = { ...environments.demo, schedules: { backup: 'off', verification: 'off', dump: 'off' } };
  const catalogue = {
    ...example,
    databases: { crm: { ...crm, connection: 'env:TEST_CRM_URL', environments: { demo } } },
  };
  const path = join(folder, 'mainstay.yaml');
  await writeFile(path, stringify(catalogue));
  return path;
}
