import pg from 'pg';

/** How long a canceled statement may take to end before its connection is cut. */
const CANCEL_LIMIT_MS = 3000;

/**
 * The result of a statement that runs on the client. When the signal comes first, the server is asked (over another
 * connection) to cancel the statement, so that it does not go on there; a statement that does not end within 3 s loses
 * its connection, and its transaction is rolled back when the server notices.
 */
export async function cancelOnAbort<T>(
  client: pg.PoolClient,
  config: pg.ClientConfig,
  running: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return running;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => client.connection.stream.destroy(), CANCEL_LIMIT_MS);
    void cancelBackend(client, config);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await running;
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

async function cancelBackend(client: pg.PoolClient, config: pg.ClientConfig): Promise<void> {
  const pid: unknown = 'processID' in client ? client.processID : undefined;
  const other = new pg.Client({ ...config, connectionTimeoutMillis: CANCEL_LIMIT_MS, query_timeout: CANCEL_LIMIT_MS });
  other.on('error', () => undefined);
  try {
    await other.connect();
    await other.query('SELECT pg_cancel_backend($1)', [pid]);
  } catch {
    // The cut of the connection follows.
  } finally {
    await other.end().catch(() => undefined);
  }
}
