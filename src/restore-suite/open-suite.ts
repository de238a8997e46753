/** Connections of the suite: each with its settings pinned, because five of them change what a digest is. */
import { openDatabasePool } from '../clients/postgres/pool.ts';
import type { Row, SqlRunner, SqlSession } from '../clients/postgres/port.ts';
import { isCoded } from '../errors/coded-error.ts';

/** One connection with pinned settings. Errors are CodedErrors; `problemOf` tells what the server said. */
export interface SuiteSession {
  read<R extends Row>(doing: string, text: string, values?: readonly unknown[]): Promise<readonly R[]>;
  /** Settings inside are for this transaction only. Read-only, as everything. */
  transaction<T>(doing: string, body: (inner: SuiteSession) => Promise<T>): Promise<T>;
  /** Where the role's own queries look for names. */
  readonly searchPath: string;
}

export interface Suite {
  /** Runs the body over one connection of its own. */
  session<T>(doing: string, body: (session: SuiteSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface SuiteOptions {
  readonly url: string;
  readonly connections: number;
  /** For each statement; none when left out. */
  readonly statementTimeoutMs?: number;
  readonly isolation?: 'repeatable read';
  /** False for what prepares a copy. */
  readonly readOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const PINS: readonly (readonly [name: string, value: string])[] = [
  ['timezone', 'UTC'],
  ['datestyle', 'ISO, YMD'],
  ['intervalstyle', 'iso_8601'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['lc_monetary', 'C'],
  ['xmlbinary', 'base64'],
  ['row_security', 'off'],
  ['jit', 'off'],
  ['max_parallel_workers_per_gather', '0'],
  ['work_mem', '64MB'],
  ['maintenance_work_mem', '128MB'],
  // A table is counted in its heap: an index could say what the heap no longer holds.
  ['enable_indexonlyscan', 'off'],
  // A connection that holds the snapshot for the others is idle in its transaction for as long as they read.
  ['idle_in_transaction_session_timeout', '0'],
  ['search_path', 'pg_catalog'],
];

export function openSuite(options: SuiteOptions): Suite {
  const { url, connections, statementTimeoutMs, signal } = options;
  const database = openDatabasePool({
    url,
    applicationName: 'mainstay restore suite',
    maxConnections: connections + 1,
    connectTimeoutMs: 10_000,
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
  });
  const pins = pinsOf(options);
  return {
    session: (doing, body) =>
      database.session(
        doing,
        async (session) => {
          const [before] = await session.read<{ search_path: string }>({ doing, text: 'show search_path' }, signal);
          await session.read({ doing, text: pins }, signal);
          return body(suiteSession(session, before?.search_path ?? 'public', signal));
        },
        signal,
      ),
    close: () => database.close(),
  };
}

function pinsOf({ isolation, readOnly = true }: SuiteOptions): string {
  const more: readonly (readonly [string, string])[] = [
    ...(isolation ? [['default_transaction_isolation', isolation] as const] : []),
    ...(readOnly ? [['default_transaction_read_only', 'on'] as const] : []),
  ];
  return [...PINS, ...more].map(([name, value]) => `set ${name} = '${value}'`).join('; ');
}

function suiteSession(session: SqlSession, searchPath: string, signal: AbortSignal | undefined): SuiteSession {
  const over = (runner: SqlRunner): Pick<SuiteSession, 'read'> => ({
    read: (doing, text, values) => runner.read({ doing, text, ...(values === undefined ? {} : { values }) }, signal),
  });
  return {
    searchPath,
    ...over(session),
    transaction: (doing, body) =>
      session.transaction(
        doing,
        (runner) =>
          body({
            searchPath,
            ...over(runner),
            transaction: () => Promise.reject(new Error(`${doing}: a transaction inside a transaction`)),
          }),
        signal,
      ),
  };
}

/** What the server said of a statement that failed; undefined for an error that is a bug or an abort. */
export function problemOf(error: unknown): { readonly sqlState?: string; readonly message: string } | undefined {
  if (!isCoded(error)) return undefined;
  const state = stateOf(error.details);
  // The name of the database stands in the report already.
  const message = error.message.replace(/^.*?\(database [^)]*\): /, '');
  // The driver's own time limit comes after the server's: the server does not answer.
  if (state === undefined && error.code === 'Timeout') return { sqlState: '57014', message };
  return { ...(state === undefined ? {} : { sqlState: state }), message };
}

function stateOf(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('sqlState' in details)) return undefined;
  return typeof details.sqlState === 'string' ? details.sqlState : undefined;
}
