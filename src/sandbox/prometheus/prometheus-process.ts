import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess, startGuarded, type GuardedProcess } from '../cluster/node/guarded-process.ts';

export interface PrometheusOptions {
  /** Path of the program. */
  readonly program: string;
  /** Configuration and data; emptied first. */
  readonly folder: string;
  /** Prometheus' own configuration; JSON is YAML. */
  readonly config: unknown;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Blocks it finds at the start; within the folder when left out. */
  readonly dataDir?: string;
  readonly flags?: readonly string[];
  /** What its readiness page answers when it is: 401 where it wants a password. 200 when left out. */
  readonly readyStatus?: number;
}

export interface PrometheusServer {
  readonly url: string;
  /** Ends it. May be called twice. */
  close(): Promise<void>;
}

const START_LIMIT_MS = 30_000;
const END_GRACE_MS = 5_000;

/**
 * A real Prometheus on loopback, ready to answer; it cannot outlive this process.
 *
 * @throws Error with its last words when it does not start
 */
export async function startPrometheusServer(options: PrometheusOptions): Promise<PrometheusServer> {
  const { folder, config, port = 0, flags = [] } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const configFile = join(folder, 'prometheus.yml');
  await writeFile(configFile, JSON.stringify(config, null, 2));
  const running = startGuarded({
    argv: [
      options.program,
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${options.dataDir ?? join(folder, 'data')}`,
      '--storage.tsdb.retention.time=6h',
      '--storage.tsdb.wal-segment-size=10MB',
      `--web.listen-address=127.0.0.1:${port}`,
      ...flags,
    ],
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', GOMAXPROCS: '1' },
  });
  try {
    const url = await addressOf(running);
    await untilReady(url, options.readyStatus ?? 200);
    let closed: Promise<void> | undefined;
    return { url, close: () => (closed ??= endProcess(running, END_GRACE_MS)) };
  } catch (error) {
    await endProcess(running, 0);
    throw error;
  }
}

/** It is asked to take any free port, and its log says which. Later lines are read and dropped, so that it never blocks. */
async function addressOf(running: GuardedProcess): Promise<string> {
  let log = '';
  const listening = new Promise<string>((resolve) => {
    const read = (chunk: Buffer): void => {
      if (log.length > 100_000) return;
      log += chunk.toString('utf8');
      const found = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
      if (found !== undefined) resolve(found);
    };
    running.stderr.on('data', read);
    running.stdout.on('data', read);
  });
  const ended = running.exited.then((code) => ({ code }));
  const late = delay(START_LIMIT_MS, undefined, { ref: false });
  const first = await Promise.race([listening, ended, late]);
  if (typeof first === 'string') return `http://${first}`;
  const lastWords = log.trim().split('\n').at(-1) ?? '';
  const what = first === undefined ? `did not listen within ${START_LIMIT_MS / 1000} s` : `ended with ${first.code}`;
  // As a server of this process would say it.
  const cause = log.includes('address already in use')
    ? Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    : undefined;
  throw new Error(`prometheus ${what}: ${lastWords === '' ? 'no word' : lastWords.slice(0, 300)}`, { cause });
}

async function untilReady(url: string, status: number): Promise<void> {
  const deadlineMs = Date.now() + START_LIMIT_MS;
  for (;;) {
    const isReady = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_000) }).then(
      async (reply) => {
        await reply.arrayBuffer();
        return reply.status === status;
      },
      () => false,
    );
    if (isReady) return;
    if (Date.now() > deadlineMs) throw new Error(`prometheus at ${url} is not ready after ${START_LIMIT_MS / 1000} s`);
    await delay(50);
  }
}
