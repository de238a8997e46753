import type { IncomingMessage, ServerResponse } from 'node:http';
import { notAllowed } from './blob-requests.ts';
import type { ContentStore, StoredManifest } from './content-store.ts';
import { digestOf, isDigest, parseDigest } from './digest.ts';
import { OciError } from './oci-error.ts';
import { readBody } from './read-body.ts';
import { parseTag, type Route } from './route.ts';

type ManifestRoute = Extract<Route, { kind: 'manifest' }>;

const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;
const DEFAULT_MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** GET, HEAD, PUT and DELETE of a manifest, by tag or digest. */
export async function serveManifest(
  store: ContentStore,
  route: ManifestRoute,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (request.method) {
    case 'GET':
    case 'HEAD': {
      const manifest = await find(store, route);
      response.writeHead(200, {
        'content-type': manifest.mediaType,
        'content-length': manifest.bytes.length,
        'docker-content-digest': manifest.digest,
        etag: `"${manifest.digest}"`,
      });
      response.end(request.method === 'HEAD' ? undefined : manifest.bytes);
      return;
    }
    case 'PUT':
      return put(store, route, request, response);
    case 'DELETE':
      return remove(store, route, response);
    default:
      throw notAllowed(request);
  }
}

async function put(
  store: ContentStore,
  { name, reference }: ManifestRoute,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bytes = await readBody(request, MANIFEST_LIMIT_BYTES);
  const tag = reference.includes(':') ? undefined : parseTag(reference);
  if (tag === undefined && digestOf(bytes) !== parseDigest(reference)) {
    throw new OciError('DIGEST_INVALID', `manifest has digest ${digestOf(bytes)}, not ${reference}`);
  }
  const manifest = parseManifest(bytes);
  for (const digest of manifest.blobs) {
    if ((await store.blobSize(name, digest)) === undefined) {
      throw new OciError('MANIFEST_BLOB_UNKNOWN', `manifest refers to blob ${digest}, which ${name} lacks`, { digest });
    }
  }
  const mediaType = request.headers['content-type'] ?? manifest.mediaType ?? DEFAULT_MEDIA_TYPE;
  const digest = await store.putManifest(name, bytes, mediaType, tag);
  const headers = { location: `/v2/${name}/manifests/${digest}`, 'docker-content-digest': digest, 'content-length': 0 };
  response.writeHead(201, headers).end();
}

async function remove(
  store: ContentStore,
  { name, reference }: ManifestRoute,
  response: ServerResponse,
): Promise<void> {
  const removed = isDigest(reference)
    ? await store.removeManifest(name, reference)
    : await store.removeTag(name, parseTag(reference));
  if (!removed) throw unknownManifest(name, reference);
  response.writeHead(202).end();
}

async function find(store: ContentStore, { name, reference }: ManifestRoute): Promise<StoredManifest> {
  if (!(await store.hasRepository(name))) {
    throw new OciError('NAME_UNKNOWN', `repository ${name} does not exist`, { name });
  }
  const digest = reference.includes(':') ? parseDigest(reference) : await store.tagged(name, parseTag(reference));
  const manifest = digest === undefined ? undefined : await store.manifest(name, digest);
  if (!manifest) throw unknownManifest(name, reference);
  return manifest;
}

function unknownManifest(name: string, reference: string): OciError {
  return new OciError('MANIFEST_UNKNOWN', `${name} has no manifest ${reference}`, { name, reference });
}

/** The blobs an image manifest needs; an index only refers to manifests, which may arrive later. */
function parseManifest(bytes: Buffer): { readonly mediaType: string | undefined; readonly blobs: readonly string[] } {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new OciError('MANIFEST_INVALID', 'manifest is not JSON');
  }
  const manifest = content as { schemaVersion?: unknown; mediaType?: unknown; config?: unknown; layers?: unknown };
  if (typeof content !== 'object' || content === null || manifest.schemaVersion !== 2) {
    throw new OciError('MANIFEST_INVALID', 'manifest lacks schemaVersion 2');
  }
  const layers: readonly unknown[] = Array.isArray(manifest.layers) ? manifest.layers : [];
  const parts = [manifest.config, ...layers].filter((part) => part !== undefined);
  const blobs = parts.map((part) => parseDigest(digestIn(part)));
  return { mediaType: typeof manifest.mediaType === 'string' ? manifest.mediaType : undefined, blobs };
}

function digestIn(descriptor: unknown): string | undefined {
  if (typeof descriptor !== 'object' || descriptor === null || !('digest' in descriptor)) return undefined;
  return typeof descriptor.digest === 'string' ? descriptor.digest : undefined;
}
