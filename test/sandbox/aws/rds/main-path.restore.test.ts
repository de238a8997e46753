import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CopyDBSnapshotCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  DescribeExportTasksCommand,
  type DBInstance,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
  StartExportTaskCommand,
} from '@aws-sdk/client-rds';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsBackend } from '../../../../src/sandbox/aws/front/handler.ts';
import { type SandboxAws, startSandboxAws } from '../../../../src/sandbox/aws/start-aws.ts';
import { until } from '../../../harness/until.ts';

const HERE = 'eu-central-1';
const THERE = 'eu-west-1';
const PASSWORD = 'correct-horse-battery';

let stateDir: string;
let aws: SandboxAws;
let rds: RDSClient;
let there: RDSClient;
let url: string;
const problems: string[] = [];
const objects = new Map<string, string>();

/** Buckets that keep what is put into them. */
const s3: AwsBackend = {
  async handle({ method, path, stream, body }) {
    const chunks: Buffer[] = [body];
    if (stream) for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    if (method === 'PUT') objects.set(decodeURIComponent(path), Buffer.concat(chunks).toString());
    return { status: path.startsWith('/nowhere') ? 404 : 200, headers: {}, body: '' };
  },
  close: async () => undefined,
};

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'mainstay-rds-'));
  aws = await startSandboxAws({
    stateDir,
    clockFactor: 0.0005,
    logUploadMs: 500,
    backends: { s3 },
    reportProblem: (part, { message }) => problems.push(`${part}: ${message}`),
  });
  const settings = { endpoint: aws.url, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 };
  rds = new RDSClient({ ...settings, region: HERE });
  there = new RDSClient({ ...settings, region: THERE });
  for (const region of [HERE, THERE]) {
    const family = 'postgres18';
    await aws.seedParameterGroup({
      region,
      name: 'crm',
      family,
      parameters: { work_mem: '5000', max_connections: '40' },
    });
    const parameters = {
      work_mem: '5000',
      max_connections: '40',
      max_logical_replication_workers: '0',
      'cron.launch_active_jobs': 'off',
    };
    await aws.seedParameterGroup({ region, name: 'quarantine', family, parameters });
  }
  ({ url } = await aws.seedDatabase({
    region: HERE,
    identifier: 'crm',
    engineVersion: '18.4',
    databaseName: 'crm',
    masterUsername: 'crm',
    masterPassword: PASSWORD,
    backupRetentionDays: 1,
    parameterGroup: 'crm',
    tags: { env: 'prod' },
  }));
  await query(url, 'create table orders (id int primary key, note text); create unlogged table scratch (id int)');
  await query(url, `insert into orders select n, 'order ' || n from generate_series(1, 100) n`);
});
afterAll(async () => {
  rds?.destroy();
  there?.destroy();
  await aws?.close();
  await rm(stateDir, { recursive: true, force: true });
});

async function query(at: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: at, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

function urlOf({ Endpoint }: DBInstance, password = PASSWORD): string {
  return `postgres://crm:${password}@${Endpoint?.Address}:${Endpoint?.Port}/crm`;
}

const count = async (at: string): Promise<unknown> => (await query(at, 'select count(*)::int n from orders'))[0]?.n;

async function instance(name: string, client = rds): Promise<DBInstance> {
  const { DBInstances: [found] = [] } = await client.send(
    new DescribeDBInstancesCommand({ DBInstanceIdentifier: name }),
  );
  if (!found) throw new Error(`no ${name}`);
  return found;
}

function ready(name: string, client = rds): Promise<DBInstance> {
  return until(
    `${name} is available`,
    async () => {
      const found = await instance(name, client);
      if (found.DBInstanceStatus === 'restore-error') throw new Error(problems.join('\n'));
      return found.DBInstanceStatus === 'available' ? found : undefined;
    },
    60_000,
  );
}

async function snapshotReady(name: string, client = rds): Promise<void> {
  await until(
    `${name} is available`,
    async () => {
      const { DBSnapshots: [found] = [] } = await client.send(
        new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: name }),
      );
      return found?.Status === 'available' ? true : undefined;
    },
    60_000,
  );
}

async function remove(name: string, client = rds): Promise<void> {
  await client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: name, SkipFinalSnapshot: true }));
  await until(`${name} is gone`, async () => {
    const failed = await instance(name, client).catch((error: unknown) => error);
    return failed instanceof Error && failed.name === 'DBInstanceNotFoundFault' ? true : undefined;
  });
}

