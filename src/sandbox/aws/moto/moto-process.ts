import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess, type GuardedProcess, startGuarded } from '../../cluster/node/guarded-process.ts';

export interface MotoProcess {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Of the process group that holds it. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Why it ended, with its last words; resolves when it has ended, however that came. */
  readonly ended: Promise<string>;
  /** Ends it. May be called twice. */
  close(): Promise<void>;
}

/** Python's first start compiles what it imports: seconds, on a busy machine many. */
const START_LIMIT_MS = 120_000;
const END_GRACE_MS = 3_000;

/**
 * One server of moto on a free port of loopback, ready to answer. Its state lives in its memory. It cannot outlive this
 * process.
 *
 * @param options.python interpreter that has moto
 * @param options.folder its log and its large objects; created when absent
 * @throws Error with its last words when it does not start
 */
export async function startMoto(options: { readonly python: string; readonly folder: string }): Promise<MotoProcess> {
  const { python, folder } = options;
  await mkdir(folder, { recursive: true });
  const logFile = join(folder, 'moto.log');
  const log = createWriteStream(logFile, { flags: 'w' });
  // A full disk loses the log, nothing else.
  log.on('error', () => undefined);
  const running = startGuarded({
    argv: [python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'],
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      PYTHONUNBUFFERED: '1',
      // Objects larger than 512 KiB go there instead of into memory.
      TMPDIR: folder,
      MOTO_S3_DEFAULT_KEY_BUFFER_SIZE: String(512 * 1024),
      // Of no use here, and a second of the first request to EC2.
      MOTO_EC2_LOAD_DEFAULT_AMIS: 'false',
      // It must never look for an account of this machine.
      AWS_ACCESS_KEY_ID: 'moto',
      AWS_SECRET_ACCESS_KEY: 'moto',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  const words = readWords(running, log);
  const ended = running.exited.then((code) => {
    log.end();
    return `moto ended with ${code}: ${words.last()} (${logFile})`;
  });
  try {
    const port = await Promise.race([
      words.port,
      ended.then((why) => Promise.reject(new Error(why))),
      delay(START_LIMIT_MS, undefined, { ref: false }),
    ]);
    if (port === undefined) throw new Error(`moto did not listen within ${START_LIMIT_MS / 1_000} s: ${words.last()}`);
    await untilItAnswers(port, ended);
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => (closed ??= endProcess(running, END_GRACE_MS));
    return { port, pid: running.pid, logFile, ended, close };
  } catch (error) {
    await endProcess(running, 0);
    throw error;
  }
}

interface Words {
  /** It is asked to take any free port, and says which. */
  readonly port: Promise<number>;
  last(): string;
}

function readWords(running: GuardedProcess, log: WriteStream): Words {
  let tail = '';
  const port = new Promise<number>((resolve) => {
    const read = (chunk: Buffer): void => {
      log.write(chunk);
      tail = (tail + chunk.toString('utf8')).slice(-8_000);
      const found = /Running on https?:\/\/127\.0\.0\.1:(\d+)/.exec(tail)?.[1];
      if (found !== undefined) resolve(Number(found));
    };
    running.stdout.on('data', read);
    running.stderr.on('data', read);
  });
  return { port, last: () => tail.trim().split('\n').at(-1)?.slice(0, 300) || 'no word' };
}

/** It says that it runs a moment before it does. */
async function untilItAnswers(port: number, ended: Promise<string>): Promise<void> {
  let hasEnded: string | undefined;
  void ended.then((why) => (hasEnded = why));
  const deadlineMs = Date.now() + START_LIMIT_MS;
  for (;;) {
    if (await answers(port)) return;
    if (hasEnded !== undefined) throw new Error(hasEnded);
    if (Date.now() > deadlineMs) throw new Error(`moto on port ${port} does not answer`);
    await delay(50);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request({ host: '127.0.0.1', port, path: '/moto-api/data.json', timeout: 5_000, agent: false });
    asking.on('response', (reply) => {
      reply.resume();
      resolve(reply.statusCode === 200);
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(false));
    asking.end();
  });
}
