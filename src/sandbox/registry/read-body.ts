import type { IncomingMessage } from 'node:http';
import { OciError } from './oci-error.ts';

/** The whole request body. Throws SIZE_INVALID past the limit (bytes). */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new OciError('SIZE_INVALID', `request body is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
