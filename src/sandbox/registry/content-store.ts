import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { digestOf, hexOf } from './digest.ts';

/** A stored manifest: its exact bytes, and the media type it was pushed with. */
export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: string;
}

/**
 * Images on disk: blobs once by digest, and for each repository small files that say which blobs and manifests belong
 * to it and which digest a tag means. Nothing is kept in memory, so a registry started again on the folder has it all.
 */
export class ContentStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  blobPath(digest: string): string {
    return join(this.#root, 'blobs', 'sha256', hexOf(digest));
  }

  async putBlob(repository: string, bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes);
    if ((await sizeOf(this.blobPath(digest))) === undefined) await writeWhole(this.blobPath(digest), bytes);
    await this.linkBlob(repository, digest);
    return digest;
  }

  /** Makes a stored blob part of the repository (also the effect of a cross-repository mount). */
  async linkBlob(repository: string, digest: string): Promise<void> {
    await writeWhole(this.#in(repository, '_layers', hexOf(digest)), '');
  }

  /** Size in bytes when the blob belongs to the repository, else undefined. */
  async blobSize(repository: string, digest: string): Promise<number | undefined> {
    if ((await sizeOf(this.#in(repository, '_layers', hexOf(digest)))) === undefined) return undefined;
    return sizeOf(this.blobPath(digest));
  }

  readBlob(digest: string, range?: { readonly start: number; readonly end: number }): Readable {
    return createReadStream(this.blobPath(digest), range);
  }

  /** False when the repository did not hold it. The bytes stay: another repository may refer to them. */
  async unlinkBlob(repository: string, digest: string): Promise<boolean> {
    return removeFile(this.#in(repository, '_layers', hexOf(digest)));
  }

  async putManifest(repository: string, bytes: Buffer, mediaType: string, tag: string | undefined): Promise<string> {
    const digest = digestOf(bytes);
    await writeWhole(this.blobPath(digest), bytes);
    await writeWhole(this.#in(repository, '_manifests', hexOf(digest)), mediaType);
    if (tag !== undefined) await writeWhole(this.#in(repository, '_tags', tag), digest);
    return digest;
  }

  async manifest(repository: string, digest: string): Promise<StoredManifest | undefined> {
    const mediaType = await readText(this.#in(repository, '_manifests', hexOf(digest)));
    if (mediaType === undefined) return undefined;
    return { bytes: await readFile(this.blobPath(digest)), mediaType, digest };
  }

  /** The digest a tag means now. */
  async tagged(repository: string, tag: string): Promise<string | undefined> {
    return readText(this.#in(repository, '_tags', tag));
  }

  /** Removes a manifest and every tag that means it. False when it was not there. */
  async removeManifest(repository: string, digest: string): Promise<boolean> {
    if (!(await removeFile(this.#in(repository, '_manifests', hexOf(digest))))) return false;
    for (const tag of await this.tags(repository)) {
      if ((await this.tagged(repository, tag)) === digest) await this.removeTag(repository, tag);
    }
    return true;
  }

  async removeTag(repository: string, tag: string): Promise<boolean> {
    return removeFile(this.#in(repository, '_tags', tag));
  }

  async tags(repository: string): Promise<string[]> {
    return (await namesIn(this.#in(repository, '_tags'))).sort();
  }

  async hasRepository(repository: string): Promise<boolean> {
    return (await sizeOf(this.#in(repository))) !== undefined;
  }

  /** Every repository name, sorted. A repository may lie inside the folder of another (`a` and `a/b`). */
  async repositories(): Promise<string[]> {
    const found: string[] = [];
    const walk = async (prefix: string): Promise<void> => {
      const names = await namesIn(join(this.#root, 'repositories', prefix));
      if (names.includes('_manifests')) found.push(prefix);
      for (const name of names) if (!name.startsWith('_')) await walk(prefix ? `${prefix}/${name}` : name);
    };
    await walk('');
    return found.sort();
  }

  #in(repository: string, ...rest: string[]): string {
    return join(this.#root, 'repositories', repository, ...rest);
  }
}

/** Writes beside the target and renames: a reader, or a registry killed in the middle, never sees half a file. */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${randomUUID()}`);
  await writeFile(temporary, content);
  await rename(temporary, path);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return unlessAbsent(async () => (await stat(path)).size);
}

async function readText(path: string): Promise<string | undefined> {
  return unlessAbsent(() => readFile(path, 'utf8'));
}

async function namesIn(path: string): Promise<string[]> {
  return ((await unlessAbsent(() => readdir(path))) ?? []).filter((name) => !name.startsWith('.'));
}

async function removeFile(path: string): Promise<boolean> {
  return (await unlessAbsent(() => rm(path).then(() => true))) ?? false;
}

async function unlessAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}
