import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { ImageReference } from './image-reference.ts';

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const REPLY_TIMEOUT_MS = 10_000;
const BLOB_TIMEOUT_MS = 120_000;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os?: string; readonly architecture?: string };
}

export interface ImageManifest {
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

type ParsedManifest = Partial<ImageManifest> & { readonly manifests?: readonly Descriptor[] };

/** A manifest whose bytes hash to the digest it was asked for or served under. */
export interface VerifiedManifest {
  /** Digest of what the name means: a manifest, or an index over platforms. */
  readonly digest: string;
  readonly manifest: ImageManifest;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Reads the manifest behind a reference; from an index the one for this machine, else the first. */
export async function fetchManifest(reference: ImageReference, signal: AbortSignal): Promise<VerifiedManifest> {
  const top = await fetchManifestBytes(reference, reference.digest ?? reference.tag ?? 'latest', signal);
  const index = parseManifest(reference, top.bytes);
  if (!index.manifests) return { digest: top.digest, manifest: checkManifest(reference, index) };
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const chosen =
    index.manifests.find(({ platform }) => platform?.architecture === architecture && platform.os === 'linux') ??
    index.manifests[0];
  if (!chosen) throw new Error(`${title(reference)}: the index lists no manifest`);
  const inner = await fetchManifestBytes(reference, chosen.digest, signal);
  return { digest: top.digest, manifest: checkManifest(reference, parseManifest(reference, inner.bytes)) };
}

async function fetchManifestBytes(
  reference: ImageReference,
  tagOrDigest: string,
  signal: AbortSignal,
): Promise<{ digest: string; bytes: Uint8Array }> {
  const url = `${baseUrl(reference)}/manifests/${tagOrDigest}`;
  const reply = await request(url, { accept: MANIFEST_TYPES.join(', ') }, signal, REPLY_TIMEOUT_MS);
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const digest = sha256(bytes);
  const expected = tagOrDigest.startsWith('sha256:') ? tagOrDigest : reply.headers.get('docker-content-digest');
  if (expected && expected !== digest) {
    throw new Error(`${title(reference)}: manifest digest mismatch, expected ${expected}, received ${digest}`);
  }
  return { digest, bytes };
}

/** Downloads a blob into a file; the file appears only when size and digest are right. */
export async function fetchBlob(
  reference: ImageReference,
  blob: Descriptor,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const reply = await request(`${baseUrl(reference)}/blobs/${blob.digest}`, {}, signal, BLOB_TIMEOUT_MS);
  const hash = createHash('sha256');
  const temporary = `${file}.${process.pid}.part`;
  let size = 0;
  try {
    await pipeline(
      reply.body ? Readable.fromWeb(reply.body as ReadableStream<Uint8Array>) : Readable.from([]),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          size += chunk.byteLength;
          // A registry that sends without end must not fill the disk.
          if (size > blob.size)
            throw new Error(`${title(reference)}: blob ${blob.digest} is larger than ${blob.size} bytes`);
          yield chunk;
        }
      },
      createWriteStream(temporary),
    );
    const digest = `sha256:${hash.digest('hex')}`;
    if (digest !== blob.digest || size !== blob.size) {
      const seen = `received ${size} bytes with ${digest}`;
      throw new Error(
        `${title(reference)}: blob digest mismatch, expected ${blob.size} bytes with ${blob.digest}, ${seen}`,
      );
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function request(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Response> {
  let reply: Response;
  try {
    reply = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`GET ${url}: ${cause}`, { cause: error });
  }
  if (reply.ok) return reply;
  const text = (await reply.text().catch(() => '')).slice(0, 200).trim();
  throw new Error(`GET ${url}: ${reply.status} ${text}`.trim());
}

/** Registries on loopback speak http, as container runtimes assume too; all others https. */
function baseUrl({ registry, repository }: ImageReference): string {
  const isLoopback = /^(localhost|127\.|\[::1\])/.test(registry);
  return `${isLoopback ? 'http' : 'https'}://${registry}/v2/${repository}`;
}

function title({ registry, repository, tag, digest }: ImageReference): string {
  return `image ${registry}/${repository}${digest ? `@${digest}` : `:${tag}`}`;
}

function parseManifest(reference: ImageReference, bytes: Uint8Array): ParsedManifest {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as ParsedManifest;
  } catch {
    throw new Error(`${title(reference)}: the manifest is not JSON`);
  }
}

function checkManifest(reference: ImageReference, parsed: Partial<ImageManifest>): ImageManifest {
  const { config, layers } = parsed;
  if (!config?.digest || !Array.isArray(layers))
    throw new Error(`${title(reference)}: the manifest lacks config or layers`);
  for (const { digest } of [config, ...(layers as readonly Descriptor[])]) {
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`${title(reference)}: unknown digest ${digest}`);
  }
  return { ...parsed, config, layers };
}
