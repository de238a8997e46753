import { randomBytes } from 'node:crypto';
import { Route53Error } from './route53-error.ts';
import { type Element, elements } from './element.ts';

/** How long a change takes to reach all servers: "generally within 60 seconds". */
const PROPAGATION_MS = 60_000;

interface Submitted {
  readonly atMs: number;
  readonly comment?: string;
}

/** What was changed and when: PENDING until every server has it, then INSYNC. */
export class Changes {
  readonly #submitted = new Map<string, Submitted>();
  readonly #propagationMs: number;
  readonly #now: () => number;

  constructor({ clockFactor, now }: { readonly clockFactor: number; readonly now: () => number }) {
    this.#propagationMs = PROPAGATION_MS * clockFactor;
    this.#now = now;
  }

  /** Notes a change; answers what tells of it. */
  submit(comment?: string): Element {
    const id = identifier('C');
    this.#submitted.set(id, { atMs: this.#now(), ...(comment === undefined ? {} : { comment }) });
    return this.info(id);
  }

  /** Throws NoSuchChange. */
  info(id: string): Element {
    const submitted = this.#submitted.get(id);
    if (!submitted) throw new Route53Error(404, 'NoSuchChange', `Could not find resource with ID: ${id}`);
    const { atMs, comment } = submitted;
    return [
      'ChangeInfo',
      elements(
        ['Id', `/change/${id}`],
        ['Status', this.#now() - atMs < this.#propagationMs ? 'PENDING' : 'INSYNC'],
        ['SubmittedAt', new Date(atMs).toISOString()],
        ['Comment', comment],
      ),
    ];
  }
}

/** As the service makes them: a letter and 20 capitals and digits. */
export function identifier(letter: 'Z' | 'C'): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return letter + [...randomBytes(20)].map((byte) => alphabet[byte % alphabet.length]).join('');
}
