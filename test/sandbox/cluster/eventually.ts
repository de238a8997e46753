import { setTimeout as delay } from 'node:timers/promises';

/** Repeats a check until it stops throwing; throws its last error when the deadline passes. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 10_000, everyMs = 25): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= deadlineMs) throw error;
      await delay(everyMs);
    }
  }
}
