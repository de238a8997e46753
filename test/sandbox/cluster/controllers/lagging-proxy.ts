import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to the API on which watch events of Pods arrive late, as they do from a busy server. */
export interface LaggingProxy {
  readonly url: string;
  close(): void;
}

export async function startLaggingProxy(apiUrl: string, lagMs: number): Promise<LaggingProxy> {
  const target = new URL(apiUrl);
  const server = createServer((request, response) => {
    const isLagging = /\/pods\?.*watch=true/.test(request.url ?? '');
    const options = { host: target.hostname, port: target.port, path: request.url, method: request.method };
    const onward = httpRequest({ ...options, headers: request.headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      response.flushHeaders();
      const later = (act: () => void): void => void (isLagging ? setTimeout(act, lagMs) : act());
      reply.on('data', (chunk: Buffer) => later(() => response.write(chunk)));
      reply.on('end', () => later(() => response.end()));
      reply.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
