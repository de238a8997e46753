import type { ErrorCode } from './codes.ts';

/** How pg_dump or pg_restore ended, when it was not well. */
export interface PgProgramEnd {
  /** `pg_dump of crm (database 127.0.0.1:5432/crm)` */
  readonly doing: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines it wrote to standard error. */
  readonly stderr: string;
}

export interface ClassifiedPgProgram {
  readonly code: ErrorCode;
  readonly message: string;
  /** The server could not read its own data: a finding, not a hindrance. */
  readonly isDamage: boolean;
}

/** Code and message; pure. What is not known is final: the same command would end the same. */
export function classifyPgProgram({ doing, exitCode, signal, stderr }: PgProgramEnd): ClassifiedPgProgram {
  const found = TEXTS.find(({ pattern }) => pattern.test(stderr));
  const isDamage = found === undefined && DAMAGE.test(stderr);
  const how = signal === null ? `ended with ${exitCode}` : `was ended by ${signal}`;
  const code = found?.code ?? (signal === null ? 'PreconditionFailed' : 'Unavailable');
  return { code, message: `${doing}: ${how}: ${lastWords(stderr)}`, isDamage };
}

const DAMAGE =
  /invalid page in block|could not read block|missing chunk number|unexpected chunk|compressed (pglz|lz4) data is corrupt|invalid memory alloc request size|could not access status of transaction/i;

const TEXTS: readonly { readonly pattern: RegExp; readonly code: ErrorCode }[] = [
  {
    pattern: /password authentication failed|no password supplied|no pg_hba\.conf entry|role ".*" does not exist/i,
    code: 'Forbidden',
  },
  { pattern: /permission denied|query would be affected by row-level security/i, code: 'Forbidden' },
  { pattern: /aborting because of server version mismatch/i, code: 'PreconditionFailed' },
  { pattern: /database ".*" does not exist/i, code: 'NotFound' },
  {
    pattern:
      /server closed the connection unexpectedly|connection to server .* failed|could not connect|terminating connection|SSL (connection|SYSCALL)|the database system is (starting up|shutting down|in recovery mode)|no connection to the server|too many (clients|connections)|canceling statement due to conflict with recovery/i,
    code: 'Unavailable',
  },
  { pattern: /canceling statement due to lock timeout|could not obtain lock/i, code: 'Conflict' },
  { pattern: /canceling statement due to statement timeout/i, code: 'Timeout' },
  { pattern: /invalid snapshot identifier|snapshot ".*" does not exist/i, code: 'Unavailable' },
];

/** The last lines, short; pg_dump never writes a password. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const text = lines.slice(-4).join(' | ');
  return text === '' ? 'it said nothing' : text.length > 800 ? `${text.slice(0, 797)}...` : text;
}
