import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/**
 * Asks again and again until the answer is there (neither undefined nor false). `what` stands in the error, which also
 * tells the last thing that was seen; an error of the question counts as "not yet".
 */
export async function until<T>(
  what: string,
  question: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 60_000,
  seen: () => unknown = () => undefined,
  everyMs = LOOK_EVERY_MS,
): Promise<T> {
  const deadlineMs = Date.now() + withinMs;
  let problem: unknown;
  for (;;) {
    try {
      problem = undefined;
      const answer = await question();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      problem = error;
    }
    if (Date.now() >= deadlineMs) {
      const last = seen();
      const tail = [problem && `last error: ${String(problem)}`, last !== undefined && `last seen: ${text(last)}`];
      throw new Error([`${what}: not within ${withinMs / 1000} s`, ...tail.filter(Boolean)].join('; '));
    }
    await delay(everyMs);
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
