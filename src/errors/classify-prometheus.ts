/** What Prometheus (or a proxy before it) means by a reply that brings no data. Pure; one row a kind of refusal. */
import type { ErrorCode } from './codes.ts';

/** Why a query brought nothing that may be used. Stands in messages and in the documentation. */
export const QUERY_TROUBLES = {
  'bad query': 'InvalidInput',
  'execution failed': 'BadResponse',
  'timed out': 'Timeout',
  cancelled: 'Unavailable',
  unavailable: 'Unavailable',
  'server error': 'Unavailable',
  throttled: 'Throttled',
  'not allowed': 'Forbidden',
  'not found': 'NotFound',
  'not reachable': 'Unavailable',
  'reply too long': 'BadResponse',
  'no Prometheus reply': 'BadResponse',
  'wrong result type': 'InvalidInput',
  'native histogram': 'InvalidInput',
  'not whole': 'Unavailable',
} as const satisfies Record<string, ErrorCode>;

export type QueryTrouble = keyof typeof QUERY_TROUBLES;

/** `errorType` of Prometheus' own error replies. */
const ERROR_TYPES: Readonly<Record<string, QueryTrouble>> = {
  bad_data: 'bad query',
  execution: 'execution failed',
  timeout: 'timed out',
  canceled: 'cancelled',
  unavailable: 'unavailable',
  internal: 'server error',
  not_found: 'not found',
  too_many_requests: 'throttled',
};

export interface PrometheusRefusal {
  readonly trouble: QueryTrouble;
  /** `execution failed: 422 many-to-many matching not allowed ...` */
  readonly text: string;
}

/** A reply that is no success: by Prometheus' error type where it tells one, else by HTTP status. */
export function classifyPrometheusRefusal(status: number, body: string): PrometheusRefusal {
  const told = toldBy(body);
  const trouble = troubleOf(status, told?.errorType);
  const words = told?.error ?? plainWords(body);
  return { trouble, text: `${trouble}: ${status}${words === '' ? '' : ` ${words}`}` };
}

/** No whole reply arrived. */
export function classifyPrometheusLoss(
  kind: 'refused' | 'lost' | 'timeout' | 'tooLarge',
  message: string,
): PrometheusRefusal {
  const trouble = kind === 'timeout' ? 'timed out' : kind === 'tooLarge' ? 'reply too long' : 'not reachable';
  return { trouble, text: `${trouble}: ${message}` };
}

function troubleOf(status: number, errorType: string | undefined): QueryTrouble {
  // Servers that speak this API say that one asks too much by the status; their error type varies.
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'not allowed';
  const known = errorType === undefined ? undefined : ERROR_TYPES[errorType];
  if (known !== undefined) return known;
  if (status === 404) return 'not found';
  if (status === 408 || status === 504) return 'timed out';
  if (status === 422) return 'execution failed';
  if (status >= 500) return 'unavailable';
  return 'no Prometheus reply';
}

function toldBy(body: string): { errorType: string; error: string } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('errorType' in parsed)) return undefined;
    const error = 'error' in parsed ? String(parsed.error) : '';
    return { errorType: String(parsed.errorType), error: cut(error) };
  } catch {
    return undefined;
  }
}

/** The first line of what a proxy wrote; a page is no sentence. */
function plainWords(body: string): string {
  const line = body.trimStart().split('\n', 1)[0]?.trim() ?? '';
  return line.startsWith('<') || line.startsWith('{') ? '' : cut(line);
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
