/** pg_dump, streamed: what it writes is handed on as it comes, and never stands on a disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CodedError } from '../../errors/coded-error.ts';
import { classifyPgProgram } from '../../errors/classify-pg-dump.ts';
import { placeOf } from '../postgres/pool.ts';
import { connectionEnvironment } from './connection-environment.ts';

export interface DumpRun {
  /** Folder of pg_dump. */
  readonly folder: string;
  /** A secret. */
  readonly url: string;
  readonly applicationName: string;
  /** From pg_export_snapshot() of a transaction that stays open until the dump has begun. */
  readonly snapshot?: string;
  /** How long it waits for the lock of a table before it gives up, milliseconds. */
  readonly lockWaitMs: number;
  readonly signal: AbortSignal;
}

const STDERR_LIMIT = 64 * 1024;

/**
 * The archive in custom format, in pieces. The iteration ends well only when pg_dump ended well: whoever takes the pieces
 * must not finish anything before. The process is gone when the iteration has ended, however that came.
 *
 * @throws CodedError as classifyPgProgram says, with details `{ damage: true }` when the server could not read its data
 */
export async function* runDump(run: DumpRun): AsyncGenerator<Buffer, void, undefined> {
  const { folder, url, snapshot, signal, lockWaitMs } = run;
  signal.throwIfAborted();
  const child = spawn(
    join(folder, 'pg_dump'),
    [
      '--format=custom',
      '--no-password',
      `--lock-wait-timeout=${lockWaitMs}`,
      ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
    ],
    { env: connectionEnvironment(url, run.applicationName), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const stderr = collect(child.stderr);
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, by) => resolve({ exitCode, signal: by }));
  });
  ended.catch(() => undefined);
  const kill = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', kill, { once: true });
  try {
    for await (const piece of child.stdout) yield piece as Buffer;
    const end = await ended.catch((error: unknown) => {
      throw new CodedError('PreconditionFailed', `${join(folder, 'pg_dump')}: cannot be run: ${wordsOf(error)}`);
    });
    signal.throwIfAborted();
    if (end.exitCode === 0) return;
    const seen = classifyPgProgram({ doing: `pg_dump (${placeOf(url)})`, ...end, stderr: stderr() });
    throw new CodedError(seen.code, seen.message, { details: { damage: seen.isDamage } });
  } finally {
    signal.removeEventListener('abort', kill);
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  }
}

/** The last part of what is written there. */
export function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer | string) => {
    text = `${text}${chunk.toString()}`.slice(-STDERR_LIMIT);
  });
  return () => text;
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
