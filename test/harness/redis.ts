import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { type RedisCommands, openRedis } from '../../src/clients/redis/commands.ts';
import { redisTarget } from '../../src/clients/redis/target.ts';
import { requireTool } from './tools.ts';
import { until } from './until.ts';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: number;
  readonly redis: RedisCommands;
  kill(): void;
  close(): Promise<void>;
}

/** A server on a free port of the loopback; its folder is gone after `close`. */
export async function startTestRedis(settings: Readonly<Record<string, string>> = {}): Promise<TestRedis> {
  const program = requireTool('redis-server');
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-redis-'));
  const port = await freePort();
  const all = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    save: '',
    'repl-diskless-sync-delay': '0',
    ...settings,
  };
  const argv = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(program, [...argv, '--logfile', join(folder, 'log')], { stdio: 'ignore' });
  const password = settings.requirepass;
  const url = `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`;
  const kill = (): void => void child.kill('SIGKILL');
  let redis: RedisCommands | undefined;
  try {
    await until('redis answers', async () => {
      if (child.exitCode !== null) throw new Error(await readFile(join(folder, 'log'), 'utf8'));
      redis = await openRedis(redisTarget(url), AbortSignal.timeout(60_000)).catch(() => undefined);
      return redis;
    });
  } catch (error) {
    kill();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  if (redis === undefined) throw new Error('no redis');
  const opened = redis;
  return {
    url,
    port,
    folder,
    pid: child.pid ?? 0,
    redis: opened,
    kill,
    close: async () => {
      opened.close();
      const gone =
        child.exitCode !== null || child.signalCode !== null
          ? undefined
          : new Promise((done) => child.once('exit', done));
      kill();
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