describe('RDS on real servers', () => {
  it('restores a snapshot into a quarantine, with the password of its source until it is changed', async () => {
    await rds.send(new CreateDBSnapshotCommand({ DBSnapshotIdentifier: 'nightly', DBInstanceIdentifier: 'crm' }));
    await snapshotReady('nightly');
    await query(url, `insert into orders values (101, 'after the snapshot')`);
    await rds.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: 'copy',
        DBSnapshotIdentifier: 'nightly',
        DBParameterGroupName: 'quarantine',
        VpcSecurityGroupIds: ['sg-0quarantine'],
        BackupRetentionPeriod: 0,
        Tags: [{ Key: 'mainstay:purpose', Value: 'temporary' }],
      }),
    );
    const copy = await ready('copy');
    expect(await count(urlOf(copy))).toBe(100);
    const [settings] = await query(
      urlOf(copy),
      `select current_setting('max_logical_replication_workers') a, current_setting('cron.launch_active_jobs') b,
        current_setting('work_mem') c, current_setting('archive_mode') d, pg_is_in_recovery() e`,
    );
    expect(settings).toEqual({ a: '0', b: 'off', c: '5000kB', d: 'off', e: false });
    const id = { DBInstanceIdentifier: 'copy', MasterUserPassword: 'one-for-the-copy' };
    await rds.send(new ModifyDBInstanceCommand(id));
    await until('the new password', async () =>
      Object.keys((await instance('copy')).PendingModifiedValues ?? {}).length === 0 ? true : undefined,
    );
    await expect(count(urlOf(copy))).rejects.toThrow('password authentication failed');
    expect(await count(urlOf(copy, 'one-for-the-copy'))).toBe(100);
    await remove('copy');
    await expect(count(urlOf(copy, 'one-for-the-copy'))).rejects.toThrow();
  });

  it('restores to a point in time, to the transaction', async () => {
    await query(url, `insert into orders values (102, 'before')`);
    const [row] = await query(url, 'select clock_timestamp() now');
    const wanted = row?.now as Date;
    await query(url, `insert into orders values (103, 'after')`);
    await until('the log up to it', async () => {
      const { LatestRestorableTime: latest } = await instance('crm');
      return latest && latest > wanted ? true : undefined;
    });
    await rds.send(
      new RestoreDBInstanceToPointInTimeCommand({
        TargetDBInstanceIdentifier: 'then',
        SourceDBInstanceIdentifier: 'crm',
        RestoreTime: wanted,
        BackupRetentionPeriod: 0,
        DBParameterGroupName: 'quarantine',
      }),
    );
    const then = await ready('then');
    const ids = (await query(urlOf(then), 'select id from orders where id > 100 order by 1')).map(({ id }) => id);
    expect(ids).toEqual([101, 102]);
    await remove('then');
  });

  it('replicates, promotes, and both write on', async () => {
    await rds.send(
      new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier: 'replica', SourceDBInstanceIdentifier: 'crm' }),
    );
    const replica = await ready('replica');
    await query(url, `insert into orders values (104, 'streamed')`);
    await until('the row on the replica', async () =>
      (await count(urlOf(replica))) === (await count(url)) ? true : undefined,
    );
    await expect(query(urlOf(replica), `insert into orders values (105, 'refused')`)).rejects.toThrow('read-only');
    await rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'replica', BackupRetentionPeriod: 0 }));
    await until('promoted', async () =>
      (await instance('replica')).ReadReplicaSourceDBInstanceIdentifier === undefined ? true : undefined,
    );
    const promoted = await ready('replica');
    await query(urlOf(promoted), `insert into orders values (105, 'on its own')`);
    await query(url, `insert into orders values (106, 'the other writer')`);
    await remove('replica');
  });

  it('copies into another region, and restores there', async () => {
    await there.send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: `arn:aws:rds:${HERE}:123456789012:snapshot:nightly`,
        TargetDBSnapshotIdentifier: 'nightly-copy',
        KmsKeyId: 'alias/there',
      }),
    );
    await snapshotReady('nightly-copy', there);
    const wanted = { DBInstanceIdentifier: 'far', DBSnapshotIdentifier: 'nightly-copy', BackupRetentionPeriod: 0 };
    await there.send(new RestoreDBInstanceFromDBSnapshotCommand(wanted));
    expect(await count(urlOf(await ready('far', there)))).toBe(100);
    await remove('far', there);
  });

  it('exports tables to S3, and says which it left out', async () => {
    const task = {
      ExportTaskIdentifier: 'archive-1',
      SourceArn: `arn:aws:rds:${HERE}:123456789012:snapshot:nightly`,
      IamRoleArn: 'arn:aws:iam::123456789012:role/export',
      KmsKeyId: 'alias/here',
      S3Prefix: 'archive',
    };
    const nowhere = rds.send(new StartExportTaskCommand({ ...task, S3BucketName: 'nowhere' }));
    await expect(nowhere).rejects.toMatchObject({ Code: 'InvalidS3BucketFault' });
    const started = await rds.send(new StartExportTaskCommand({ ...task, S3BucketName: 'backups' }));
    expect(started.Status).toBe('STARTING');
    const done = await until(
      'the export',
      async () => {
        const { ExportTasks: [seen] = [] } = await rds.send(
          new DescribeExportTasksCommand({ ExportTaskIdentifier: 'archive-1' }),
        );
        if (seen?.Status === 'FAILED') throw new Error(seen.FailureCause);
        return seen?.Status === 'COMPLETE' ? seen : undefined;
      },
      60_000,
    );
    expect(done.PercentProgress).toBe(100);
    expect(done.WarningMessage).toBe('Skipped: crm.public.scratch (unlogged)');
    const part = objects.get('/backups/archive/archive-1/crm/public.orders/1/part-00000.jsonl') ?? '';
    expect(part.trimEnd().split('\n')).toHaveLength(100);
    expect(JSON.parse(part.split('\n')[0] ?? '')).toEqual({ id: 1, note: 'order 1' });
    expect([...objects.keys()].filter((key) => key.endsWith('.json'))).toHaveLength(2);
    const again = rds.send(new StartExportTaskCommand({ ...task, S3BucketName: 'backups' }));
    await expect(again).rejects.toMatchObject({ Code: 'ExportTaskAlreadyExists' });
  });

  it('had no problems it kept to itself', () => {
    expect(problems).toEqual([]);
  });
});
