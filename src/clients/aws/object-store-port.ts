/** Objects in S3. One store is one region. */
import type { Readable } from 'node:stream';

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  /** Hexadecimal; of what we wrote it is always there. */
  readonly sha256?: string;
  readonly modifiedAtMs?: number;
}

/** At rest: `aws:kms` with a key, else `AES256`. */
export interface Encryption {
  readonly kmsKeyId?: string;
}

/**
 * Every call may throw a CodedError: Throttled, Unavailable, Timeout, Forbidden, InvalidInput, NotFound (a bucket, an
 * object), OutcomeUnknown (a write), BadResponse.
 */
export interface ObjectStore {
  readonly region: string;
  /**
   * A small object, at once. With `lockUntilMs` it cannot be deleted before (object lock, mode governance); a bucket
   * without object lock throws PreconditionFailed of the kind `noObjectLock`.
   */
  put(
    object: {
      readonly bucket: string;
      readonly key: string;
      readonly body: Buffer;
      readonly contentType: string;
      readonly encryption: Encryption;
      readonly lockUntilMs?: number;
    },
    signal?: AbortSignal,
  ): Promise<StoredObject & { readonly sha256: string }>;
  /**
   * A whole object of at most `maxBytes` (default 64 MiB).
   *
   * @throws CodedError BadResponse when its digest is not `sha256`, or when it is larger
   */
  get(
    object: { readonly bucket: string; readonly key: string; readonly sha256?: string; readonly maxBytes?: number },
    signal?: AbortSignal,
  ): Promise<Buffer>;
  /** An object of any size, to be read to its end or destroyed. */
  read(object: { readonly bucket: string; readonly key: string }, signal?: AbortSignal): Promise<Readable>;
  /**
   * A stream of unknown length, in parts of 16 MiB (more after 32 GB), each with its checksum; parts are sent again on their own. Nothing
   * is left behind when it fails or is cancelled. `onProgress` is told the bytes that were taken.
   */
  upload(
    object: {
      readonly bucket: string;
      readonly key: string;
      readonly body: Readable;
      readonly contentType: string;
      readonly encryption: Encryption;
      readonly tags?: Readonly<Record<string, string>>;
      readonly onProgress?: (bytes: number) => void;
    },
    signal?: AbortSignal,
  ): Promise<StoredObject & { readonly sha256: string }>;
  head(
    object: { readonly bucket: string; readonly key: string },
    signal?: AbortSignal,
  ): Promise<StoredObject | undefined>;
  list(
    where: { readonly bucket: string; readonly prefix: string },
    signal?: AbortSignal,
  ): Promise<readonly StoredObject[]>;
  /**
   * Gives up the uploads of this key that were begun and never ended, such as those of a worker that was killed; answers
   * how many. Returns when none is left.
   */
  abortUploads(object: { readonly bucket: string; readonly key: string }, signal?: AbortSignal): Promise<number>;
  /** Of an object that is not there, too. */
  remove(object: { readonly bucket: string; readonly key: string }, signal?: AbortSignal): Promise<void>;
}
