import pg from 'pg';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { classifyPostgres } from '../../errors/classify-postgres.ts';
import { cancelOnAbort } from './cancel.ts';
import type { Database, DatabaseOptions, Row, SqlRunner, SqlSession, Statement } from './port.ts';

const CONNECT_TIMEOUT_MS = 5000;
const IDLE_MS = 30_000;
/** The server ends a statement at its timeout; a server that does not even say so is given up a little later. */
const REPLY_GRACE_MS = 10_000;

/** A small pool over `pg`. No connection is made before the first statement. Throws InvalidInput for a text that is no URL. */
export function openDatabasePool(options: DatabaseOptions): Database {
  const { statementTimeoutMs, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const place = placeOf(options.url);
  const config: pg.ClientConfig = {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(statementTimeoutMs === undefined
      ? {}
      : { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs + REPLY_GRACE_MS }),
  };
  const pool = new pg.Pool({
    ...config,
    max: options.maxConnections ?? 4,
    idleTimeoutMillis: IDLE_MS,
    allowExitOnIdle: true,
  });
  // A connection that ends while nobody uses it is simply replaced; without listeners it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  let closing: Promise<void> | undefined;

  async function connected<T>(
    doing: string,
    keep: boolean,
    body: (session: SqlSession) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const client = await connect(pool, `${doing} (${place})`, signal);
    let isSound = false;
    try {
      const result = await body(sessionOf(client, config, place));
      isSound = true;
      return result;
    } catch (error) {
      isSound = error instanceof CodedError && !isCoded(error, 'Unavailable') && !isCoded(error, 'OutcomeUnknown');
      throw error;
    } finally {
      client.release(!(keep && isSound));
    }
  }

  return {
    read: (statement, signal) => connected(statement.doing, true, (session) => session.read(statement, signal), signal),
    write: (statement, signal) =>
      connected(statement.doing, true, (session) => session.write(statement, signal), signal),
    session: (doing, body, signal) => connected(doing, false, body, signal),
    transaction: (doing, body, signal) =>
      connected(doing, true, (session) => session.transaction(doing, body, signal), signal),
    close: () => (closing ??= pool.end()),
  };
}

/** `database db.example.com:5432/crm`: what may be said of a URL. */
export function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    // The text is not repeated: it may hold a password.
    throw new CodedError(
      'InvalidInput',
      'database URL: expected postgres://user:password@host:port/database, found another text',
    );
  }
  return `database ${parsed.hostname || 'localhost'}:${parsed.port || '5432'}${parsed.pathname}`;
}

/** The connection, or the signal's reason; one that comes after the abort goes back to the pool. */
async function connect(pool: pg.Pool, doing: string, signal: AbortSignal | undefined): Promise<pg.PoolClient> {
  signal?.throwIfAborted();
  const connecting = pool.connect();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([connecting, aborted]);
  } catch (error) {
    if (signal?.aborted) {
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw error;
    }
    throw coded(error, { doing, write: false, sent: false });
  } finally {
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

function sessionOf(client: pg.PoolClient, config: pg.ClientConfig, place: string): SqlSession {
  async function run<R extends Row>(
    statement: Statement,
    write: boolean,
    signal: AbortSignal | undefined,
  ): Promise<readonly R[]> {
    signal?.throwIfAborted();
    const { text, values } = statement;
    const running: Promise<pg.QueryResult<R> | readonly pg.QueryResult<R>[]> =
      values === undefined ? client.query<R>(text) : client.query<R>(text, [...values]);
    try {
      const result = await cancelOnAbort(client, config, running, signal);
      // A text of several statements is answered by a list, whatever the driver's types say.
      return 'rows' in result ? result.rows : result.flatMap(({ rows }) => rows);
    } catch (error) {
      signal?.throwIfAborted();
      throw coded(error, { doing: `${statement.doing} (${place})`, write, sent: true });
    }
  }

  async function commit(doing: string): Promise<void> {
    const asked = { doing: `${doing}: commit (${place})`, write: true, sent: true };
    const { command } = await client.query('COMMIT').catch((error: unknown) => {
      throw coded(error, asked);
    });
    // The server's answer when a statement had failed and nobody said so.
    if (command === 'ROLLBACK')
      throw new CodedError('BadResponse', `${asked.doing}: rolled back after a failed statement`);
  }

  const within: SqlRunner = {
    read: (statement, signal) => run(statement, false, signal),
    write: (statement, signal) => run(statement, false, signal),
  };
  return {
    backendPid: backendPidOf(client),
    read: (statement, signal) => run(statement, false, signal),
    write: (statement, signal) => run(statement, true, signal),
    transaction: async (doing, body, signal) => {
      await run({ doing, text: 'BEGIN' }, false, signal);
      const result = await body(within).catch(async (error: unknown) => {
        // When this fails too, the connection is gone, and with it the transaction.
        await run({ doing, text: 'ROLLBACK' }, false, undefined).catch(() => undefined);
        throw error;
      });
      await commit(doing);
      return result;
    },
  };
}

function backendPidOf(client: pg.PoolClient): number {
  const pid: unknown = 'processID' in client ? client.processID : undefined;
  return typeof pid === 'number' ? pid : 0;
}

function coded(
  error: unknown,
  asked: { readonly doing: string; readonly write: boolean; readonly sent: boolean },
): CodedError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // No cause: the driver's errors may carry the statement, its values or the URL.
  const message = error instanceof Error ? error.message || firstOf(error) : String(error);
  const seen = classifyPostgres({ ...asked, code, message });
  return new CodedError(seen.code, seen.message, { details: { sqlState: code ?? null } });
}

/** Node's AggregateError of several addresses has no message of its own. */
function firstOf(error: Error): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first instanceof Error ? first.message : 'no message';
}
