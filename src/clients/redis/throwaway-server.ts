/** A Redis server of our own that loads one RDB, for as long as it is looked at. Nobody else can reach it. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isCoded } from '../../errors/coded-error.ts';
import { openRedis, type RedisCommands } from './commands.ts';
import type { RedisTarget } from './target.ts';

/** Program of the server: MAINSTAY_REDIS, else `redis-server` or `valkey-server` on PATH; undefined when there is none. */
export async function findRedisServer(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  const folders = [
    ...(environment.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
    '/usr/local/bin',
    '/usr/bin',
  ];
  const candidates = [
    ...(environment.MAINSTAY_REDIS ? [environment.MAINSTAY_REDIS] : []),
    ...['redis-server', 'valkey-server'].flatMap((program) => folders.map((folder) => join(folder, program))),
  ];
  for (const path of candidates) {
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/**
 * A folder for the RDB that only we can read. It is removed with `remove`; when this process dies before, the server's
 * watchdog removes it.
 */
export async function makePrivateFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'mainstay-cache-'));
  await chmod(path, 0o700);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export type Loaded =
  | { readonly outcome: 'loaded'; readonly redis: RedisCommands }
  /** A newer format, or data of a module: another server could load it. */
  | { readonly outcome: 'unknownFormat'; readonly says: string }
  /** Nobody can load it. */
  | { readonly outcome: 'broken'; readonly says: string };

export interface ThrowawayServer {
  /** Waits until the RDB is loaded, or the server has ended over it. */
  loaded(signal: AbortSignal): Promise<Loaded>;
  close(): Promise<void>;
}

const POLL_MS = 50;
/**
 * Ends the server and removes its data when the standard input is closed: by us, or by the end of this process, however
 * that came (kill -9).
 */
const WATCHDOG = `
exec 3<&0
"$@" </dev/null &
server=$!
( cat <&3 >/dev/null; kill -9 $server; rm -rf "$MAINSTAY_FOLDER" ) 2>/dev/null &
wait $server`;
const NEWER =
  /Can't handle RDB format version|module data|unknown (RDB )?(object|module|type)|Unknown RDB encoding|I can't load: no matching module/i;

/** Starts the server over `dump.rdb` of the folder. It listens on a Unix socket in that folder, and writes nothing. */
export function startThrowawayServer(program: string, folder: string): ThrowawayServer {
  const socket = join(folder, 's');
  const settings: Readonly<Record<string, string>> = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: folder,
    dbfilename: 'dump.rdb',
    save: '',
    appendonly: 'no',
    maxmemory: '0',
    databases: '1024',
    'rdb-save-incremental-fsync': 'no',
  };
  const argv = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn('/bin/sh', ['-c', WATCHDOG, 'mainstay-cache', program, ...argv], {
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', MAINSTAY_FOLDER: folder },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  const listen = (chunk: Buffer): void => {
    said = `${said}${chunk.toString()}`.slice(-16_384);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  child.stdin.on('error', () => undefined);
  let failure = '';
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failure = error.message;
      resolve();
    });
    child.once('exit', () => resolve());
  });
  const isOver = (): boolean => failure !== '' || child.exitCode !== null || child.signalCode !== null;

  async function ask(signal: AbortSignal): Promise<RedisCommands | undefined> {
    const target: RedisTarget = { host: 'localhost', port: 0, isTls: false, path: socket };
    try {
      const redis = await openRedis(target, signal);
      if ((await redis.infoField('persistence', 'loading')) === '0') return redis;
      redis.close();
      return undefined;
    } catch (error) {
      if (!isCoded(error)) throw error;
      return undefined;
    }
  }

  return {
    loaded: async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        if (isOver()) {
          const says = failure || problemLines(said);
          return NEWER.test(said) ? { outcome: 'unknownFormat', says } : { outcome: 'broken', says };
        }
        const redis = await ask(signal);
        if (redis !== undefined) return { outcome: 'loaded', redis };
        await delay(POLL_MS, undefined, { signal });
      }
    },
    close: async () => {
      child.stdin.end();
      child.stdin.destroy();
      await ended;
    },
  };
}

/** What the server wrote about the data; its banner left out. */
function problemLines(said: string): string {
  const lines = said.split('\n').map((line) => line.replace(/^\d+:\w \d+ \w+ \d{4} [\d:.]+ [#*.-] /, '').trim());
  const telling = lines.filter((line) =>
    /rdb|error|fail|wrong|can't|corrupt|short read|checksum|unexpected/i.test(line),
  );
  return (telling.length > 0 ? telling : lines)
    .filter((line) => line !== '')
    .slice(-4)
    .join(' | ')
    .slice(0, 600);
}
