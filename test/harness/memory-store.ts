import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ObjectStore } from '../../src/clients/aws/object-store-port.ts';
import type { AwsClients } from '../../src/clients/aws/port.ts';
import { CodedError } from '../../src/errors/coded-error.ts';

/** Objects of one region in memory, with the faults that a test asks for. */
export interface MemoryStore {
  readonly store: ObjectStore;
  readonly aws: AwsClients;
  readonly objects: Map<string, Buffer>;
  /** Uploads that were begun and not ended. */
  readonly open: Set<string>;
  readonly faults: {
    /** The upload takes effect, and its reply is lost. */
    loseUploadReply?: boolean;
    /** The upload ends with an error when so many bytes came. */
    failUploadAfter?: number;
    /** As a worker that is killed: nothing is cleaned up. */
    leaveUpload?: boolean;
    /** The first write of this part ends with an error. */
    refusePut?: RegExp;
    /** Told of the bytes so far. */
    onUpload?: (bytes: number) => void;
  };
}

export function createMemoryStore(region = 'eu-central-1'): MemoryStore {
  const objects = new Map<string, Buffer>();
  const open = new Set<string>();
  const faults: MemoryStore['faults'] = {};
  const nameOf = ({ bucket, key }: { readonly bucket: string; readonly key: string }): string => `${bucket}/${key}`;
  const shaOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex');
  const mustHave = (object: { readonly bucket: string; readonly key: string }): Buffer => {
    const found = objects.get(nameOf(object));
    if (found === undefined) throw new CodedError('NotFound', `s3://${nameOf(object)}: NoSuchKey`);
    return found;
  };

  const store: ObjectStore = {
    region,
    async put(object) {
      if (faults.refusePut?.test(object.key)) {
        delete faults.refusePut;
        throw new CodedError('Unavailable', `PutObject s3://${nameOf(object)}: SlowDown`);
      }
      objects.set(nameOf(object), object.body);
      return { bucket: object.bucket, key: object.key, bytes: object.body.length, sha256: shaOf(object.body) };
    },
    get: async (object) => mustHave(object),
    read: async (object) => {
      const body = mustHave(object);
      const pieces = Array.from({ length: Math.ceil(body.length / 65_536) }, (_, at) =>
        body.subarray(at * 65_536, (at + 1) * 65_536),
      );
      return Readable.from(pieces, { objectMode: false });
    },
    async upload(object, signal) {
      const name = nameOf(object);
      open.add(name);
      const chunks: Buffer[] = [];
      let bytes = 0;
      try {
        for await (const chunk of object.body as AsyncIterable<Buffer>) {
          signal?.throwIfAborted();
          chunks.push(Buffer.from(chunk));
          bytes += chunk.length;
          faults.onUpload?.(bytes);
          if (faults.failUploadAfter !== undefined && bytes > faults.failUploadAfter) {
            delete faults.failUploadAfter;
            throw new CodedError('Unavailable', `UploadPart s3://${name}: 503`);
          }
        }
      } catch (error) {
        if (!faults.leaveUpload) open.delete(name);
        throw error;
      } finally {
        object.body.destroy();
      }
      const body = Buffer.concat(chunks);
      objects.set(name, body);
      open.delete(name);
      if (faults.loseUploadReply) {
        delete faults.loseUploadReply;
        throw new CodedError('OutcomeUnknown', `CompleteMultipartUpload s3://${name}: no answer`);
      }
      return { bucket: object.bucket, key: object.key, bytes, sha256: shaOf(body) };
    },
    async head(object) {
      const found = objects.get(nameOf(object));
      return found && { ...object, bytes: found.length, sha256: shaOf(found), modifiedAtMs: Date.now() };
    },
    list: async ({ bucket, prefix }) =>
      [...objects]
        .filter(([name]) => name.startsWith(`${bucket}/${prefix}`))
        .map(([name, body]) => ({ bucket, key: name.slice(bucket.length + 1), bytes: body.length })),
    abortUploads: async (object) => (open.delete(nameOf(object)) ? 1 : 0),
    remove: async (object) => {
      objects.delete(nameOf(object));
    },
  };
  const unused = (): never => {
    throw new Error('not used in this test');
  };
  return {
    store,
    aws: { rds: unused, objects: () => store, secrets: { get: unused } as unknown as AwsClients['secrets'] },
    objects,
    open,
    faults,
  };
}
