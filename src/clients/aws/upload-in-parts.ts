/**
 * A stream of unknown length as one object. Our own, because the library for it goes on in the background when it is
 * cancelled: an upload that it begins a moment later is never given up by anybody.
 */
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { CodedError } from '../../errors/coded-error.ts';
import { callAws, requestOptions } from './connection.ts';

const MIB = 1024 * 1024;
/** Sizes of parts by their number: 10,000 parts of these are 793 GiB. */
const PART_SIZES = [
  { upTo: 2000, bytes: 16 * MIB },
  { upTo: 6000, bytes: 64 * MIB },
  { upTo: 10_000, bytes: 128 * MIB },
] as const;
/** Parts in flight: as many are held in memory. */
const PARTS_AT_ONCE = 3;

export interface PartsTarget {
  /** Repeats single requests by itself: a stream of hours must not be lost to one 503. */
  readonly sdk: S3Client;
  readonly region: string;
  /** Bucket, key, encryption, tags. */
  readonly object: Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'> & {
    readonly Bucket: string;
    readonly Key: string;
  };
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Ends when the object is whole; of a short stream it is made at once. When the stream or a part fails, or the signal
 * comes: every request has ended and the upload is given up before this throws.
 */
export async function uploadInParts(
  pieces: AsyncIterable<Uint8Array>,
  target: PartsTarget,
  signal?: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      signal?.throwIfAborted();
      hash.update(piece);
      bytes += piece.length;
      target.onProgress?.(bytes);
      yield piece;
    }
  }
  const parts = inParts(counted());
  const first = await parts.next();
  if (first.done === true) throw new Error('a stream has at least one part');
  const second = await parts.next();
  if (second.done === true) await putWhole(target, first.value, signal);
  else await sendParts(target, chained([first.value, second.value], parts), signal);
  return { bytes, sha256: hash.digest('hex') };
}

/** Pieces joined to parts; at least one, which may be empty. */
async function* inParts(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  for await (const piece of pieces) {
    held.push(piece);
    length += piece.length;
    for (let size = sizeOf(number); length > size; size = sizeOf(number)) {
      const all = Buffer.concat(held, length);
      yield all.subarray(0, size);
      number += 1;
      // A copy: the part is on its way while this is added to.
      held = [Buffer.from(all.subarray(size))];
      length -= size;
    }
  }
  if (length > 0 || number === 1) yield Buffer.concat(held, length);
}

function sizeOf(number: number): number {
  const found = PART_SIZES.find(({ upTo }) => number <= upTo);
  if (found) return found.bytes;
  throw new CodedError('PreconditionFailed', 'upload: expected at most 10,000 parts (793 GiB), found more');
}

async function* chained(
  begin: readonly Buffer[],
  rest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  yield* begin;
  yield* rest;
}

async function putWhole(target: PartsTarget, body: Buffer, signal: AbortSignal | undefined): Promise<void> {
  const { sdk, object } = target;
  const { ChecksumAlgorithm: _algorithm, ...rest } = object;
  const command = new PutObjectCommand({ ...rest, Body: body, ChecksumSHA256: checksumOf(body) });
  await ask(target, 'PutObject', () => sdk.send(command, requestOptions(signal)), signal);
}

async function sendParts(
  target: PartsTarget,
  parts: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { sdk, object } = target;
  const { Bucket, Key } = object;
  // Not cancelled in its middle: an upload whose name nobody heard could not be given up.
  const begun = await ask(target, 'CreateMultipartUpload', () => sdk.send(new CreateMultipartUploadCommand(object)));
  const { UploadId } = begun;
  if (UploadId === undefined)
    throw new CodedError('BadResponse', `s3://${Bucket}/${Key}: expected an upload id, found none`);
  const done: CompletedPart[] = [];
  const flying = new Set<Promise<void>>();
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  let failure: { readonly error: unknown } | undefined;

  const send = async (body: Buffer, PartNumber: number): Promise<void> => {
    const ChecksumSHA256 = checksumOf(body);
    const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: body, ChecksumSHA256 });
    const sent = await ask(target, 'UploadPart', () => sdk.send(command, requestOptions(both)), both);
    done.push({ PartNumber, ETag: sent.ETag, ChecksumSHA256 });
  };
  try {
    let number = 0;
    for await (const body of parts) {
      number += 1;
      const flight = send(body, number)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => flying.delete(flight));
      flying.add(flight);
      if (flying.size >= PARTS_AT_ONCE) await Promise.race(flying);
      if (failure) throw failure.error;
    }
    await Promise.all(flying);
    if (failure) throw failure.error;
    signal?.throwIfAborted();
    const Parts = done.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const command = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
    await ask(target, 'CompleteMultipartUpload', () => sdk.send(command));
  } catch (error) {
    stop.abort();
    await Promise.all(flying);
    // What remains is looked for again by whoever begins the next upload of this key.
    await sdk.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined);
    throw error;
  }
}

function ask<T>(
  { region, object }: PartsTarget,
  operation: string,
  run: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const name = `s3://${object.Bucket}/${object.Key}`;
  return callAws({ service: 's3', operation, object: name, region, write: true }, run, signal);
}

function checksumOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64');
}
