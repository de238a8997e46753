/** Requests as they go over the wire, to either server: nothing that a client library would add or hide. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { JsonObject } from '../../../src/sandbox/cluster/api/json.ts';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
  /** Media type of the body; JSON when absent, for PATCH a merge patch. */
  readonly type?: string;
  readonly accept?: string;
}

export interface Answer {
  readonly code: number;
  /** `{ text }` for what is no JSON object. */
  readonly body: JsonObject;
  readonly warnings: readonly string[];
}

export interface Wire {
  readonly url: string;
  send(request: Request): Promise<Answer>;
  close(): void;
}

const TIMEOUT_MS = 30_000;

export function createWire(url: string, secrets?: { readonly token: string; readonly certificate: string }): Wire {
  const isTls = url.startsWith('https:');
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, ca: secrets?.certificate })
    : new HttpAgent({ keepAlive: true });
  const send = ({ method, path, body, type, accept }: Request): Promise<Answer> => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const usual = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = {
      accept: accept ?? 'application/json',
      ...(secrets && { authorization: `Bearer ${secrets.token}` }),
      ...(text !== undefined && { 'content-type': type ?? usual, 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const start = isTls ? httpsRequest : httpRequest;
      const outgoing = start(`${url}${path}`, { method, headers, agent, timeout: TIMEOUT_MS }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => {
          const warnings = (reply.headers.warning ?? '').split(/, (?=299 )/).filter((warning) => warning !== '');
          resolve({ code: reply.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()), warnings });
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no reply in ${TIMEOUT_MS} ms`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  };
  return { url, send, close: () => agent.destroy() };
}

function parsed(text: string): JsonObject {
  return text.startsWith('{') ? (JSON.parse(text) as JsonObject) : { text };
}
