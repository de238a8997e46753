import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from './backends.ts';
import type { RouterFaults } from './router-faults.ts';
import type { RequestLabels, RouterMetrics } from './router-metrics.ts';
import { type Backend, findRule, type RoutingTable } from './routing-table.ts';

/** How long a pod may take until its answer begins, in milliseconds; then 504. */
const UPSTREAM_TIMEOUT_MS = 30_000;
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface Proxy {
  handle(request: IncomingMessage, response: ServerResponse): void;
  close(): void;
}

/** Serves requests by the table that `table()` gives at their beginning. Never sends a request to a second pod. */
export function createProxy(table: () => RoutingTable, faults: RouterFaults, metrics: RouterMetrics): Proxy {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });
  const cursors = new Map<string, number>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response, metrics);
    const waitMs = faults.delayMs();
    if (waitMs > 0) await delay(waitMs);
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const rule = findRule(table(), request.headers.host ?? '', path);
    if (!rule) return exchange.refuse(404, `no route for ${request.headers.host ?? '(no host)'}${path}`);
    const labels = { namespace: rule.namespace, route: rule.route };
    const index = rule.choice.next();
    const backend = index === undefined ? undefined : rule.backends[index];
    exchange.labels = { ...labels, backend: backend?.name ?? '' };
    if (!backend) return exchange.refuse(500, `route ${rule.routeKey} has no backend with a weight above 0`);
    if (faults.refusesNext()) return exchange.refuse(503, 'the router refuses this request (injected fault)');
    if (backend.resolution.kind === 'unresolved') {
      return exchange.refuse(backend.resolution.code ?? 500, backend.resolution.message);
    }
    const endpoint = nextEndpoint(`${rule.namespace}/${backend.name}`, backend.resolution.endpoints, backend);
    if (!endpoint) return exchange.refuse(503, `service ${rule.namespace}/${backend.name} has no ready endpoint`);
    exchange.forward(endpoint, agent);
  }

  function nextEndpoint(key: string, endpoints: readonly Endpoint[], backend: Backend): Endpoint | undefined {
    if (backend.resolution.kind === 'unresolved' || endpoints.length === 0) return undefined;
    const cursor = (cursors.get(key) ?? -1) + 1;
    cursors.set(key, cursor);
    return endpoints[cursor % endpoints.length];
  }

  return {
    handle: (request, response) => {
      // A request must never take the router down with it.
      serve(request, response).catch(() => response.destroy());
    },
    close: () => agent.destroy(),
  };
}

/** One request on its way; it is counted exactly once, before the client can see the end of its answer. */
class Exchange {
  labels: RequestLabels = { namespace: '', route: '', backend: '' };
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #metrics: RouterMetrics;
  readonly #startedAt = performance.now();
  #upstream: ClientRequest | undefined;
  #isCounted = false;

  constructor(request: IncomingMessage, response: ServerResponse, metrics: RouterMetrics) {
    this.#request = request;
    this.#response = response;
    this.#metrics = metrics;
    response.on('close', () => {
      if (this.#isCounted) return;
      this.#count(499);
      this.#upstream?.destroy();
    });
  }

  /** Answers for the router itself. */
  refuse(code: number, reason: string): void {
    if (this.#isCounted) return;
    this.#count(code);
    if (this.#response.headersSent) {
      // Half an answer is out: the only honest end is a broken connection.
      this.#response.destroy();
      return;
    }
    const body = `${JSON.stringify({ error: reason })}\n`;
    const headers = { 'content-type': 'application/json', 'x-router-reason': reason.replace(/[^\x20-\x7e]/g, '?') };
    this.#response.writeHead(code, { ...headers, 'content-length': Buffer.byteLength(body) });
    this.#response.end(this.#request.method === 'HEAD' ? undefined : body);
    this.#request.resume();
  }

  forward(endpoint: Endpoint, agent: Agent, isSecondTry = false): void {
    if (this.#isCounted) return;
    const { host, port, name } = endpoint;
    const { method, url } = this.#request;
    const headers = forwardedHeaders(this.#request);
    const upstream = httpRequest({ host, port, method, path: url, headers, agent, timeout: UPSTREAM_TIMEOUT_MS });
    this.#upstream = upstream;
    upstream.on('response', (answer) => this.#relay(answer, name));
    upstream.on('timeout', () => {
      this.refuse(504, `pod ${name} did not answer within ${UPSTREAM_TIMEOUT_MS} ms`);
      upstream.destroy();
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the pod closed while we wrote: the request was never read. Without a body it can be
      // written again on a fresh connection to the same pod. This is no retry of an answer.
      if (upstream.reusedSocket && error.code === 'ECONNRESET' && !hasBody(this.#request) && !isSecondTry) {
        this.forward(endpoint, agent, true);
        return;
      }
      this.refuse(502, `pod ${name} at ${host}:${port}: ${error.code ?? error.message}`);
    });
    if (hasBody(this.#request)) this.#request.pipe(upstream);
    else upstream.end();
  }

  #relay(answer: IncomingMessage, podName: string): void {
    if (this.#isCounted) {
      answer.destroy();
      return;
    }
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name)) headers[name] = value;
    }
    const code = answer.statusCode ?? 502;
    this.#response.writeHead(code, headers);
    answer.pipe(this.#response, { end: false });
    answer.on('end', () => {
      this.#count(code);
      this.#response.end();
    });
    answer.on('error', () => this.refuse(502, `pod ${podName} broke off its answer`));
  }

  #count(code: number): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    this.#metrics.count(this.labels, code, (performance.now() - this.#startedAt) / 1000);
  }
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

function forwardedHeaders(request: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) headers[name] = value;
  }
  const from = request.socket.remoteAddress ?? 'unknown';
  const before = request.headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? from : `${String(before)}, ${from}`;
  headers['x-forwarded-proto'] ??= 'http';
  return headers;
}
