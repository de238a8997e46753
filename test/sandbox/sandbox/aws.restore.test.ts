import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeDBInstancesCommand, DescribeDBParametersCommand, RDSClient } from '@aws-sdk/client-rds';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLE_DATABASE } from '../../../src/sandbox/aws/example-company.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { sandboxEnvironment } from '../../../src/starters/sandbox/environment.ts';

let stateDir: string;
let sandbox: Sandbox;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'mainstay-sandbox-'));
  sandbox = await startSandbox({ stateDir, seed: false, database: true, aws: { clockFactor: 0.001 } });
});
afterAll(async () => {
  await sandbox?.close();
  await rm(stateDir, { recursive: true, force: true });
});

describe('a sandbox with AWS', () => {
  it('has the database of the company as an RDS instance, and tells how to reach it', async () => {
    const running = await sandbox.status();
    const environment = sandboxEnvironment(running);
    expect(environment).toMatchObject({ AWS_ENDPOINT_URL: sandbox.aws?.url, AWS_REGION: 'eu-central-1' });
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = environment;
    const rds = new RDSClient({
      endpoint: environment.AWS_ENDPOINT_URL,
      region: environment.AWS_REGION,
      credentials: { accessKeyId, secretAccessKey },
    });
    try {
      const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: EXAMPLE_DATABASE.instance });
      const { DBInstances: [instance] = [] } = await rds.send(asked);
      expect(instance).toMatchObject({ DBInstanceStatus: 'available', BackupRetentionPeriod: 7, EngineVersion: '18' });
      expect(instance?.LatestRestorableTime).toBeInstanceOf(Date);
      const url = new URL(running.database ?? '');
      expect(Number(url.port)).toBe(instance?.Endpoint?.Port);
      const group = { DBParameterGroupName: EXAMPLE_DATABASE.quarantineGroup, Source: 'user' };
      const { Parameters = [] } = await rds.send(new DescribeDBParametersCommand(group));
      const values = Object.fromEntries(
        Parameters.map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue]),
      );
      expect(values).toMatchObject({
        max_connections: '60',
        max_logical_replication_workers: '0',
        'cron.launch_active_jobs': 'off',
      });
    } finally {
      rds.destroy();
    }
    const client = new pg.Client({ connectionString: running.database });
    await client.connect();
    const { rows } = await client.query(`select current_setting('max_connections') n, current_database() d`);
    await client.end();
    expect(rows).toEqual([{ n: '60', d: 'crm' }]);
  });

  it('lists faults of AWS with the others', async () => {
    const { id } = await sandbox.faults.add({ kind: 'aws', mode: 'throttle', service: 'rds', count: 1 });
    expect(sandbox.faults.list().map((fault) => fault.id)).toEqual([id]);
    expect(await sandbox.faults.clear()).toBe(1);
    expect(sandbox.aws?.faults.list()).toEqual([]);
  });
});
