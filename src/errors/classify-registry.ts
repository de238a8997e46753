import type { ErrorCode } from './codes.ts';

export interface ClassifiedRegistryError {
  readonly code: ErrorCode;
  /** `image registry.example.com/crm-api:v2: 403 from the registry: DENIED requested access is denied` */
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}

/** A reply of a registry (or of its token service) that is not 2xx, to a read. Pure. */
export function classifyRegistryRefusal(refusal: {
  /** `image registry.example.com/crm-api:v2` */
  readonly image: string;
  readonly status: number;
  /** `{"errors":[{"code","message"}]}`, empty after HEAD, or what a proxy in front wrote. */
  readonly body: string;
  readonly retryAfterMs?: number | undefined;
  /** `registry`, or `token service auth.example.com`. */
  readonly by: string;
}): ClassifiedRegistryError {
  const said = readErrors(refusal.body);
  const words = HTTP_WORDS[refusal.status];
  const text = `${refusal.status} from the ${refusal.by}${said ? `: ${said}` : words ? `: ${words}` : ''}`;
  return {
    code: codeOf(refusal.status),
    message: `${refusal.image}: ${text}`,
    retryAfterMs: refusal.retryAfterMs,
  };
}

/** No whole reply of a registry arrived. Pure. */
export function classifyRegistryLoss(loss: {
  readonly image: string;
  readonly kind: keyof typeof LOSS_CODES;
  readonly message: string;
  readonly by: string;
}): ClassifiedRegistryError {
  return {
    code: LOSS_CODES[loss.kind],
    message: `${loss.image}: ${loss.by} not available: ${loss.message}`,
    retryAfterMs: undefined,
  };
}

function codeOf(status: number): ErrorCode {
  if (status === 429) return 'Throttled';
  if (status === 408 || status === 504) return 'Timeout';
  if (status >= 500) return 'Unavailable';
  switch (status) {
    case 400:
      return 'InvalidInput';
    case 401:
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    default:
      return 'BadResponse';
  }
}

function readErrors(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (!isRecord(parsed)) return '';
    const errors: readonly unknown[] = Array.isArray(parsed.errors) ? parsed.errors : [];
    const texts = errors.filter(isRecord).map((each) => [each.code, each.message].filter(isText).join(' '));
    // Token services answer {"details": "..."} or {"error": "..."}.
    const plain = [parsed.details, parsed.error_description, parsed.error].filter(isText);
    return [...texts, ...plain].join('; ').slice(0, 300);
  } catch {
    const line = body.trim().split('\n', 1)[0] ?? '';
    return line.startsWith('<') ? 'an HTML page, not an answer of a registry' : line.slice(0, 300);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

const LOSS_CODES = {
  refused: 'Unavailable',
  lost: 'Unavailable',
  cancelled: 'Unavailable',
  timeout: 'Timeout',
  tooLarge: 'BadResponse',
} as const satisfies Record<string, ErrorCode>;

const HTTP_WORDS: Readonly<Record<number, string>> = {
  400: 'bad request',
  401: 'credentials are missing or wrong',
  403: 'access denied',
  404: 'not found',
  429: 'too many requests',
  500: 'internal error',
  502: 'bad gateway',
  503: 'unavailable',
  504: 'timeout',
};
