import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeStream } from '../../../src/activities/dumps/store-stream.ts';
import { createObjectStore } from '../../../src/clients/aws/object-store.ts';
import type { ObjectStore } from '../../../src/clients/aws/object-store-port.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';
import type { AwsFaultRule } from '../../../src/sandbox/aws/front/fault-rules.ts';
import { type SandboxAws, startSandboxAws } from '../../../src/sandbox/aws/start-aws.ts';
import { isMissing } from '../../harness/tools.ts';

const BUCKET = 'crm-backups';
const REGION = 'eu-central-1';
const MIB = 1024 * 1024;
const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 'b' };

describe.skipIf(isMissing('moto'))('a stream to S3', () => {
  let folder: string;
  let aws: SandboxAws;
  let store: ObjectStore;
  let sdk: S3Client;
  let faults: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-s3-'));
    aws = await startSandboxAws({ stateDir: folder, buckets: [{ name: BUCKET, region: REGION }] });
    store = createObjectStore(REGION, { endpoint: aws.url, credentials: CREDENTIALS });
    sdk = new S3Client({ region: REGION, endpoint: aws.url, credentials: CREDENTIALS, forcePathStyle: true });
    await store.list({ bucket: BUCKET, prefix: '' });
  });
  afterAll(async () => {
    sdk.destroy();
    await aws.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    for (const id of faults) aws.faults.clear(id);
    faults = [];
  });

  function fault(rule: AwsFaultRule): void {
    faults.push(aws.faults.add({ service: 's3', ...rule }).id);
  }

  async function unfinished(): Promise<number> {
    const found = await sdk.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    return found.Uploads?.length ?? 0;
  }

  function send(key: string, pieces: () => AsyncIterable<Uint8Array>, signal = AbortSignal.timeout(60_000)) {
    const tags = { 'mainstay:managed-by': 'mainstay', odd: 'a+b /c' };
    const contentType = 'application/octet-stream';
    return storeStream(pieces, {
      store,
      bucket: BUCKET,
      key,
      contentType,
      encryption: {},
      tags,
      signal,
      tell: () => undefined,
    });
  }

  it.each([
    { size: 'several parts', bytes: 36 * MIB + 17 },
    { size: 'one part', bytes: 1000 },
    { size: 'nothing', bytes: 0 },
  ])('of $size arrives whole, encrypted, with its tags', async ({ bytes }) => {
    const wanted = createHash('sha256');
    const key = `whole/${bytes}`;
    const stored = await send(key, () => noise(bytes, (piece) => wanted.update(piece)));
    expect(stored).toEqual({ region: REGION, bucket: BUCKET, key, bytes, sha256: wanted.digest('hex') });
    const seen = createHash('sha256');
    for await (const piece of (await store.read(stored)) as AsyncIterable<Buffer>) seen.update(piece);
    expect(seen.digest('hex')).toBe(stored.sha256);
    const head = await sdk.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }));
    expect(head.ServerSideEncryption).toBe('AES256');
    const tagging = await sdk.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: key }));
    expect(tagging.TagSet).toContainEqual({ Key: 'odd', Value: 'a+b /c' });
    expect(await unfinished()).toBe(0);
  });

  it('that is cancelled in the middle leaves no part and no object', async () => {
    const abort = new AbortController();
    const stopped = new Error('cancelled');
    const pieces = () => noise(60 * MIB, (_, sent) => (sent > 40 * MIB ? abort.abort(stopped) : undefined));
    await expect(send('cancelled', pieces, abort.signal)).rejects.toBe(stopped);
    expect(await unfinished()).toBe(0);
    expect(await store.head({ bucket: BUCKET, key: 'cancelled' })).toBeUndefined();
  });

  it('whose source fails leaves no part and no object, and tells of the source', async () => {
    const lost = new CodedError('Unavailable', 'the server went away');
    const pieces = () =>
      noise(60 * MIB, (_, sent) => {
        if (sent > 40 * MIB) throw lost;
      });
    await expect(send('broken', pieces)).rejects.toBe(lost);
    expect(await unfinished()).toBe(0);
    expect(await store.head({ bucket: BUCKET, key: 'broken' })).toBeUndefined();
  });

  it('gets over parts that are refused, and over a lost reply at the end', async () => {
    fault({ mode: 'error', operation: 'UploadPart', status: 503, code: 'SlowDown', count: 2 });
    fault({ mode: 'lostReply', operation: 'CompleteMultipartUpload', count: 1 });
    const stored = await send('faults', () => noise(36 * MIB));
    expect(stored.bytes).toBe(36 * MIB);
    expect(await store.head(stored)).toMatchObject({ bytes: 36 * MIB });
    expect(await unfinished()).toBe(0);
  });

  it('whose beginning lost its reply leaves no second upload', async () => {
    fault({ mode: 'lostReply', operation: 'CreateMultipartUpload', count: 1 });
    await send('begun-twice', () => noise(36 * MIB)).catch(() => undefined);
    await send('begun-twice', () => noise(36 * MIB));
    expect(await unfinished()).toBe(0);
  });

  it('gives up what a killed worker began under the same key, and nothing else', async () => {
    for (const Key of ['again', 'again-not-ours']) {
      const { UploadId } = await sdk.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
      await sdk.send(new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber: 1, Body: 'left' }));
    }
    expect(await store.abortUploads({ bucket: BUCKET, key: 'again' })).toBe(1);
    expect(await unfinished()).toBe(1);
    expect(await store.abortUploads({ bucket: BUCKET, key: 'again-not-ours' })).toBe(1);
  });
});

async function* noise(
  bytes: number,
  each: (piece: Buffer, sent: number) => unknown = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const block = randomBytes(MIB);
  for (let sent = 0; sent < bytes; ) {
    const piece = block.subarray(0, Math.min(MIB, bytes - sent));
    sent += piece.length;
    each(piece, sent);
    yield piece;
  }
}
