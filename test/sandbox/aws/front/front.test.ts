import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AwsBackend, AwsRequest } from '../../../../src/sandbox/aws/front/handler.ts';
import { until } from '../../../harness/until.ts';
import { codeOf, HERE, type RdsLab, startRdsLab } from '../rds/api/rds-lab.ts';

let lab: RdsLab;
const received: Pick<AwsRequest, 'service' | 'region' | 'operation'>[] = [];
/** Answers every other service with nothing. */
const other: AwsBackend = {
  handle: async (request) => {
    const chunks: Buffer[] = [request.body];
    if (request.stream) for await (const chunk of request.stream as AsyncIterable<Buffer>) chunks.push(chunk);
    const { service, region, operation } = request;
    received.push({ service, region, operation });
    const isJson = request.headers['x-amz-target'] !== undefined;
    const body = isJson ? '{"SecretString":"found"}' : '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>';
    return {
      status: 200,
      headers: { 'content-type': isJson ? 'application/x-amz-json-1.1' : 'application/xml' },
      body,
    };
  },
  close: async () => undefined,
};

beforeAll(async () => {
  lab = await startRdsLab({ backends: { default: other } });
  await lab.seed('crm');
});
afterAll(() => lab?.close());
afterEach(() => {
  lab.aws.faults.clear();
  lab.aws.log.clear();
});

const describeAll = () => lab.rds.send(new DescribeDBInstancesCommand({}));
const settings = () => ({
  endpoint: lab.aws.url,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIDOTHER', secretAccessKey: 'x' },
  maxAttempts: 1,
});

describe('the front', () => {
  it('reads service and region from the signature, and keeps a log', async () => {
    const secrets = new SecretsManagerClient(settings());
    const s3 = new S3Client({ ...settings(), forcePathStyle: true });
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'x' }))).SecretString).toBe('found');
    await s3.send(new ListBucketsCommand({}));
    await describeAll();
    secrets.destroy();
    s3.destroy();
    expect(received).toEqual([
      { service: 'secretsmanager', region: 'eu-west-1', operation: 'GetSecretValue' },
      { service: 's3', region: 'eu-west-1', operation: 'ListBuckets' },
    ]);
    const seen = lab.aws.log
      .list()
      .map(({ service, operation, accessKeyId, status }) => [service, operation, accessKeyId, status]);
    expect(seen).toEqual([
      ['secretsmanager', 'GetSecretValue', 'AKIDOTHER', 200],
      ['s3', 'ListBuckets', 'AKIDOTHER', 200],
      ['rds', 'DescribeDBInstances', 'AKIDTEST', 200],
    ]);
    expect(lab.aws.log.list({ service: 'rds' })[0]?.userAgent).toContain('aws-sdk-js');
  });

  it('takes any key, and refuses a request without one', async () => {
    const missing = await fetch(lab.aws.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=DescribeDBInstances',
    });
    expect(missing.status).toBe(403);
    expect(await missing.text()).toContain('<Code>MissingAuthenticationToken</Code>');
    const malformed = await fetch(lab.aws.url, { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a/b' } });
    expect(malformed.status).toBe(400);
    const presigned = await fetch(
      `${lab.aws.url}/?Action=DescribeAccountAttributes&X-Amz-Credential=AKID%2F20261121%2F${HERE}%2Frds%2Faws4_request`,
    );
    expect(presigned.status).toBe(200);
    expect(await presigned.text()).toContain('<AccountQuotaName>DBInstances</AccountQuotaName>');
  });

  it('says InvalidAction of what it does not have', async () => {
    const authorization = `AWS4-HMAC-SHA256 Credential=AKID/20261121/${HERE}/rds/aws4_request, SignedHeaders=host, Signature=0`;
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(lab.aws.url, {
      method: 'POST',
      headers,
      body: 'Action=CreateDBCluster&Version=2014-10-31',
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>InvalidAction</Code>');
  });
});

describe('faults', () => {
  it('throttle in the words of each service', async () => {
    lab.aws.faults.add({ mode: 'throttle', count: 3 });
    expect(await codeOf(describeAll())).toBe('Throttling');
    const secrets = new SecretsManagerClient(settings());
    const s3 = new S3Client({ ...settings(), forcePathStyle: true });
    expect(await codeOf(secrets.send(new GetSecretValueCommand({ SecretId: 'x' })))).toBe('ThrottlingException');
    expect(await codeOf(s3.send(new ListBucketsCommand({})))).toBe('SlowDown');
    secrets.destroy();
    s3.destroy();
    await describeAll();
    expect(lab.aws.faults.list()).toEqual([]);
  });

  it('strike one operation, after some that pass, so many times', async () => {
    lab.aws.faults.add({
      mode: 'error',
      service: 'rds',
      operation: 'DescribeDBInstances',
      region: HERE,
      skip: 1,
      count: 1,
    });
    await describeAll();
    await lab.there.send(new DescribeDBInstancesCommand({}));
    const failed = await describeAll().catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
    await describeAll();
  });

  it('lose the reply of what was done', async () => {
    await lab.rds.send(new CreateDBSnapshotCommand({ DBSnapshotIdentifier: 's', DBInstanceIdentifier: 'crm' }));
    await lab.snapshotReady('s');
    lab.aws.faults.add({ mode: 'lostReply', operation: 'RestoreDBInstanceFromDBSnapshot', count: 1 });
    const restore = () =>
      lab.rds.send(
        new RestoreDBInstanceFromDBSnapshotCommand({
          DBInstanceIdentifier: 'copy',
          DBSnapshotIdentifier: 's',
          Tags: [{ Key: 'mainstay:operation', Value: 'verify-restore/x' }],
        }),
      );
    const lost = await restore().catch((error: unknown) => error);
    expect((lost as { readonly code?: string }).code).toBe('ECONNRESET');
    expect(lab.aws.log.list({ operation: 'RestoreDBInstanceFromDBSnapshot' })[0]?.status).toBe(0);
    expect(await codeOf(restore())).toBe('DBInstanceAlreadyExists');
    expect((await lab.instance('copy')).TagList).toEqual([{ Key: 'mainstay:operation', Value: 'verify-restore/x' }]);
    await lab.ready('copy');
  });

  it('delay, and strike by chance', async () => {
    lab.aws.faults.add({ mode: 'delay', delayMs: 150, count: 1 });
    const started = performance.now();
    await describeAll();
    expect(performance.now() - started).toBeGreaterThanOrEqual(149);
    lab.aws.faults.add({ mode: 'error', probability: 0 });
    await describeAll();
  });

  it('keep a status, or lie about it', async () => {
    const fault = lab.aws.faults.add({ mode: 'stuckStatus', identifier: 'stuck', status: 'creating' });
    await lab.rds.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: 'stuck',
        DBSnapshotIdentifier: 's',
        BackupRetentionPeriod: 0,
      }),
    );
    await lab.rds.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: 'moves',
        DBSnapshotIdentifier: 's',
        BackupRetentionPeriod: 0,
      }),
    );
    await lab.ready('moves');
    expect(await lab.status('stuck')).toBe('creating');
    lab.aws.faults.clear(fault.id);
    await lab.ready('stuck');
    lab.aws.faults.add({ mode: 'lyingStatus', identifier: 'moves', status: 'storage-full', count: 2 });
    expect(await lab.status('moves')).toBe('storage-full');
    expect(await lab.status('moves')).toBe('storage-full');
    await until('the truth', async () => ((await lab.status('moves')) === 'available' ? true : undefined));
  });
});
