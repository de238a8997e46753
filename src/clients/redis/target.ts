/** Where a Redis server is, from its URL. */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CodedError } from '../../errors/coded-error.ts';

export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly username?: string;
  /** A secret. */
  readonly password?: string;
  /** A Unix socket, instead of host and port. */
  readonly path?: string;
}

/** `redis[s]://[user][:password]@host[:port]`. Throws InvalidInput, which does not repeat the text. */
export function redisTarget(url: string): RedisTarget {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol)) {
    throw new CodedError(
      'InvalidInput',
      'Redis URL: expected redis://user:password@host:port or rediss://..., found another text',
    );
  }
  const { hostname, port, username, password, protocol } = parsed;
  return {
    host: hostname === '' ? '127.0.0.1' : hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 6379 : Number(port),
    isTls: protocol === 'rediss:',
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
}

/** `redis cache.example.com:6379`: what may be said of it. */
export function placeOfRedis({ host, port, path }: RedisTarget): string {
  return `redis ${path ?? `${host}:${port}`}`;
}

/** A raw connection, open. Rejects with Node's error. */
export async function openSocket(target: RedisTarget, withinMs: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const { host, port, path, isTls } = target;
  const place = path === undefined ? { host, port } : { path };
  const socket = isTls ? connectTls({ host, port, servername: host }) : connectPlain(place);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`no connection within ${withinMs / 1000} s: timeout`)), withinMs);
    const onAbort = (): void => fail(signal.reason);
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', fail);
    }
    function fail(error: unknown): void {
      finish();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    }
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      finish();
      resolve(socket);
    });
  });
}
