/** SQL as the rest of the product sees it. Errors are CodedErrors as `classifyPostgres` says. */

export interface Statement {
  /** For messages: `read ledger of deploy/production/crm-api`. */
  readonly doing: string;
  /** With `$1`, `$2` for values; without values it may hold several statements. */
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** int8 and numeric arrive as text, timestamptz as Date, json as its value. */
export type Row = Readonly<Record<string, unknown>>;

export interface SqlRunner {
  /** A lost connection is Unavailable: ask again. The signal cancels the statement in the server and is thrown. */
  read<R extends Row>(statement: Statement, signal?: AbortSignal): Promise<readonly R[]>;
  /** A lost connection is OutcomeUnknown, except inside a transaction, which is then rolled back for certain. */
  write<R extends Row>(statement: Statement, signal?: AbortSignal): Promise<readonly R[]>;
}

/** One connection: settings and session locks hold from one statement to the next. */
export interface SqlSession extends SqlRunner {
  /** As in pg_stat_activity and pg_locks. */
  readonly backendPid: number;
  /**
   * BEGIN, the body, COMMIT; ROLLBACK when the body throws. A connection lost before COMMIT was sent is Unavailable
   * (nothing stands), one lost in COMMIT is OutcomeUnknown. COMMIT itself is not cancelled.
   */
  transaction<T>(doing: string, body: (transaction: SqlRunner) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export interface Database extends SqlRunner {
  /** Runs the body over one connection, which is closed at its end: nothing it set or locked outlives it. */
  session<T>(doing: string, body: (session: SqlSession) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** As in a session, over a connection of the pool. */
  transaction<T>(doing: string, body: (transaction: SqlRunner) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Closes idle connections and waits for the busy ones. May be called twice. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database?sslmode=...`: a secret, in no message. */
  readonly url: string;
  /** As in pg_stat_activity; at most 63 bytes count. */
  readonly applicationName: string;
  /** For each statement, by the server. None when left out; a reply is then waited for without end. */
  readonly statementTimeoutMs?: number;
  /** 5 s when left out. */
  readonly connectTimeoutMs?: number;
  /** 4 when left out. */
  readonly maxConnections?: number;
}
