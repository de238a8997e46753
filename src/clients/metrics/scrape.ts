/** Reads text exposition over HTTP. */
import { CodedError } from '../../errors/coded-error.ts';
import { exchange, ExchangeError, retryAfterMs } from '../http/exchange.ts';
import type { HttpReply } from '../http/exchange.ts';
import { parseExposition } from './exposition.ts';
import type { Exposition, ExpositionSample } from './exposition.ts';

export const SCRAPE_TIMEOUT_MS = 5_000;
export const SCRAPE_MAX_BYTES = 10 * 1024 * 1024;

export interface ScrapeLimits {
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/**
 * One page, parsed. With `wanted`, only samples of these names.
 *
 * @throws CodedError Unavailable, Timeout, Throttled, Forbidden, NotFound (404) or BadResponse, each naming the URL; an
 *   aborted signal throws its reason.
 */
export async function scrapePage(
  url: string,
  options: { wanted?: ReadonlySet<string>; limits?: ScrapeLimits } = {},
  signal?: AbortSignal,
): Promise<Exposition> {
  const reply = await getPage(url, options.limits ?? {}, signal);
  if (reply.status !== 200) throw refusal(url, reply);
  return parseExposition(reply.body, url, options.wanted);
}

/** All samples of one page; errors as `scrapePage`. */
export async function fetchExposition(url: string, signal?: AbortSignal): Promise<readonly ExpositionSample[]> {
  const page = await scrapePage(url, {}, signal);
  return page.samples;
}

async function getPage(url: string, limits: ScrapeLimits, signal?: AbortSignal): Promise<HttpReply> {
  let target: URL;
  try {
    target = new URL(url);
  } catch (error) {
    throw new CodedError('InvalidInput', `${url}: expected a URL of a metrics page`, { cause: error });
  }
  try {
    return await exchange({
      method: 'GET',
      url: target,
      headers: { accept: 'text/plain; version=0.0.4; charset=utf-8, text/plain; q=0.5, */*; q=0.1' },
      timeoutMs: limits.timeoutMs ?? SCRAPE_TIMEOUT_MS,
      maxBytes: limits.maxBytes ?? SCRAPE_MAX_BYTES,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    if (error.kind === 'cancelled') throw signal?.reason ?? error;
    const code = error.kind === 'timeout' ? 'Timeout' : error.kind === 'tooLarge' ? 'BadResponse' : 'Unavailable';
    throw new CodedError(code, `${url}: ${error.message}`, { cause: error });
  }
}

function refusal(url: string, reply: HttpReply): CodedError {
  const { status } = reply;
  const retryAfter = retryAfterMs(reply.headers, Date.now());
  const code =
    status === 404
      ? 'NotFound'
      : status === 401 || status === 403
        ? 'Forbidden'
        : status === 429
          ? 'Throttled'
          : status >= 500
            ? 'Unavailable'
            : 'BadResponse';
  return new CodedError(code, `${url}: expected 200 with metrics, got ${status}`, { retryAfterMs: retryAfter });
}
