/** How long an unanswered write is believed to be under way before the cache is trusted again. */
const EXPIRY_MS = 60_000;

/**
 * What a controller has asked for and not yet seen in its cache. Until it is seen, the cache undercounts creations and
 * overcounts deletions, and acting on it would create or delete twice. Names are chosen by the controller before it
 * sends, so that a creation whose reply was lost is recognised too.
 */
export class Expectations {
  readonly #pending = new Map<string, Map<string, number>>();

  /** Notes that `item` (a name to be created, a uid to be deleted) was asked for on behalf of `key`. */
  expect(key: string, item: string, nowMs: number): void {
    const items = this.#pending.get(key) ?? new Map<string, number>();
    items.set(item, nowMs + EXPIRY_MS);
    this.#pending.set(key, items);
  }

  /** The item was seen in the cache, or its request was refused. */
  settle(key: string, item: string): void {
    const items = this.#pending.get(key);
    if (!items) return;
    items.delete(item);
    if (items.size === 0) this.#pending.delete(key);
  }

  /** True when everything asked for has been seen, or has been waited for long enough. */
  isSettled(key: string, nowMs: number): boolean {
    const items = this.#pending.get(key);
    if (!items) return true;
    for (const [item, expiresMs] of items) if (expiresMs <= nowMs) items.delete(item);
    if (items.size > 0) return false;
    this.#pending.delete(key);
    return true;
  }

  forget(key: string): void {
    this.#pending.delete(key);
  }
}
