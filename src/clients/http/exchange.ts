import { type Agent, request as httpRequest, type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';

export interface HttpExchange {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: Agent;
  /** TLS settings (ca, cert, key, servername, rejectUnauthorized). */
  readonly tls?: Readonly<RequestOptions>;
  /** From the call to the last byte of the reply. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** A longer reply is refused. Default 32 MiB. */
  readonly maxBytes?: number;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Text of the body, as UTF-8. */
  readonly body: string;
  /** The very bytes, for digests. */
  readonly bytes: Buffer;
}

/** Why no whole reply arrived. */
export type LossKind = 'refused' | 'lost' | 'timeout' | 'cancelled' | 'tooLarge';

/**
 * No whole reply arrived. `sent` is true when the request may have reached the server: the connection stood (with TLS:
 * after the handshake), so a write may have taken effect.
 */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly kind: LossKind;
  readonly sent: boolean;

  constructor(kind: LossKind, sent: boolean, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.sent = sent;
  }
}

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

/**
 * One HTTP request and its whole reply, whatever its status. Redirects are not followed.
 *
 * @throws ExchangeError when no whole reply arrived
 */
export async function exchange(call: HttpExchange): Promise<HttpReply> {
  const attempt = { reused: false };
  try {
    return await exchangeOnce(call, attempt);
  } catch (error) {
    // A server may close a kept connection just as it is used again; a read can simply be asked once more.
    const isRead = call.method === 'GET' || call.method === 'HEAD';
    if (!isRead || !attempt.reused || !(error instanceof ExchangeError) || error.kind !== 'lost') throw error;
    return await exchangeOnce(call, attempt);
  }
}

function exchangeOnce(call: HttpExchange, attempt: { reused: boolean }): Promise<HttpReply> {
  return new Promise<HttpReply>((resolve, reject) => {
    if (call.signal?.aborted) {
      reject(new ExchangeError('cancelled', false, 'cancelled before it was sent', call.signal.reason));
      return;
    }
    let sent = false;
    let connected = false;
    const request = open(call);

    function fail(kind: LossKind, message: string, cause?: unknown): void {
      finish();
      reject(new ExchangeError(kind, sent, message, cause));
      request.destroy();
    }
    function cancel(): void {
      fail(
        'cancelled',
        sent ? 'cancelled while waiting for the reply' : 'cancelled before it was sent',
        call.signal?.reason,
      );
    }
    function finish(): void {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', cancel);
    }
    const timer = setTimeout(() => {
      const what = connected ? 'no whole reply' : 'no connection';
      fail('timeout', `${what} within ${call.timeoutMs / 1000} s`);
    }, call.timeoutMs);
    call.signal?.addEventListener('abort', cancel, { once: true });

    request.once('socket', (socket) => {
      attempt.reused = request.reusedSocket;
      const stands = (): void => {
        connected = true;
        sent = true;
      };
      if (request.reusedSocket || !socket.connecting) stands();
      else socket.once(call.url.protocol === 'https:' ? 'secureConnect' : 'connect', stands);
    });
    request.on('error', (error) => {
      fail(sent ? 'lost' : 'refused', describeNetworkError(error), error);
    });
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        const limit = call.maxBytes ?? DEFAULT_MAX_BYTES;
        if (length > limit) fail('tooLarge', `the reply is longer than ${limit} bytes`);
        else chunks.push(chunk);
      });
      response.once('error', (error) => fail('lost', describeNetworkError(error), error));
      response.once('close', () => {
        if (!response.complete) fail('lost', 'the connection was closed in the middle of the reply');
      });
      response.once('end', () => {
        if (!response.complete) return;
        finish();
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes.toString('utf8'), bytes });
      });
    });
    request.end(call.body);
  });
}

function open(call: HttpExchange): ClientRequest {
  const headers: Record<string, string> = { ...call.headers };
  if (call.body !== undefined) headers['content-length'] = String(Buffer.byteLength(call.body));
  const options: RequestOptions = { ...call.tls, method: call.method, headers };
  if (call.agent) options.agent = call.agent;
  return call.url.protocol === 'https:' ? httpsRequest(call.url, options) : httpRequest(call.url, options);
}

/** `connection refused (ECONNREFUSED 127.0.0.1:5000)` */
export function describeNetworkError(error: unknown): string {
  // A host with several addresses fails with one error an address; the first says enough.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return String(first);
  const { code, address, port } = first as NodeJS.ErrnoException & { address?: string; port?: number };
  const words = code === undefined ? undefined : NETWORK_WORDS[code];
  if (code === undefined || words === undefined) return first.message;
  return `${words} (${code}${address ? ` ${address}${port ? `:${port}` : ''}` : ''})`;
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection cut',
  EPIPE: 'connection cut',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host not reachable',
  ENETUNREACH: 'network not reachable',
  ETIMEDOUT: 'connection timed out',
};

/** Retry-After in milliseconds: seconds or an HTTP date. Undefined when absent or not readable. */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const text = headers['retry-after'];
  if (!text) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
