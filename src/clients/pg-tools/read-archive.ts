/** pg_restore over an archive that streams by: its listing, and the proof that every block of it can be read. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { CodedError } from '../../errors/coded-error.ts';
import { collect, wordsOf } from './run-dump.ts';

export interface ReadArchive {
  readonly sha256: string;
  readonly bytes: number;
  /** Of `pg_restore --list`; undefined when it refused the archive. */
  readonly listing: string | undefined;
  /** True when pg_restore turned the whole archive into SQL: every block was found and unpacked. */
  readonly isReadable: boolean;
  /** What pg_restore said when it refused; empty when it did not. */
  readonly says: string;
}

interface Reader {
  readonly input: Writable;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;
  stop(): Promise<void>;
}

/**
 * Reads the pieces once: into a SHA-256, into `pg_restore --list`, and into a `pg_restore` that writes the SQL of the
 * whole archive to nowhere. Nothing is restored, and nothing is written to a disk. Throws what the pieces throw.
 */
export async function readArchive(
  folder: string,
  pieces: AsyncIterable<Uint8Array>,
  { signal, tell = () => undefined }: { readonly signal: AbortSignal; readonly tell?: (bytes: number) => void },
): Promise<ReadArchive> {
  const list = startReader(folder, ['--list'], 'pipe');
  const whole = startReader(folder, ['--file=-'], 'ignore');
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      signal.throwIfAborted();
      hash.update(piece);
      bytes += piece.length;
      await Promise.all([write(list.input, piece, signal), write(whole.input, piece, signal)]);
      tell(bytes);
    }
    list.input.end();
    whole.input.end();
    const [listed, read] = await Promise.all([list.ended, whole.ended]);
    return {
      sha256: hash.digest('hex'),
      bytes,
      listing: listed.exitCode === 0 ? listed.stdout : undefined,
      isReadable: read.exitCode === 0,
      says: [listed, read]
        .filter(({ exitCode }) => exitCode !== 0)
        .map(({ stderr }) => stderr.trim().slice(-400))
        .join(' | '),
    };
  } finally {
    await Promise.all([list.stop(), whole.stop()]);
  }
}

function startReader(folder: string, argv: readonly string[], output: 'pipe' | 'ignore'): Reader {
  const program = join(folder, 'pg_restore');
  const child: ChildProcess = spawn(program, [...argv], { env: { LC_ALL: 'C' }, stdio: ['pipe', output, 'pipe'] });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stderr === null) throw new Error(`${program}: no pipes`);
  // The one that lists reads the head only and closes its end: the rest is not written to it any more.
  stdin.on('error', () => undefined);
  const said = { stdout: '' };
  stdout?.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  const errors = collect(stderr);
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new CodedError('PreconditionFailed', `${program}: cannot be run: ${wordsOf(error)}`)),
    );
    child.once('close', (exitCode) => resolve(exitCode));
  });
  closed.catch(() => undefined);
  return {
    input: stdin,
    ended: closed.then((exitCode) => ({ exitCode, stdout: said.stdout, stderr: errors() })),
    stop: async () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

/** Returns when there is room for more, or nobody reads any more. */
async function write(input: Writable, piece: Uint8Array, signal: AbortSignal): Promise<void> {
  if (input.destroyed || !input.writable || input.write(piece)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error']) input.off(event, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) input.on(event, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
