import type { IncomingMessage } from 'node:http';
import { ApiError, badRequest, unsupportedMediaType } from './api-error.ts';
import type { Json } from './json.ts';

const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Media type of the body in lower case, without parameters; '' when none is given. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The whole body as text. Throws 413 beyond 3 MiB. */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MAX_BODY_BYTES)
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Parses a JSON body; '' gives null. Throws 400. */
export function parseJson(text: string): Json {
  if (text === '') return null;
  try {
    // No field of the API has this name, and assigning it would change an object's prototype.
    if (text.includes('__proto__'))
      return JSON.parse(text, (key, value: Json) => (key === '__proto__' ? undefined : value)) as Json;
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(`the object provided is unrecognized: couldn't parse the body as JSON: ${String(error)}`);
  }
}

/** Refuses what is not JSON, protobuf with the way out. Throws 415. */
export function requireJson(mediaType: string): void {
  if (mediaType === '' || mediaType === 'application/json') return;
  if (mediaType === 'application/vnd.kubernetes.protobuf')
    throw unsupportedMediaType(
      'this server reads JSON only, the body is protobuf: use `kubectl create ... --dry-run=client -o yaml | kubectl create -f -`',
    );
  throw unsupportedMediaType(
    `the body of the request was in an unknown format (${mediaType}) - accepted media types include: application/json`,
  );
}
