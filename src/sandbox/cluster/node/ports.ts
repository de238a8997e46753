import { createServer } from 'node:net';

/** Below the range from which systems take outgoing ports, so that no client connection is in the way. */
const FIRST = 20_000;
const COUNT = 11_000;

/** Hands out loopback ports for containers; each to one Pod at a time. */
export class PortPool {
  readonly #taken = new Set<number>();
  #next = FIRST + Math.floor(Math.random() * COUNT);

  /** A port that nobody listens on. */
  async take(): Promise<number> {
    for (let attempt = 0; attempt < COUNT; attempt += 1) {
      const port = this.#next;
      this.#next = port + 1 >= FIRST + COUNT ? FIRST : port + 1;
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      if (await isFree(port)) return port;
      this.#taken.delete(port);
    }
    throw new Error(`no free port between ${FIRST} and ${FIRST + COUNT}`);
  }

  release(ports: Iterable<number>): void {
    for (const port of ports) this.#taken.delete(port);
  }
}

/** True when the port can be listened on at this moment. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** Hands out nominal Pod addresses: unique among the Pods of this node, never dialled. */
export class PodAddresses {
  readonly #taken = new Set<string>();
  #next = 1;

  take(): string {
    for (;;) {
      const serial = this.#next;
      this.#next = serial >= 65_000 ? 1 : serial + 1;
      const address = `10.244.${serial >> 8}.${serial & 255}`;
      if ((serial & 255) === 0 || (serial & 255) === 255 || this.#taken.has(address)) continue;
      this.#taken.add(address);
      return address;
    }
  }

  release(address: string): void {
    this.#taken.delete(address);
  }
}
