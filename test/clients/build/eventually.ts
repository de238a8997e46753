import { setTimeout as delay } from 'node:timers/promises';

/** Polls until the answer is neither undefined nor false; throws with what was awaited when the time is over. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 10_000,
): Promise<T> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > untilMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await delay(20);
  }
}
