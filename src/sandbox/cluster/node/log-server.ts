import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ContainerLog, LogLine } from './container-log.ts';

/** What the log server asks the agent for. */
export type FindLog = (
  namespace: string,
  pod: string,
  container: string,
  previous: boolean,
) => { readonly log: ContainerLog } | { readonly problem: string; readonly code: 400 | 404 };

export interface LogServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves container logs under the kubelet's path, `GET /containerLogs/NAMESPACE/POD/CONTAINER`, with `follow`,
 * `tailLines`, `sinceSeconds`, `sinceTime`, `limitBytes`, `previous` and `timestamps`. Plain http on loopback.
 */
export async function startLogServer(find: FindLog): Promise<LogServer> {
  const server = createServer((request, response) => answer(find, request, response));
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function answer(find: FindLog, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://node');
  if (url.pathname === '/healthz') {
    response.end('ok');
    return;
  }
  const [, root, namespace = '', pod = '', container = ''] = url.pathname.split('/').map(decodeURIComponent);
  if (root !== 'containerLogs' || !container) {
    refuse(response, 404, `no such path: ${url.pathname}`);
    return;
  }
  const query = url.searchParams;
  const found = find(namespace, pod, container, query.get('previous') === 'true');
  if ('problem' in found) {
    refuse(response, found.code, found.problem);
    return;
  }
  let left = wholeNumber(query.get('limitBytes')) ?? Number.POSITIVE_INFINITY;
  const withTimes = query.get('timestamps') === 'true';
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  const write = ({ atMs, text }: LogLine): void => {
    if (left <= 0) return;
    const line = Buffer.from(`${withTimes ? `${new Date(atMs).toISOString()} ` : ''}${text}\n`).subarray(0, left);
    left -= line.length;
    response.write(line);
  };
  const selection = { tailLines: wholeNumber(query.get('tailLines')), sinceMs: sinceMs(query) };
  for (const line of found.log.read(selection)) write(line);
  if (query.get('follow') !== 'true') {
    response.end();
    return;
  }
  const stop = found.log.follow((line) => {
    if (line) write(line);
    else response.end();
  });
  response.on('close', stop);
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(message);
}

function sinceMs(query: URLSearchParams): number | undefined {
  const seconds = wholeNumber(query.get('sinceSeconds'));
  if (seconds !== undefined) return Date.now() - seconds * 1000;
  const instant = Date.parse(query.get('sinceTime') ?? '');
  return Number.isNaN(instant) ? undefined : instant;
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
