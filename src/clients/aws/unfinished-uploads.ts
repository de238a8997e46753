/** Parts that were sent and never put together: nobody sees them, and they cost money for ever. */
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { isCoded } from '../../errors/coded-error.ts';
import { callAws, requestOptions } from './connection.ts';

/** A part that was on its way may arrive after the first abort: looked at again, at most so often. */
const MOST_ROUNDS = 5;

/**
 * Gives up every upload of this very key that was begun and not ended; answers how many there were. Returns when none is
 * left. Throws what a call of S3 throws.
 */
export async function abortUploads(
  sdk: S3Client,
  region: string,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  signal?: AbortSignal,
): Promise<number> {
  const object = `s3://${bucket}/${key}`;
  const call = { service: 's3', object, region } as const;
  let aborted = 0;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const list = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key });
    const found = await callAws(
      { ...call, operation: 'ListMultipartUploads', write: false },
      () => sdk.send(list, requestOptions(signal)),
      signal,
    );
    const ours = (found.Uploads ?? []).filter((upload) => upload.Key === key && upload.UploadId !== undefined);
    if (ours.length === 0) return aborted;
    for (const { UploadId } of ours) {
      const abort = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId });
      try {
        await callAws(
          { ...call, operation: 'AbortMultipartUpload', write: true },
          () => sdk.send(abort, requestOptions(signal)),
          signal,
        );
        aborted += 1;
      } catch (error) {
        if (!isCoded(error, 'NotFound')) throw error;
      }
    }
  }
  return aborted;
}
