/** The RDB of a running server, taken as a replica takes it: no file is written at the server's side of ours. */
import type { Socket } from 'node:net';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { classifyRedis } from '../../errors/classify-redis.ts';
import { openSocket, placeOfRedis, type RedisTarget } from './target.ts';
import { WireReader } from './wire-reader.ts';

export interface ReplicationOptions {
  readonly signal: AbortSignal;
  /** Without a byte for so long the connection is given up; a server that still saves sends a line break every 10 s. 60 s when left out. */
  readonly silenceMs?: number;
}

const CONNECT_LIMIT_MS = 10_000;
/** Of the mark that ends an RDB whose length is not known at its start. */
const MARK_LENGTH = 40;

/**
 * The RDB in pieces, and nothing after it. Both ways of sending are read: with a length, and with a mark at the end
 * (diskless). The server forks for it, as it does for any new replica.
 *
 * @throws CodedError Forbidden (password, ACL), PreconditionFailed (the server takes no replicas), Unavailable,
 *   BadResponse (no RDB)
 */
export async function* streamRdb(
  target: RedisTarget,
  { signal, silenceMs = 60_000 }: ReplicationOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const place = placeOfRedis(target);
  let socket: Socket | undefined;
  const cut = (): void => void socket?.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  try {
    socket = await openSocket(target, CONNECT_LIMIT_MS, signal);
    const open = socket;
    open.on('error', () => undefined);
    open.setTimeout(silenceMs, () => open.destroy(new Error(`no byte for ${silenceMs / 1000} s: timeout`)));
    signal.addEventListener('abort', cut, { once: true });
    const reader = new WireReader(open);
    const size = await handShake(open, reader, target, place);
    yield* 'mark' in size ? untilMark(reader, size.mark) : ofLength(reader, size.length);
  } catch (error) {
    signal.throwIfAborted();
    throw coded(error, `copy of the data by replication (${place})`);
  } finally {
    signal.removeEventListener('abort', cut);
    socket?.destroy();
  }
}

type Size = { readonly length: number } | { readonly mark: Buffer };

async function handShake(socket: Socket, reader: WireReader, target: RedisTarget, place: string): Promise<Size> {
  const ask = async (...words: readonly string[]): Promise<string> => {
    socket.write(encode(words));
    return nonEmptyLine(reader);
  };
  const must = async (name: string, ...words: readonly string[]): Promise<string> => {
    const answer = await ask(...words);
    if (answer.startsWith('-')) throw refusal(name, place, answer.slice(1));
    return answer;
  };
  const { username, password } = target;
  if (password !== undefined) {
    await must('AUTH', 'AUTH', ...(username === undefined ? [] : [username]), password);
  }
  await must('PING', 'PING');
  // Older servers know neither; they go on all the same.
  await ask('REPLCONF', 'capa', 'eof', 'capa', 'psync2');
  await ask('REPLCONF', 'rdb-only', '1');
  let answer = await ask('PSYNC', '?', '-1');
  if (answer.startsWith('-') && /unknown command/i.test(answer)) {
    socket.write(encode(['SYNC']));
    answer = await nonEmptyLine(reader);
  } else if (answer.startsWith('+FULLRESYNC')) answer = await nonEmptyLine(reader);
  if (answer.startsWith('-')) throw refusal('PSYNC', place, answer.slice(1));
  return sizeOf(answer, place);
}

function sizeOf(answer: string, place: string): Size {
  const mark = /^\$EOF:(.+)$/.exec(answer)?.[1];
  if (mark?.length === MARK_LENGTH) return { mark: Buffer.from(mark, 'latin1') };
  const length = /^\$(\d+)$/.exec(answer)?.[1];
  if (length !== undefined) return { length: Number(length) };
  throw new CodedError(
    'BadResponse',
    `PSYNC (${place}): expected the size of an RDB, found ${JSON.stringify(answer.slice(0, 80))}`,
  );
}

/** Line breaks alone are signs of life while the server saves. */
async function nonEmptyLine(reader: WireReader): Promise<string> {
  for (;;) {
    const line = await reader.line();
    if (line !== '') return line;
  }
}

async function* ofLength(reader: WireReader, length: number): AsyncGenerator<Buffer, void, undefined> {
  for (let left = length; left > 0; ) {
    const piece = await reader.some(left);
    left -= piece.length;
    yield piece;
  }
}

/** The last 40 bytes are held back: they may be the mark, whole or in part. */
async function* untilMark(reader: WireReader, mark: Buffer): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer = Buffer.alloc(0);
  for (;;) {
    held = Buffer.concat([held, await reader.some(Number.MAX_SAFE_INTEGER)]);
    if (held.length < MARK_LENGTH) continue;
    const rest = held.subarray(held.length - MARK_LENGTH);
    const body = held.subarray(0, held.length - MARK_LENGTH);
    if (body.length > 0) yield body;
    if (rest.equals(mark)) return;
    held = rest;
  }
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

function refusal(name: string, place: string, message: string): CodedError {
  const seen = classifyRedis({ doing: `${name} (${place})`, message });
  return new CodedError(seen.code, seen.message);
}

/** What any error of a Redis connection becomes. No cause: a driver's error may carry the command with its password. */
export function coded(error: unknown, doing: string): CodedError {
  if (isCoded(error)) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const seen = classifyRedis({ doing, code, message });
  return new CodedError(seen.code, seen.message);
}
