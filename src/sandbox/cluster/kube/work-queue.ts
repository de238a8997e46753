/** Keys to reconcile. A key is handled by one worker at a time, and once for many additions. */
export interface WorkQueue {
  add(key: string): void;
  /** Adds the key after a delay; the earliest of several delays wins. */
  addAfter(key: string, delayMs: number): void;
  /** Stops taking keys and waits for the ones in hand. */
  close(): Promise<void>;
}

export interface WorkQueueOptions {
  readonly handle: (key: string) => Promise<void>;
  /** A throw of `handle`; the key is retried with a growing delay. */
  readonly onError: (key: string, error: Error, attempt: number) => void;
  /** How many keys are handled at the same time. */
  readonly concurrency?: number;
  readonly firstRetryMs?: number;
  readonly lastRetryMs?: number;
}

/** Level-triggered work queue: deduplicates, retries with exponential delay, forgets the delay after a success. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { concurrency = 4, firstRetryMs = 20, lastRetryMs = 5000 } = options;
  const waiting = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const addedWhileRunning = new Set<string>();
  const timers = new Map<string, { dueMs: number; timer: NodeJS.Timeout }>();
  const attempts = new Map<string, number>();
  let isClosed = false;

  function add(key: string): void {
    if (isClosed) return;
    if (running.has(key)) addedWhileRunning.add(key);
    else waiting.add(key);
    startWorkers();
  }

  function addAfter(key: string, delayMs: number): void {
    if (isClosed) return;
    const dueMs = Date.now() + delayMs;
    const pending = timers.get(key);
    if (pending && pending.dueMs <= dueMs) return;
    if (pending) clearTimeout(pending.timer);
    const timer = setTimeout(() => {
      timers.delete(key);
      add(key);
    }, delayMs);
    timers.set(key, { dueMs, timer });
  }

  function startWorkers(): void {
    for (const key of waiting) {
      if (running.size >= concurrency) return;
      waiting.delete(key);
      running.set(key, work(key));
    }
  }

  async function work(key: string): Promise<void> {
    // The caller that adds a key must not run the handler in its own stack.
    await Promise.resolve();
    try {
      if (!isClosed) await options.handle(key);
      attempts.delete(key);
    } catch (cause) {
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (!isClosed) options.onError(key, error, attempt);
      addAfter(key, Math.min(firstRetryMs * 2 ** (attempt - 1), lastRetryMs));
    }
    running.delete(key);
    if (addedWhileRunning.delete(key)) add(key);
    startWorkers();
  }

  return {
    add,
    addAfter,
    close: async () => {
      isClosed = true;
      waiting.clear();
      for (const { timer } of timers.values()) clearTimeout(timer);
      timers.clear();
      await Promise.all(running.values());
    },
  };
}
