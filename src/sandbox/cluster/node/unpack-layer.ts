import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, link, mkdir, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * Applies one image layer (tar, gzip by media type) to a root folder, whiteouts included, and answers the digest of
 * the uncompressed tar. Owners are not set and devices are left out, so that it works as an ordinary user.
 *
 * @throws Error when an entry would leave the root, directly or through a link.
 */
export async function unpackLayer(blobFile: string, mediaType: string, root: string): Promise<string> {
  const hash = createHash('sha256');
  const tar = extract();
  const source = createReadStream(blobFile);
  const unpacking = (async () => {
    for await (const entry of tar) await applyEntry(root, entry.header, entry);
  })();
  const hashing = hashingStream(hash);
  const piping = isGzip(mediaType) ? pipeline(source, createGunzip(), hashing, tar) : pipeline(source, hashing, tar);
  const results = await Promise.allSettled([unpacking, piping]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return `sha256:${hash.digest('hex')}`;
}

function isGzip(mediaType: string): boolean {
  if (/[.+]gzip$/.test(mediaType)) return true;
  if (/[.+]tar$/.test(mediaType)) return false;
  throw new Error(`layer of media type ${mediaType}: only tar and tar with gzip can be unpacked`);
}

function hashingStream(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding: string, done: TransformCallback) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

type EntryContent = AsyncIterable<unknown> & { resume(): unknown };

async function applyEntry(root: string, header: Header, content: EntryContent): Promise<void> {
  const target = inside(root, header.name);
  if (target === root) return drained(content);
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  const realParent = await realpath(parent);
  inside(await realpath(root), relative(await realpath(root), realParent), header.name);
  const name = basename(target);
  if (name === OPAQUE) {
    for (const entry of await readdir(parent)) await rm(join(parent, entry), { recursive: true, force: true });
    return drained(content);
  }
  if (name.startsWith(WHITEOUT)) {
    await rm(join(parent, name.slice(WHITEOUT.length)), { recursive: true, force: true });
    return drained(content);
  }
  const mode = (header.mode ?? 0o644) & 0o777;
  if (header.type !== 'directory') await rm(target, { recursive: true, force: true });
  switch (header.type) {
    case 'directory':
      await mkdir(target, { recursive: true });
      await chmod(target, mode | 0o700);
      return drained(content);
    case 'file':
    case 'contiguous-file':
      await pipeline(content as AsyncIterable<Uint8Array>, createWriteStream(target, { mode: mode | 0o400 }));
      await chmod(target, mode | 0o400);
      return undefined;
    case 'symlink':
      await symlink(header.linkname ?? '', target);
      return drained(content);
    case 'link':
      await link(inside(root, header.linkname ?? ''), target);
      return drained(content);
    default:
      return drained(content);
  }
}

function drained(content: EntryContent): void {
  content.resume();
}

/** The path below root; an absolute name counts from root, as in every image. */
function inside(root: string, name: string, shown = name): string {
  const path = resolve(root, `./${name}`);
  if (path !== root && !path.startsWith(`${root}/`)) throw new Error(`layer entry ${shown} leaves the image root`);
  return path;
}
