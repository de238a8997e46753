/** A TCP door that can be shut: what lies behind it is away for whoever came through, and there again later. */
import { createServer, connect, type Socket } from 'node:net';

export interface TcpGate {
  readonly port: number;
  /** Connections break, and new ones are refused at once. */
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

/** @param target port on this machine */
export async function openTcpGate(target: number): Promise<TcpGate> {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((outer) => {
    if (!isOpen) {
      outer.destroy();
      return;
    }
    const inner = connect(target, '127.0.0.1');
    for (const socket of [outer, inner]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        inner.destroy();
        outer.destroy();
      });
    }
    outer.pipe(inner);
    inner.pipe(outer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    shut: () => {
      isOpen = false;
      breakAll();
    },
    open: () => {
      isOpen = true;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      breakAll();
      await closed;
    },
  };
}
