import { randomUUID } from 'node:crypto';
import { OciError } from './oci-error.ts';

/** The largest blob taken, in bytes: images of the sandbox are small, and a runaway client must not fill memory. */
export const BLOB_LIMIT_BYTES = 256 * 1024 * 1024;

/** Uploads in progress. They live in memory: an upload does not outlive the registry, a finished blob does. */
export class Uploads {
  readonly #open = new Map<string, { readonly repository: string; readonly chunks: Buffer[]; size: number }>();

  start(repository: string): string {
    const id = randomUUID();
    this.#open.set(id, { repository, chunks: [], size: 0 });
    return id;
  }

  /** Bytes received so far. Throws BLOB_UPLOAD_UNKNOWN. */
  size(repository: string, id: string): number {
    return this.#get(repository, id).size;
  }

  /**
   * Adds a chunk and answers the new size. `contentRange` is `<first>-<last>`; it must begin where the last chunk
   * ended (else BLOB_UPLOAD_INVALID, 416) and be as long as the body (else SIZE_INVALID).
   */
  append(repository: string, id: string, bytes: Buffer, contentRange: string | undefined): number {
    const upload = this.#get(repository, id);
    if (contentRange !== undefined) {
      const range = /^(?:bytes )?(\d+)-(\d+)(?:\/.*)?$/.exec(contentRange);
      if (!range || Number(range[1]) !== upload.size) {
        const message = `chunk ${contentRange} does not begin at byte ${upload.size}, where the upload stands`;
        throw new OciError('BLOB_UPLOAD_INVALID', message);
      }
      if (Number(range[2]) - Number(range[1]) + 1 !== bytes.length) {
        throw new OciError('SIZE_INVALID', `chunk ${contentRange} carries ${bytes.length} bytes`);
      }
    }
    if (upload.size + bytes.length > BLOB_LIMIT_BYTES) {
      throw new OciError('SIZE_INVALID', `blob is larger than ${BLOB_LIMIT_BYTES} bytes`);
    }
    upload.chunks.push(bytes);
    upload.size += bytes.length;
    return upload.size;
  }

  /** All bytes received; the upload stays open until `end`, so a wrong digest does not lose it. */
  content(repository: string, id: string): Buffer {
    return Buffer.concat(this.#get(repository, id).chunks);
  }

  end(repository: string, id: string): void {
    this.#get(repository, id);
    this.#open.delete(id);
  }

  #get(repository: string, id: string): { readonly chunks: Buffer[]; size: number } {
    const upload = this.#open.get(id);
    if (upload && upload.repository === repository) return upload;
    throw new OciError('BLOB_UPLOAD_UNKNOWN', `no upload ${id} is open in ${repository}`);
  }
}
