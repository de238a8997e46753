import type { ErrorCode } from './codes.ts';

/** A reply of a Kubernetes API server that is not 2xx. */
export interface KubernetesRefusal {
  readonly verb: string;
  /** `Deployment crm/crm-api` */
  readonly object: string;
  /** True when the call changes something. */
  readonly write: boolean;
  readonly status: number;
  /** The body as it came: a `Status` object, or what a proxy in front wrote. */
  readonly body: string;
  /** From the Retry-After header. */
  readonly retryAfterMs?: number | undefined;
}

export interface ClassifiedError {
  readonly code: ErrorCode;
  /** `get Deployment crm/crm-api: 403 forbidden: deployments.apps "crm-api" is forbidden: ...` */
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  /** True for the 404 that speaks of the object itself, not of a kind that the cluster does not serve. */
  readonly absent: boolean;
}

/** The parts of a `Status` object that are read. */
interface StatusBody {
  readonly reason: string;
  readonly message: string;
  readonly name: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/** Code, message and delay of a refusal; pure. */
export function classifyKubernetesRefusal(refusal: KubernetesRefusal): ClassifiedError {
  const status = readStatus(refusal.body);
  const code = codeOf(refusal, status);
  const isUnserved = refusal.status === 404 && status?.name === undefined;
  const words =
    WORDS[status?.reason ?? ''] ?? HTTP_WORDS[refusal.status] ?? (refusal.status >= 500 ? 'server error' : 'refused');
  const said = isUnserved
    ? 'the server does not serve this kind; is its definition installed?'
    : (status?.message ?? firstLine(refusal.body));
  const unsure = code === 'OutcomeUnknown' ? ' (the write may have taken effect)' : '';
  const text = `${refusal.verb} ${refusal.object}: ${refusal.status} ${words}${said ? `: ${shorten(said)}` : ''}${unsure}`;
  const bodyDelay = status?.retryAfterSeconds === undefined ? undefined : status.retryAfterSeconds * 1000;
  return {
    code,
    message: text,
    retryAfterMs: refusal.retryAfterMs ?? bodyDelay,
    absent: refusal.status === 404 && !isUnserved,
  };
}

/** No whole reply arrived: was it a write that may have taken effect, or may the call simply be made again? Pure. */
export function classifyKubernetesLoss(loss: {
  readonly verb: string;
  readonly object: string;
  readonly write: boolean;
  /** The request may have reached the server. */
  readonly sent: boolean;
  readonly kind: keyof typeof LOSS_CODES;
  readonly message: string;
  readonly server: string;
}): ClassifiedError {
  const unsure = loss.write && loss.sent;
  const code: ErrorCode = unsure ? 'OutcomeUnknown' : LOSS_CODES[loss.kind];
  const note = unsure ? ' (the write may have taken effect)' : '';
  return {
    code,
    message: `${loss.verb} ${loss.object}: ${loss.message}, server ${loss.server}${note}`,
    retryAfterMs: undefined,
    absent: false,
  };
}

function codeOf(refusal: KubernetesRefusal, status: StatusBody | undefined): ErrorCode {
  const { status: http, write } = refusal;
  if (http === 429) return 'Throttled';
  // An API server, or a load balancer in front of it, may answer 5xx after the store has taken the write.
  if (http >= 500) return write ? 'OutcomeUnknown' : http === 504 ? 'Timeout' : 'Unavailable';
  switch (http) {
    case 400:
    case 413:
    case 422:
      return 'InvalidInput';
    case 401:
      return 'Forbidden';
    case 403:
      return status && isNotAboutRights(status.message) ? 'PreconditionFailed' : 'Forbidden';
    case 404:
      return 'NotFound';
    case 409:
      return 'Conflict';
    case 408:
      return write ? 'OutcomeUnknown' : 'Timeout';
    case 410:
      return 'Unavailable';
    default:
      return 'BadResponse';
  }
}

/** 403 is also the answer when a quota is used up or the namespace is being deleted: no right would help. */
function isNotAboutRights(message: string): boolean {
  return message.includes('exceeded quota') || message.includes('because it is being terminated');
}

function readStatus(body: string): StatusBody | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isRecord(parsed) || parsed.kind !== 'Status') return undefined;
  const details = isRecord(parsed.details) ? parsed.details : {};
  return {
    reason: typeof parsed.reason === 'string' ? parsed.reason : '',
    message: typeof parsed.message === 'string' ? parsed.message : '',
    name: typeof details.name === 'string' && details.name !== '' ? details.name : undefined,
    retryAfterSeconds:
      typeof details.retryAfterSeconds === 'number' && details.retryAfterSeconds > 0
        ? details.retryAfterSeconds
        : undefined,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstLine(body: string): string {
  const line = body.trim().split('\n', 1)[0] ?? '';
  return line.startsWith('<') ? 'an HTML page, not an answer of a Kubernetes API server' : line;
}

function shorten(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}

const LOSS_CODES = {
  refused: 'Unavailable',
  lost: 'Unavailable',
  cancelled: 'Unavailable',
  timeout: 'Timeout',
  tooLarge: 'BadResponse',
} as const satisfies Record<string, ErrorCode>;

const WORDS: Readonly<Record<string, string>> = {
  AlreadyExists: 'already exists',
  Conflict: 'conflict',
  Expired: 'expired',
  Forbidden: 'forbidden',
  InternalError: 'internal error',
  Invalid: 'invalid',
  NotFound: 'not found',
  ServerTimeout: 'server timeout',
  ServiceUnavailable: 'unavailable',
  Timeout: 'timeout',
  TooManyRequests: 'too many requests',
  Unauthorized: 'unauthorized',
};

const HTTP_WORDS: Readonly<Record<number, string>> = {
  400: 'bad request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not found',
  405: 'method not allowed',
  408: 'timeout',
  409: 'conflict',
  410: 'gone',
  413: 'too large',
  415: 'media type not supported',
  422: 'invalid',
  429: 'too many requests',
  500: 'internal error',
  502: 'bad gateway',
  503: 'unavailable',
  504: 'timeout',
};
