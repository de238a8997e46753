import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ContentStore } from './content-store.ts';
import { digestOf, isDigest, parseDigest } from './digest.ts';
import { OciError } from './oci-error.ts';
import { readBody } from './read-body.ts';
import { parseRepository, type Route } from './route.ts';
import { BLOB_LIMIT_BYTES, type Uploads } from './uploads.ts';

type BlobRoute = Extract<Route, { kind: 'blob' }>;
type UploadRoute = Extract<Route, { kind: 'upload' }>;

/** GET, HEAD (with one byte range) and DELETE of a blob. */
export async function serveBlob(
  store: ContentStore,
  route: BlobRoute,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { name } = route;
  const digest = parseDigest(route.digest);
  const size = await store.blobSize(name, digest);
  if (size === undefined) throw new OciError('BLOB_UNKNOWN', `${name} holds no blob ${digest}`, { digest });
  if (request.method === 'DELETE') {
    await store.unlinkBlob(name, digest);
    response.writeHead(202).end();
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw notAllowed(request);
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  };
  const range = parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  const length = range ? range.end - range.start + 1 : size;
  const partial = range ? { 'content-range': `bytes ${range.start}-${range.end}/${size}` } : {};
  response.writeHead(range ? 206 : 200, { ...headers, ...partial, 'content-length': length });
  if (request.method === 'HEAD' || length === 0) response.end();
  else await pipeline(store.readBlob(digest, range), response);
}

/** POST: opens an upload, or mounts a blob of another repository, or takes the whole blob at once (`?digest=`). */
export async function startUpload(
  store: ContentStore,
  uploads: Uploads,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  if (request.method !== 'POST') throw notAllowed(request);
  const mount = query.get('mount');
  const from = query.get('from');
  if (mount && from && isDigest(mount) && (await store.blobSize(parseRepository(from), mount)) !== undefined) {
    await store.linkBlob(name, mount);
    answerCreated(response, name, mount);
    return;
  }
  const body = await readBody(request, BLOB_LIMIT_BYTES);
  const digest = query.get('digest');
  if (digest !== null) {
    await keep(store, name, body, digest);
    answerCreated(response, name, digest);
    return;
  }
  answerUpload(response, 202, name, uploads.start(name), 0);
}

/** PATCH adds a chunk, PUT ends the upload with its digest, GET tells how far it is, DELETE gives it up. */
export async function serveUpload(
  store: ContentStore,
  uploads: Uploads,
  route: UploadRoute,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const { name, id } = route;
  const size = uploads.size(name, id);
  switch (request.method) {
    case 'GET':
      return answerUpload(response, 204, name, id, size);
    case 'DELETE':
      uploads.end(name, id);
      response.writeHead(204).end();
      return;
    case 'PATCH': {
      const body = await readBody(request, BLOB_LIMIT_BYTES);
      return answerUpload(response, 202, name, id, uploads.append(name, id, body, request.headers['content-range']));
    }
    case 'PUT': {
      const body = await readBody(request, BLOB_LIMIT_BYTES);
      const digest = parseDigest(query.get('digest'));
      const whole = Buffer.concat([uploads.content(name, id), body]);
      await keep(store, name, whole, digest);
      uploads.end(name, id);
      return answerCreated(response, name, digest);
    }
    default:
      throw notAllowed(request);
  }
}

/** The 405 of a method the addressed thing does not have. */
export function notAllowed(request: IncomingMessage): OciError {
  return new OciError('UNSUPPORTED', `${request.method} is not supported on ${request.url}`);
}

async function keep(store: ContentStore, name: string, bytes: Buffer, expected: string): Promise<void> {
  const actual = digestOf(bytes);
  if (actual !== parseDigest(expected)) {
    const message = `content of ${bytes.length} bytes has digest ${actual}, not ${expected}`;
    throw new OciError('DIGEST_INVALID', message, { digest: expected });
  }
  await store.putBlob(name, bytes);
}

function answerCreated(response: ServerResponse, name: string, digest: string): void {
  const headers = { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest, 'content-length': 0 };
  response.writeHead(201, headers).end();
}

function answerUpload(response: ServerResponse, status: number, name: string, id: string, size: number): void {
  const headers = {
    location: `/v2/${name}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
  };
  response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': 0 }).end();
}

function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}
