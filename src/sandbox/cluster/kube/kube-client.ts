import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject, Resource } from './objects.ts';

/** A refusal of the API server: HTTP code and the reason of its Status object. */
export class KubeError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(what: string, code: number, reason: string, message: string) {
    super(`${what}: ${code} ${reason} ${message}`.trim());
    this.name = 'KubeError';
    this.code = code;
    this.reason = reason;
  }
}

/** True for an error with this HTTP code from the API server. */
export function hasCode(error: unknown, code: number): boolean {
  return error instanceof KubeError && error.code === code;
}

/** A list reply: items without kind on a real server. */
export interface KubeList<T> {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly items: T[];
}

/** Which object a call is about. */
export interface ObjectAddress {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string;
}

/** Deletes only the object that was meant. Grace in seconds. */
export interface DeleteOptions {
  readonly uid?: string | undefined;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/**
 * Plain JSON calls to a Kubernetes API, with the addresses and credentials of a KubeConfig. Unlike the typed calls of
 * client-node it keeps unknown fields and leaves instants as strings, so listed and watched objects are alike.
 * Every call throws `KubeError` on a refusal and an ordinary Error when no whole reply arrived.
 */
export interface KubeClient {
  get<T extends KubeObject>(at: ObjectAddress): Promise<T>;
  list<T extends KubeObject>(at: ObjectAddress): Promise<KubeList<T>>;
  create<T extends KubeObject>(at: ObjectAddress, body: unknown): Promise<T>;
  replace<T extends KubeObject>(at: ObjectAddress, body: T): Promise<T>;
  /** JSON merge patch: null removes, lists are replaced whole. */
  mergePatch<T extends KubeObject>(at: ObjectAddress, body: unknown): Promise<T>;
  remove(at: ObjectAddress, options?: DeleteOptions): Promise<void>;
  close(): void;
}

const CALL_TIMEOUT_MS = 15_000;

/** Path of a collection, an object or a subresource. */
export function pathOf(at: ObjectAddress): string {
  const namespace = at.namespace ? `/namespaces/${at.namespace}` : '';
  const name = at.name ? `/${at.name}` : '';
  const subresource = at.subresource ? `/${at.subresource}` : '';
  return `${at.resource.prefix}${namespace}/${at.resource.plural}${name}${subresource}`;
}

/** Opens a client with its own pool of kept-alive connections. */
export function createKubeClient(kubeConfig: KubeConfig): KubeClient {
  const server = kubeConfig.getCurrentCluster()?.server;
  if (!server) throw new Error('kubeconfig: the current context names no cluster');
  const isTls = server.startsWith('https:');
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const usesProxy = Boolean(kubeConfig.getCurrentCluster()?.proxyUrl);

  async function call(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown> {
    const options: RequestOptions = { method, headers: {} };
    await kubeConfig.applyToHTTPSOptions(options);
    // client-node makes a new agent for every call, which would open a connection each time.
    if (!usesProxy) options.agent = agent;
    options.timeout = CALL_TIMEOUT_MS;
    const headers: Record<string, string | number> = { accept: 'application/json', 'user-agent': 'mainstay-sandbox' };
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
    const text = body === undefined ? undefined : JSON.stringify(body);
    if (text !== undefined) {
      headers['content-type'] = contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    options.headers = headers;
    const url = new URL(server + path);
    const reply = await send(isTls, url, options, text);
    return readReply(`${method} ${url.pathname}`, reply.statusCode, reply.body);
  }

  return {
    get: async <T>(at: ObjectAddress) => (await call('GET', pathOf(at))) as T,
    list: async <T>(at: ObjectAddress) => (await call('GET', pathOf(at))) as KubeList<T>,
    create: async <T>(at: ObjectAddress, body: unknown) => (await call('POST', pathOf(at), body)) as T,
    replace: async <T>(at: ObjectAddress, body: T) => (await call('PUT', pathOf(at), body)) as T,
    mergePatch: async <T>(at: ObjectAddress, body: unknown) =>
      (await call('PATCH', pathOf(at), body, 'application/merge-patch+json')) as T,
    remove: async (at, options = {}) => {
      const { uid, ...rest } = options;
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...rest, ...(uid ? { preconditions: { uid } } : {}) };
      await call('DELETE', pathOf(at), body);
    },
    close: () => agent.destroy(),
  };
}

interface RawReply {
  readonly statusCode: number;
  readonly body: string;
}

function send(isTls: boolean, url: URL, options: RequestOptions, text: string | undefined): Promise<RawReply> {
  const what = `${options.method} ${url.pathname}`;
  return new Promise((resolve, reject) => {
    const onReply = (reply: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('error', reject);
      reply.on('aborted', () => reject(new Error(`${what}: the connection ended in the middle of the reply`)));
      reply.on('end', () => resolve({ statusCode: reply.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    };
    const request = isTls ? httpsRequest(url, options, onReply) : httpRequest(url, options, onReply);
    request.on('timeout', () => request.destroy(new Error(`${what}: no reply within ${CALL_TIMEOUT_MS} ms`)));
    request.on('error', (error) => reject(new Error(`${what}: ${error.message}`, { cause: error })));
    request.end(text);
  });
}

function readReply(what: string, statusCode: number, body: string): unknown {
  let parsed: unknown;
  try {
    parsed = body === '' ? undefined : JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  if (statusCode >= 200 && statusCode < 300 && parsed !== undefined) return parsed;
  const status = typeof parsed === 'object' && parsed !== null ? (parsed as { reason?: string; message?: string }) : {};
  throw new KubeError(what, statusCode, status.reason ?? '', status.message ?? body.slice(0, 200));
}
