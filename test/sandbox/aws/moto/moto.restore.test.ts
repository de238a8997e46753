import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, ListTopicsCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing, requireTool } from '../../../harness/tools.ts';
import { HERE, type MotoLab, s3At, settings, startLab } from './lab.ts';

const BUCKET = 'crm-backups';
const MIB = 1024 * 1024;
const run = promisify(execFile);

let folder: string;
let running: MotoLab;

describe.skipIf(isMissing('moto'))('moto behind the front', () => {
  let s3: ReturnType<typeof s3At>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-moto-'));
    running = await startLab({ folder, python: requireTool('moto') });
    s3 = s3At(running.url);
  });
  afterAll(async () => {
    s3?.destroy();
    await running?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('starts at the first request, and keeps objects', async () => {
    expect(running.moto.pid()).toBeUndefined();
    const location = { CreateBucketConfiguration: { LocationConstraint: HERE } } as const;
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET, ...location }));
    expect(running.moto.pid()).toBeGreaterThan(0);
    const Key = 'a b/ü+%/manifest.json';
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '{"rows":1}', Metadata: { sha256: 'x' } }));
    const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    expect([await got.Body?.transformToString(), got.Metadata]).toEqual(['{"rows":1}', { sha256: 'x' }]);
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'a b/' }));
    expect(listed.Contents?.map((object) => object.Key)).toEqual([Key]);
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    await expect(s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }))).rejects.toMatchObject({
      name: 'NotFound',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(s3.send(new GetObjectCommand({ Bucket: 'nobodys', Key }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it('takes a stream in parts and gives it back as it was', async () => {
    const hash = createHash('sha256');
    const chunks = function* (): Generator<Buffer> {
      for (let index = 0; index < 13; index++) {
        const chunk = Buffer.alloc(MIB, index);
        hash.update(chunk);
        yield chunk;
      }
    };
    const upload = new Upload({
      client: s3,
      params: { Bucket: BUCKET, Key: 'dump', Body: Readable.from(chunks()), ChecksumAlgorithm: 'SHA256' },
      partSize: 5 * MIB,
      queueSize: 2,
    });
    await upload.done();
    const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'dump' }));
    const back = createHash('sha256');
    for await (const chunk of got.Body as Readable) back.update(chunk as Buffer);
    expect(got.ContentLength).toBe(13 * MIB);
    expect(back.digest('hex')).toBe(hash.digest('hex'));
    const operations = running.log.list({ service: 's3' }).map(({ operation }) => operation);
    expect(operations.filter((name) => name === 'UploadPart')).toHaveLength(3);
    expect(operations).toEqual(expect.arrayContaining(['CreateMultipartUpload', 'CompleteMultipartUpload']));
  });

  it('finds the bucket in the host name as well', async () => {
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'by-host', Body: 'found' }));
    const scope = `AKIDTEST/20260101/${HERE}/s3/aws4_request`;
    const asking = request({
      host: '127.0.0.1',
      port: running.port,
      path: '/by-host',
      headers: {
        host: `${BUCKET}.s3.${HERE}.amazonaws.com`,
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      },
    });
    asking.end();
    const [reply] = (await once(asking, 'response')) as [Readable];
    expect(await text(reply)).toBe('found');
  });

  it('keeps secrets and topics, each region its own', async () => {
    const secrets = new SecretsManagerClient(settings(running.url));
    const here = new SNSClient(settings(running.url));
    const there = new SNSClient(settings(running.url, 'eu-west-1'));
    try {
      await secrets.send(new CreateSecretCommand({ Name: 'crm/master', SecretString: 'one' }));
      const ClientRequestToken = '01234567-89ab-cdef-0123-456789abcdef';
      const put = new PutSecretValueCommand({ SecretId: 'crm/master', SecretString: 'two', ClientRequestToken });
      expect((await secrets.send(put)).VersionId).toBe(ClientRequestToken);
      expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'crm/master' }))).SecretString).toBe('two');
      await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'nothing' }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
      const { TopicArn } = await here.send(new CreateTopicCommand({ Name: 'incidents' }));
      expect(TopicArn).toContain(`:${HERE}:`);
      expect((await here.send(new PublishCommand({ TopicArn, Message: 'a restore failed' }))).MessageId).toBeTruthy();
      expect((await there.send(new ListTopicsCommand({}))).Topics ?? []).toEqual([]);
    } finally {
      for (const client of [secrets, here, there]) client.destroy();
    }
  });

  it('plays IAM, STS, KMS, ECR, EC2, load balancers and builds', async () => {
    const script = fileURLToPath(new URL('../boto3/services_script.py', import.meta.url));
    const { stdout } = await run(requireTool('moto'), ['-W', 'ignore', script, running.url]);
    expect(JSON.parse(stdout)).toEqual({
      iam: ['Deny', 'NoSuchEntity'],
      sts: 12,
      kms: ['Enabled', 'NotFoundException'],
      ecr: ['crm-api', 'RepositoryNotFoundException'],
      ec2: ['quarantine', [], 'InvalidGroup.NotFound'],
      elbv2: ['crm', true],
      codebuild: ['crm-api', 'ResourceNotFoundException'],
    });
  });

  it('is struck by faults: throttled in the words of each service, and replies that are lost after their effect', async () => {
    const secrets = new SecretsManagerClient(settings(running.url));
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
    const exists = (Key: string) =>
      s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key })).then(
        () => true,
        () => false,
      );
    try {
      running.faults.add({ service: 's3', operation: 'PutObject', mode: 'throttle', count: 1 });
      await expect(put('slow')).rejects.toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
      expect(await exists('slow')).toBe(false);
      running.faults.add({ service: 'secretsmanager', mode: 'throttle', count: 1 });
      await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'x' }))).rejects.toMatchObject({
        name: 'ThrottlingException',
      });
      running.faults.add({ service: 's3', operation: 'PutObject', mode: 'lostReply', count: 1 });
      await expect(put('lost')).rejects.toThrow(/socket hang up|ECONNRESET/);
      expect(await exists('lost')).toBe(true);
      running.faults.add({ service: 's3', operation: 'UploadPart', mode: 'error', status: 500, skip: 1, count: 1 });
      const Body = Readable.from([Buffer.alloc(6 * MIB), Buffer.alloc(6 * MIB)]);
      const upload = new Upload({ client: s3, params: { Bucket: BUCKET, Key: 'half', Body }, queueSize: 1 });
      await expect(upload.done()).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
      expect(await exists('half')).toBe(false);
      // The library gives up what it began.
      const open = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
      expect(open.Uploads ?? []).toEqual([]);
    } finally {
      running.faults.clear();
      secrets.destroy();
    }
  });
});
