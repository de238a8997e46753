import { createServer } from 'node:net';

/** The wished port of loopback when it can be bound (else an error with code EADDRINUSE), any free one for 0. */
export async function freePort(wished = 0): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(wished, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : wished;
      server.close(() => resolve(port));
    });
  });
}
