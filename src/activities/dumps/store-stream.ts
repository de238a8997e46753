/** A stream that becomes one object in S3, or nothing: shared by dumps of databases and copies of caches. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Encryption, ObjectStore } from '../../clients/aws/object-store-port.ts';
import type { ObjectReference } from '../../core/model/backup.ts';
import { isCoded } from '../../errors/coded-error.ts';

export interface StoreStream {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly encryption: Encryption;
  readonly tags: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Told the bytes that came from the source. */
  readonly tell: (bytes: number) => void;
}

/** How long what was begun is given up when the activity itself has no time left. */
const CLEAN_UP_LIMIT_MS = 30_000;

/**
 * Uploads the pieces. First gives up what an earlier attempt left under the key; when it fails or is cancelled, no part
 * is left either, and the error of the source goes before that of the upload. A reply that was lost at the very end is
 * looked for: an object of the same length, whose bytes are compared later, is ours.
 */
export async function storeStream(
  pieces: () => AsyncIterable<Uint8Array>,
  { store, bucket, key, contentType, encryption, tags, signal, tell }: StoreStream,
): Promise<ObjectReference> {
  await store.abortUploads({ bucket, key }, signal);
  const hash = createHash('sha256');
  const source = { bytes: 0, isWhole: false, failure: undefined as Error | undefined };
  async function* watched(): AsyncGenerator<Uint8Array, void, undefined> {
    const from = pieces()[Symbol.asyncIterator]();
    try {
      for (;;) {
        // What is thrown while a piece is handed on comes from the other side.
        const next = await from.next().catch((error: unknown) => {
          source.failure = error instanceof Error ? error : new Error(String(error));
          throw error;
        });
        if (next.done === true) break;
        hash.update(next.value);
        source.bytes += next.value.length;
        tell(source.bytes);
        yield next.value;
      }
      source.isWhole = true;
    } finally {
      await from.return?.();
    }
  }
  const startedAtMs = Date.now();
  const body = Readable.from(watched(), { objectMode: false });
  try {
    await store.upload({ bucket, key, body, contentType, encryption, tags }, signal);
  } catch (error) {
    await giveUp(store, { bucket, key });
    signal.throwIfAborted();
    if (source.failure !== undefined) throw source.failure;
    const isThere = source.isWhole && (await isWritten(store, { bucket, key }, source.bytes, startedAtMs, signal));
    if (!isThere) throw error;
  }
  return { region: store.region, bucket, key, bytes: source.bytes, sha256: hash.digest('hex') };
}

async function isWritten(
  store: ObjectStore,
  object: { readonly bucket: string; readonly key: string },
  bytes: number,
  sinceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await store.head(object, signal).catch(() => undefined);
  // Clocks differ, and S3 tells whole seconds.
  return found?.bytes === bytes && (found.modifiedAtMs ?? 0) >= sinceMs - 60_000;
}

/** Without the signal of the activity: it is what remains to be done when that has come. The next attempt looks again. */
async function giveUp(store: ObjectStore, object: { readonly bucket: string; readonly key: string }): Promise<void> {
  await store.abortUploads(object, AbortSignal.timeout(CLEAN_UP_LIMIT_MS)).catch(() => undefined);
}

/** The JSON of a small object beside; undefined when it is not there, or is no JSON. */
export async function readJson<T>(
  store: ObjectStore,
  object: { readonly bucket: string; readonly key: string },
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return JSON.parse((await store.get(object, signal)).toString('utf8')) as T;
  } catch (error) {
    if (isCoded(error, 'NotFound') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function writeJson(
  store: ObjectStore,
  object: { readonly bucket: string; readonly key: string; readonly encryption: Encryption },
  value: unknown,
  signal: AbortSignal,
): Promise<ObjectReference> {
  const body = Buffer.from(JSON.stringify(value));
  const written = await store.put({ ...object, body, contentType: 'application/json' }, signal);
  const { bucket, key, bytes, sha256 } = written;
  return { region: store.region, bucket, key, bytes, sha256 };
}
