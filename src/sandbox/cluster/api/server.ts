import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { ApiError, methodNotAllowed, unknownPath } from './api-error.ts';
import type { Cluster } from './cluster.ts';
import { startCollector } from './collector.ts';
import { startEventExpiry } from './event-expiry.ts';
import { type FaultRule, Faults } from './faults.ts';
import type { Json } from './json.ts';
import { serveMeta } from './meta-paths.ts';
import { KINDS } from './kinds/index.ts';
import type { ResourceKind } from './kinds/kind.ts';
import { type Reply, serveResource, verbOf } from './resource-verbs.ts';
import { isUnknownGroup, routeOf } from './route.ts';
import { sufferFault, traitsOf } from './suffer-fault.ts';
import { Store } from './store.ts';
import { createObject } from './writes.ts';

export interface ApiServerOptions {
  /** Port on 127.0.0.1; 0 or absent picks a free one. */
  readonly port?: number;
  /** How many events a watch may go back before it gets 410 Gone; 10,000 when absent. */
  readonly watchWindow?: number;
  readonly faults?: readonly (FaultRule & { readonly id?: string })[];
  /** How often watches that asked for bookmarks get one, in ms; 10,000 when absent. */
  readonly bookmarkEveryMs?: number;
  /** Namespaces that exist from the start; `default` and `kube-system` when absent. */
  readonly namespaces?: readonly string[];
}

export interface ApiServer {
  /** Base URL, plain http on loopback, no slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly store: Store;
  readonly faults: Faults;
  /** Ends all open watches, as a restart of a real server does; clients reconnect. */
  readonly endWatches: () => void;
  /** Ends watches and connections and frees the port. */
  readonly close: () => Promise<void>;
}

/** Starts the sandbox's Kubernetes API on loopback: all objects in memory, gone at `close`. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const cluster: Cluster = { store: new Store(options.watchWindow ?? 10_000), kinds: KINDS };
  const faults = new Faults(options.faults);
  const streams = new Set<ServerResponse>();
  const stops = [startCollector(cluster), startEventExpiry(cluster)];
  for (const name of options.namespaces ?? ['default', 'kube-system']) createNamespace(cluster, name);
  const context: ServerContext = {
    cluster,
    faults,
    bookmarkEveryMs: options.bookmarkEveryMs ?? 10_000,
    onStream: (response) => {
      streams.add(response);
      response.on('close', () => streams.delete(response));
    },
  };
  const server = createServer((request, response) => void answer(context, request, response));
  // Clients keep connections for a minute and more; a server that closes them first causes resets.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const endWatches = (): void => {
    for (const stream of streams) stream.end();
  };
  const close = async (): Promise<void> => {
    for (const stop of stops) stop();
    endWatches();
    const ended = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await ended;
  };
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    store: cluster.store,
    faults,
    endWatches,
    close: () => (closed ??= close()),
  };
}

interface ServerContext {
  readonly cluster: Cluster;
  readonly faults: Faults;
  readonly bookmarkEveryMs: number;
  readonly onStream: (response: ServerResponse) => void;
}

function createNamespace(cluster: Cluster, name: string): void {
  const kind = cluster.kinds.find((candidate: ResourceKind) => candidate.kind === 'Namespace');
  if (!kind) return;
  createObject(
    cluster,
    kind,
    undefined,
    { metadata: { name } },
    { dryRun: false, fieldValidation: 'Strict', warnings: [] },
  );
}

async function answer(context: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const reply = await dispatch(context, request, response);
    if (reply) send(response, reply);
  } catch (error) {
    const refusal = error instanceof ApiError ? error : internalError(error);
    if (response.headersSent) response.destroy();
    else send(response, { code: refusal.code, body: refusal.toStatus() });
  }
}

function internalError(error: unknown): ApiError {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message: stack }] });
}

function send(response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return;
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  const isPlain = typeof reply.body === 'string';
  response.setHeader('content-type', reply.type ?? (isPlain ? 'text/plain; charset=utf-8' : 'application/json'));
  response.setHeader('content-length', Buffer.byteLength(text));
  response.setHeader('cache-control', 'no-cache, private');
  for (const warning of reply.warnings ?? []) response.appendHeader('warning', `299 - ${JSON.stringify(warning)}`);
  const retryAfter = retryAfterIn(reply.body);
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  response.statusCode = reply.code;
  response.end(text);
}

function retryAfterIn(body: Json): number | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body.kind !== 'Status') return undefined;
  const { details } = body;
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return undefined;
  return typeof details.retryAfterSeconds === 'number' ? details.retryAfterSeconds : undefined;
}

async function dispatch(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const route = routeOf(context.cluster, url.pathname);
  // A group that nobody serves is no path of the API at all, and answered like one of a web server.
  if (!route && isUnknownGroup(context.cluster, url.pathname)) return { code: 404, body: '404 page not found\n' };
  if (!route) throw unknownPath();
  if (route.type !== 'resource') return serveMeta(context.cluster, route, request);
  const verb = verbOf(request.method ?? 'GET', route, url.searchParams);
  if (!verb) throw methodNotAllowed();
  const traits = traitsOf(route, verb, request);
  const fault = context.faults.take(traits);
  if (fault) await sufferFault(fault, route.kind, traits);
  const { cluster, faults, bookmarkEveryMs, onStream } = context;
  const call = { cluster, faults, route, verb, query: url.searchParams, request, bookmarkEveryMs, onStream };
  if (!fault?.dropReply) return serveResource(call, response);
  try {
    await serveResource(call, response);
  } finally {
    // The write took effect; the client learns nothing.
    request.socket.destroy();
  }
  return undefined;
}
