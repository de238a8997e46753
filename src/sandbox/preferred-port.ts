/**
 * Starts a server on the wished port, and on any free one when that is taken: a second sandbox on one machine must
 * come up all the same. Other errors are thrown.
 */
export async function onPort<T>(wished: number | undefined, start: (port: number) => Promise<T>): Promise<T> {
  if (!wished) return start(0);
  try {
    return await start(wished);
  } catch (error) {
    if (!isTaken(error)) throw error;
    return start(0);
  }
}

function isTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'EADDRINUSE') || isTaken(error.cause);
}
