/** Runs what has the same key one after the other, in the order of the calls. */
export function createTurns(): <T>(key: string, body: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (key, body) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(body, body);
    const settled = mine.catch(() => undefined);
    last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  };
}
