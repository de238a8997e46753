import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, forbidden, methodNotAllowed, unknownPath } from './api-error.ts';
import type { Cluster } from './cluster.ts';
import { startCollector } from './collector.ts';
import {
  aggregatedDiscovery,
  aggregatedType,
  coreVersions,
  groupList,
  oneGroup,
  openApiDocument,
  openApiIndex,
  resourceList,
} from './discovery.ts';
import { type ActiveFault, type FaultRule, Faults, type RequestTraits } from './faults.ts';
import type { Json } from './json.ts';
import { KINDS } from './kinds/index.ts';
import type { ResourceKind } from './kinds/kind.ts';
import { type Reply, serveResource, verbOf } from './resource-verbs.ts';
import { type Route, routeOf } from './route.ts';
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
  const stopCollector = startCollector(cluster);
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
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    store: cluster.store,
    faults,
    endWatches,
    close: async () => {
      stopCollector();
      endWatches();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
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
  return new ApiError(
    500,
    'InternalError',
    `Internal error occurred: ${error instanceof Error ? error.stack : String(error)}`,
  );
}

function send(response: ServerResponse, reply: Reply & { readonly type?: string }): void {
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
): Promise<(Reply & { readonly type?: string }) | undefined> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const route = routeOf(context.cluster, url.pathname);
  if (!route) throw unknownPath();
  if (route.type !== 'resource') return serveMeta(context.cluster, route, request);
  const verb = verbOf(request.method ?? 'GET', route, url.searchParams);
  if (!verb) throw methodNotAllowed();
  const traits = traitsOf(route, verb, request);
  const fault = context.faults.take(traits);
  if (fault) await suffer(fault, route.kind, traits);
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

function traitsOf(route: Extract<Route, { type: 'resource' }>, verb: string, request: IncomingMessage): RequestTraits {
  const { kind, name, namespace, subresource } = route;
  const userAgent = request.headers['user-agent'];
  return {
    verb,
    resource: subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

async function suffer(fault: ActiveFault, kind: ResourceKind, traits: RequestTraits): Promise<void> {
  if (fault.delayMs) await sleep(fault.delayMs);
  if (fault.deny && !kind.createOnly)
    throw forbidden(
      kind,
      traits.name ?? '',
      `User "sandbox" cannot ${traits.verb} resource "${traits.resource}" in API group "${kind.group}"`,
    );
  if (fault.status === undefined) return;
  throw new ApiError(
    fault.status,
    REASONS[fault.status] ?? '',
    `fault ${fault.id}: ${traits.verb} ${traits.resource} answers ${fault.status}`,
    {
      ...(fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }),
    },
  );
}

function serveMeta(
  cluster: Cluster,
  route: Exclude<Route, { type: 'resource' }>,
  request: IncomingMessage,
): Reply & { readonly type?: string } {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  if (route.type === 'version') return { code: 200, body: resourceList(cluster, route.group, route.version) };
  if (route.type === 'group') return found(oneGroup(cluster, route.group));
  const aggregated = aggregatedType(request.headers.accept);
  switch (route.path) {
    case '/api':
      return aggregated
        ? { code: 200, body: aggregatedDiscovery(cluster, true), type: aggregated }
        : { code: 200, body: coreVersions() };
    case '/apis':
      return aggregated
        ? { code: 200, body: aggregatedDiscovery(cluster, false), type: aggregated }
        : { code: 200, body: groupList(cluster) };
    case '/version':
      return {
        code: 200,
        body: { major: '1', minor: '34', gitVersion: 'v1.34.0+mainstay-sandbox', platform: 'sandbox' },
      };
    case '/healthz':
    case '/livez':
    case '/readyz':
      return { code: 200, body: 'ok' };
    case '/openapi/v3':
      return { code: 200, body: openApiIndex(cluster) };
    default:
      if (route.path.startsWith('/openapi/v3/'))
        return found(openApiDocument(cluster, route.path.slice('/openapi/v3/'.length)));
      throw unknownPath();
  }
}

function found(body: Json | undefined): Reply {
  if (body === undefined) throw unknownPath();
  return { code: 200, body };
}
