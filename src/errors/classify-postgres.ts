import type { ErrorCode } from './codes.ts';

/** An error of a statement or of a connection, in the parts that are looked at. */
export interface PostgresProblem {
  /** `read ledger`, `migration 0002_add_index.expand.sql` */
  readonly doing: string;
  /** SQLSTATE (five characters), or Node's code of a socket error (`ECONNREFUSED`); undefined when there is none. */
  readonly code: string | undefined;
  /** What the server or the driver said; never a statement with values. */
  readonly message: string;
  /** True when what was asked for changes something. */
  readonly write: boolean;
  /** False while connecting: nothing was asked for yet. */
  readonly sent: boolean;
}

export interface ClassifiedPostgresError {
  readonly code: ErrorCode;
  /** `read ledger: 55P03 lock not available: canceling statement due to lock timeout` */
  readonly message: string;
}

/** Code and message of a problem; pure. An unknown error of a write is OutcomeUnknown, of a read Unavailable. */
export function classifyPostgres(problem: PostgresProblem): ClassifiedPostgresError {
  const { doing, code, message, write, sent } = problem;
  const verdict = verdictOf(code, message);
  const isUnsure = write && sent && (verdict === 'lost' || verdict === undefined);
  const errorCode = isUnsure ? 'OutcomeUnknown' : verdict === 'lost' ? 'Unavailable' : (verdict ?? 'Unavailable');
  const words = code === undefined ? '' : `${code}${WORDS[code] ? ` ${WORDS[code]}` : ''}: `;
  const note = isUnsure ? ' (the write may have taken effect)' : '';
  return { code: errorCode, message: `${doing}: ${words}${shorten(message)}${note}` };
}

/** `lost`: the connection ended and nobody knows how far the server came. */
type Verdict = ErrorCode | 'lost' | undefined;

function verdictOf(code: string | undefined, message: string): Verdict {
  if (code === undefined) return DRIVER_TEXTS.find(({ pattern }) => pattern.test(message))?.verdict;
  return STATES[code] ?? (/^[0-9A-Z]{5}$/.test(code) ? CLASSES[code.slice(0, 2)] : undefined);
}

/** Texts of the driver `pg`, which gives these errors no code. */
const DRIVER_TEXTS: readonly { readonly pattern: RegExp; readonly verdict: Verdict }[] = [
  { pattern: /timeout expired|connection timeout|timeout exceeded when trying to connect/i, verdict: 'Timeout' },
  { pattern: /connection terminated|client has encountered a connection error|connection ended/i, verdict: 'lost' },
  { pattern: /query read timeout/i, verdict: 'lost' },
  { pattern: /does not support SSL|SASL|password must be a string/i, verdict: 'Forbidden' },
];

const STATES: Readonly<Record<string, Verdict>> = {
  // Sockets, before anything was sent.
  ECONNREFUSED: 'Unavailable',
  ENOTFOUND: 'Unavailable',
  EAI_AGAIN: 'Unavailable',
  EHOSTUNREACH: 'Unavailable',
  ENETUNREACH: 'Unavailable',
  // Sockets that may break in the middle.
  ECONNRESET: 'lost',
  EPIPE: 'lost',
  ETIMEDOUT: 'lost',
  // A server that ends or is ended; 57P03 says it before it takes a statement.
  '57P01': 'lost',
  '57P02': 'lost',
  '57P03': 'Unavailable',
  '57P04': 'NotFound',
  '57P05': 'lost',
  '25P03': 'lost',
  '25P04': 'lost',
  // The server refused a new session.
  '08001': 'Unavailable',
  '08004': 'Unavailable',
  '40003': 'lost',
  // Statement timeout, or a person's pg_cancel_backend: rolled back for certain.
  '57014': 'Timeout',
  '55P03': 'Conflict',
  '55006': 'Conflict',
  // A standby, or a session set to read only.
  '25006': 'PreconditionFailed',
  '42501': 'Forbidden',
  '3D000': 'NotFound',
  '3F000': 'NotFound',
  '42P01': 'NotFound',
  '42703': 'NotFound',
  '42704': 'NotFound',
  '42883': 'NotFound',
};

/** By the first two characters, for all states that are not named above. */
const CLASSES: Readonly<Record<string, Verdict>> = {
  '08': 'lost',
  '0A': 'InvalidInput',
  '21': 'InvalidInput',
  '22': 'InvalidInput',
  '23': 'PreconditionFailed',
  '25': 'InvalidInput',
  '28': 'Forbidden',
  '2B': 'PreconditionFailed',
  '40': 'Conflict',
  '42': 'InvalidInput',
  '44': 'PreconditionFailed',
  '53': 'Unavailable',
  '54': 'InvalidInput',
  '55': 'PreconditionFailed',
  '58': 'Unavailable',
  P0: 'PreconditionFailed',
  XX: 'BadResponse',
};

const WORDS: Readonly<Record<string, string>> = {
  '22012': 'division by zero',
  '23502': 'not-null violation',
  '23503': 'foreign-key violation',
  '23505': 'unique violation',
  '23514': 'check violation',
  '25006': 'read-only transaction',
  '28000': 'login refused',
  '28P01': 'wrong password',
  '3D000': 'no such database',
  '3F000': 'no such schema',
  '40001': 'serialization failure',
  '40P01': 'deadlock',
  '42501': 'no right to do this',
  '42601': 'syntax error',
  '42703': 'no such column',
  '42704': 'no such object',
  '42883': 'no such function',
  '42P01': 'no such table',
  '42P07': 'there already',
  '53100': 'disk full',
  '53200': 'out of memory',
  '53300': 'too many connections',
  '55P03': 'lock not available',
  '57014': 'canceled',
  '57P01': 'ended by an administrator',
  '57P02': 'ended by a crash of another session',
  '57P03': 'starting up, shutting down or in recovery',
  '57P04': 'database dropped',
};

function shorten(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 500 ? `${line.slice(0, 500)}...` : line;
}
