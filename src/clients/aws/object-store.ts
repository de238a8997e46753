import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { type AwsAddress, callerOf, requestOptions, sdkOptions, TRANSFER_WITHIN_MS } from './connection.ts';
import type { Encryption, ObjectStore, StoredObject } from './object-store-port.ts';
import { abortUploads } from './unfinished-uploads.ts';
import { uploadInParts } from './upload-in-parts.ts';

const MIB = 1024 * 1024;
/** A part can be sent again by itself; a stream of hours must not be lost to one 503. */
const PART_ATTEMPTS = 5;
const LARGEST_SMALL_OBJECT = 64 * MIB;
const MOST_LISTED = 100_000;

export function createObjectStore(region: string, address: AwsAddress = {}): ObjectStore {
  const isElsewhere = address.endpoint !== undefined || (process.env.AWS_ENDPOINT_URL ?? '') !== '';
  const options = { ...sdkOptions(region, address, TRANSFER_WITHIN_MS), forcePathStyle: isElsewhere };
  const sdk = new S3Client(options);
  const uploader = new S3Client({ ...options, maxAttempts: PART_ATTEMPTS });

  const ask = callerOf('s3', region);

  return {
    region,

    async put({ bucket, key, body, contentType, encryption, lockUntilMs }, signal) {
      const sha256 = createHash('sha256').update(body).digest('hex');
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: contentType,
        ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
        Metadata: { sha256 },
        ...encrypted(encryption),
        ...(lockUntilMs !== undefined && {
          ObjectLockMode: 'GOVERNANCE' as const,
          ObjectLockRetainUntilDate: new Date(lockUntilMs),
        }),
      });
      await ask('PutObject', `s3://${bucket}/${key}`, true, signal, () => sdk.send(command, requestOptions(signal)));
      return { bucket, key, bytes: body.length, sha256 };
    },

    async get({ bucket, key, sha256, maxBytes = LARGEST_SMALL_OBJECT }, signal) {
      const name = `s3://${bucket}/${key}`;
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      const bytes = await ask('GetObject', name, false, signal, async () => {
        const found = await sdk.send(command, requestOptions(signal));
        const stream = readableOf(found.Body, name);
        if (found.ContentLength !== undefined && found.ContentLength > maxBytes) {
          stream.destroy();
          throw tooLarge(name, found.ContentLength, maxBytes);
        }
        return readAll(stream, name, maxBytes);
      });
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (sha256 !== undefined && digest !== sha256) {
        throw new CodedError('BadResponse', `${name}: expected sha256 ${sha256}, found ${digest}: it was changed`);
      }
      return bytes;
    },

    async read({ bucket, key }, signal) {
      const name = `s3://${bucket}/${key}`;
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      const found = await ask('GetObject', name, false, signal, () => sdk.send(command, requestOptions(signal)));
      return readableOf(found.Body, name);
    },

    async upload({ bucket, key, body, contentType, encryption, tags, onProgress }, signal) {
      try {
        const { bytes, sha256 } = await uploadInParts(
          body as AsyncIterable<Uint8Array>,
          {
            sdk: uploader,
            region,
            object: {
              Bucket: bucket,
              Key: key,
              ContentType: contentType,
              ChecksumAlgorithm: 'SHA256',
              ...encrypted(encryption),
              ...(tags && { Tagging: new URLSearchParams(tags).toString() }),
            },
            onProgress,
          },
          signal,
        );
        return { bucket, key, bytes, sha256 };
      } finally {
        body.destroy();
      }
    },

    async head({ bucket, key }, signal) {
      const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
      try {
        const found = await ask('HeadObject', `s3://${bucket}/${key}`, false, signal, () =>
          sdk.send(command, requestOptions(signal)),
        );
        const sha256 = found.Metadata?.sha256;
        return {
          bucket,
          key,
          bytes: found.ContentLength ?? 0,
          ...(sha256 !== undefined && { sha256 }),
          ...(found.LastModified && { modifiedAtMs: found.LastModified.getTime() }),
        };
      } catch (error) {
        if (isCoded(error, 'NotFound')) return undefined;
        throw error;
      }
    },

    async list({ bucket, prefix }, signal) {
      const all: StoredObject[] = [];
      let token: string | undefined;
      do {
        const command = new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token !== undefined && { ContinuationToken: token }),
        });
        const page = await ask('ListObjectsV2', `s3://${bucket}/${prefix}*`, false, signal, () =>
          sdk.send(command, requestOptions(signal)),
        );
        for (const each of page.Contents ?? []) {
          all.push({
            bucket,
            key: each.Key ?? '',
            bytes: each.Size ?? 0,
            ...(each.LastModified && { modifiedAtMs: each.LastModified.getTime() }),
          });
        }
        token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (token !== undefined && all.length < MOST_LISTED);
      return all;
    },

    abortUploads: (object, signal) => abortUploads(sdk, region, object, signal),

    async remove({ bucket, key }, signal) {
      const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
      await ask('DeleteObject', `s3://${bucket}/${key}`, true, signal, () => sdk.send(command, requestOptions(signal)));
    },
  };
}

function encrypted({ kmsKeyId }: Encryption) {
  if (kmsKeyId === undefined) return { ServerSideEncryption: 'AES256' as const };
  return { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKeyId };
}

function readableOf(body: unknown, name: string): Readable {
  if (body instanceof Readable) return body;
  throw new CodedError('BadResponse', `${name}: expected a body, found none`);
}

async function readAll(stream: Readable, name: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(name, bytes, maxBytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string, bytes: number, maxBytes: number): CodedError {
  return new CodedError('BadResponse', `${name}: expected at most ${maxBytes} bytes, found ${bytes} or more`);
}
