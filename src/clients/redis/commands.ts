/** Short questions to a Redis server. */
import {
  createClient,
  type RedisClientOptions,
  type RedisFunctions,
  type RedisModules,
  type RedisScripts,
} from '@redis/client';
import { createHash } from 'node:crypto';
import type { KeySample, RedisFacts } from '../../core/model/cache.ts';
import { parseRedisInfo } from '../../core/cache-backup/redis-info.ts';
import { coded } from './replication-stream.ts';
import { placeOfRedis, type RedisTarget } from './target.ts';

export interface RedisCommands {
  facts(): Promise<RedisFacts>;
  /** Of the section `persistence` and the like: a field of INFO. */
  infoField(section: string, field: string): Promise<string | undefined>;
  /** Keys picked at random, at most so many; fewer when some are picked twice. */
  pick(index: number, count: number): Promise<readonly string[]>;
  /** What stands at these keys (base64); a key that is not there is left out. */
  sample(index: number, keys: readonly string[]): Promise<readonly KeySample[]>;
  command(...words: readonly string[]): Promise<unknown>;
  close(): void;
}

const CONNECT_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 30_000;
/** Larger values are compared by their size only. */
const LARGEST_DIGESTED = 64 * 1024;
const SIZE_COMMANDS: Readonly<Record<string, string>> = {
  string: 'STRLEN',
  list: 'LLEN',
  set: 'SCARD',
  zset: 'ZCARD',
  hash: 'HLEN',
  stream: 'XLEN',
};

/** One connection, without reconnecting. Throws CodedError as classifyRedis says. */
export async function openRedis(target: RedisTarget, signal: AbortSignal): Promise<RedisCommands> {
  signal.throwIfAborted();
  const place = placeOfRedis(target);
  const client = createClient(optionsOf(target));
  client.on('error', () => undefined);
  const cut = (): void => {
    if (client.isOpen) client.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
  } catch (error) {
    signal.removeEventListener('abort', cut);
    cut();
    signal.throwIfAborted();
    throw coded(error, `connect (${place})`);
  }

  async function send(words: readonly (string | Buffer)[]): Promise<unknown> {
    try {
      return await client.sendCommand([...words], { typeMapping: { 36: Buffer } });
    } catch (error) {
      signal.throwIfAborted();
      throw coded(error, `${String(words[0])} (${place})`);
    }
  }
  const text = async (...words: readonly (string | Buffer)[]): Promise<string> => textOf(await send(words));

  async function sampleOne(index: number, key: string): Promise<KeySample | undefined> {
    const name = Buffer.from(key, 'base64');
    const [type, expires] = await Promise.all([text('TYPE', name), send(['PTTL', name])]);
    if (type === 'none') return undefined;
    const sizeCommand = SIZE_COMMANDS[type];
    const size = sizeCommand === undefined ? -1 : Number(await send([sizeCommand, name]));
    const value = type === 'string' && size <= LARGEST_DIGESTED ? await send(['GET', name]) : undefined;
    const leftMs = Number(expires);
    return {
      index,
      key,
      type,
      size,
      ...(leftMs >= 0 ? { expiresAtMs: Date.now() + leftMs } : {}),
      ...(Buffer.isBuffer(value) ? { digest: createHash('sha256').update(value).digest('hex') } : {}),
    };
  }

  return {
    facts: async () => parseRedisInfo(await text('INFO', 'everything').catch(() => text('INFO'))),
    infoField: async (section, field) => new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(await text('INFO', section))?.[1],
    pick: async (index, count) => {
      await send(['SELECT', String(index)]);
      const picked = await Promise.all(Array.from({ length: count }, () => send(['RANDOMKEY'])));
      return [...new Set(picked.filter(Buffer.isBuffer).map((key) => key.toString('base64')))];
    },
    sample: async (index, keys) => {
      await send(['SELECT', String(index)]);
      const seen = await Promise.all(keys.map((key) => sampleOne(index, key)));
      return seen.filter((each) => each !== undefined);
    },
    command: (...words) => send(words),
    close: () => {
      signal.removeEventListener('abort', cut);
      cut();
    },
  };
}

type Options = RedisClientOptions<RedisModules, RedisFunctions, RedisScripts, 2>;

function optionsOf(target: RedisTarget): Options {
  const { host, port, path, isTls, username, password } = target;
  const shared = {
    connectTimeout: CONNECT_LIMIT_MS,
    socketTimeout: ANSWER_LIMIT_MS,
    reconnectStrategy: false,
  } as const;
  return {
    RESP: 2,
    socket: isTls
      ? { host, port, tls: true, servername: host, ...shared }
      : { ...(path === undefined ? { host, port } : { path }), tls: false, ...shared },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

function textOf(answer: unknown): string {
  return Buffer.isBuffer(answer) ? answer.toString('utf8') : String(answer);
}
