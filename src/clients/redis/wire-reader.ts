/** Takes lines and runs of bytes off a socket, as they are asked for: what is not asked for stays in the kernel. */
import type { Socket } from 'node:net';

/** A line of the protocol is short; a longer one is something else. */
const LONGEST_LINE = 64 * 1024;

export class WireReader {
  readonly #pieces: AsyncIterator<Buffer, undefined>;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  /** Without its line break; an empty one is a sign of life. Throws when the connection ends. */
  async line(): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf(0x0a);
      if (at >= 0) {
        const line = this.#held.subarray(0, at).toString('utf8').replace(/\r$/, '');
        this.#held = this.#held.subarray(at + 1);
        return line;
      }
      if (this.#held.length > LONGEST_LINE) throw new Error('a line without an end: not the protocol of Redis');
      this.#held = Buffer.concat([this.#held, await this.#next()]);
    }
  }

  /** What is there, at least one byte, at most `limit`. Throws when the connection ends. */
  async some(limit: number): Promise<Buffer> {
    if (this.#held.length === 0) this.#held = await this.#next();
    const piece = this.#held.subarray(0, limit);
    this.#held = this.#held.subarray(piece.length);
    return piece;
  }

  async #next(): Promise<Buffer> {
    const next = await this.#pieces.next();
    if (next.done === true) throw new Error('the server closed the connection');
    return next.value;
  }
}
