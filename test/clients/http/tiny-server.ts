import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TinyRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type TinyHandler = (request: TinyRequest, response: ServerResponse) => void;

export interface TinyServer {
  readonly url: string;
  readonly host: string;
  readonly requests: readonly TinyRequest[];
  /** Connections accepted so far. */
  connections(): number;
  /** Replaces the handler. */
  answer(handler: TinyHandler): void;
  close(): Promise<void>;
}

/** A real HTTP server on loopback that keeps what it was asked. */
export async function startTinyServer(handler: TinyHandler): Promise<TinyServer> {
  const requests: TinyRequest[] = [];
  let current = handler;
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const seen: TinyRequest = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      requests.push(seen);
      current(seen, response);
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    connections: () => connections,
    answer(next) {
      current = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** A loopback address where nothing listens. */
export async function freeAddress(): Promise<string> {
  const server = await startTinyServer((_, response) => response.end());
  await server.close();
  return server.host;
}
