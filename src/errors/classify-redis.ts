import type { ErrorCode } from './codes.ts';

export interface RedisProblem {
  /** `PSYNC (redis cache.example.com:6379)` */
  readonly doing: string;
  /** Node's code of a socket error. */
  readonly code?: string | undefined;
  /** What the server or the driver said: `WRONGPASS invalid username-password pair ...`. */
  readonly message: string;
}

export interface ClassifiedRedisError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Code and message; pure. Nothing that is asked of a cache changes it, so what is not known is tried again. */
export function classifyRedis({ doing, code, message }: RedisProblem): ClassifiedRedisError {
  const found = TEXTS.find(({ pattern }) => pattern.test(message));
  const text = message.length > 300 ? `${message.slice(0, 297)}...` : message;
  return { code: found?.code ?? 'Unavailable', message: `${doing}: ${code === undefined ? '' : `${code}: `}${text}` };
}

const TEXTS: readonly { readonly pattern: RegExp; readonly code: ErrorCode }[] = [
  {
    pattern: /NOAUTH|WRONGPASS|NOPERM|invalid password|without any password configured|Authentication required/i,
    code: 'Forbidden',
  },
  {
    pattern: /unknown command|unknown subcommand|DENIED|is not allowed|wrong number of arguments/i,
    code: 'PreconditionFailed',
  },
  { pattern: /DB index is out of range|MOVED|CROSSSLOT/i, code: 'PreconditionFailed' },
  {
    pattern: /unable to verify the first certificate|self-signed certificate|certificate has expired|altnames/i,
    code: 'Forbidden',
  },
  { pattern: /timed? ?out|timeout/i, code: 'Timeout' },
];
