import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that listens on loopback. */
export interface Listening {
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Takes no new connection, cuts the open ones, and returns when all are gone. May be called twice. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. Rejects with the port in the message when it is taken. */
export async function listenOnLoopback(server: Server, port = 0): Promise<Listening> {
  // Clients keep connections; a server that closes them first makes a request in flight fail.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new Error(`cannot listen on 127.0.0.1:${port}: ${error.code ?? error.message}`, { cause: error }));
    };
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail);
      resolve();
    });
  });
  const actual = (server.address() as AddressInfo).port;
  let closed: Promise<void> | undefined;
  return {
    port: actual,
    host: `127.0.0.1:${actual}`,
    url: `http://127.0.0.1:${actual}`,
    close() {
      closed ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}
