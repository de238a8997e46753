import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { Container } from '../kube/objects.ts';

/** A file is rotated once at this size; older lines are lost, as on a node. */
const ROTATE_BYTES = 10 * 1024 * 1024;

/** One line of output with the instant it was read. */
export interface LogLine {
  readonly atMs: number;
  readonly text: string;
}

/** Which lines a reader wants. */
export interface LogSelection {
  readonly tailLines?: number | undefined;
  readonly sinceMs?: number | undefined;
}

/**
 * Output of one run of a container, a line each with its instant in front. Lines are appended synchronously, so that a
 * reader that takes what is there and listens for more neither misses a line nor sees one twice.
 */
export class ContainerLog {
  readonly #file: string;
  readonly #listeners = new Set<(line: LogLine | undefined) => void>();
  #bytes = 0;
  #isEnded = false;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, '');
    this.#bytes = statSync(file).size;
  }

  /** Takes over an output stream, line by line. */
  collect(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.append(line);
    });
    stream.on('close', () => {
      if (rest) this.append(rest);
      rest = '';
    });
    stream.on('error', () => undefined);
  }

  append(text: string): void {
    const line = { atMs: Date.now(), text };
    const written = `${new Date(line.atMs).toISOString()} ${text}\n`;
    try {
      if (this.#bytes > ROTATE_BYTES) {
        renameSync(this.#file, `${this.#file}.1`);
        this.#bytes = 0;
      }
      appendFileSync(this.#file, written);
    } catch {
      // A full disk or a removed folder costs the log, not the container.
    }
    this.#bytes += Buffer.byteLength(written);
    for (const listener of this.#listeners) listener(line);
  }

  /** No more lines will come. */
  end(): void {
    this.#isEnded = true;
    for (const listener of this.#listeners) listener(undefined);
    this.#listeners.clear();
  }

  read(selection: LogSelection = {}): LogLine[] {
    const lines = [`${this.#file}.1`, this.#file].flatMap((file) => (existsSync(file) ? parse(file) : []));
    const { sinceMs, tailLines } = selection;
    const recent = sinceMs === undefined ? lines : lines.filter(({ atMs }) => atMs >= sinceMs);
    if (tailLines === undefined) return recent;
    return tailLines === 0 ? [] : recent.slice(-tailLines);
  }

  /** Calls back for every further line, and with undefined at the end. Returns how to stop. */
  follow(listener: (line: LogLine | undefined) => void): () => void {
    if (this.#isEnded) {
      listener(undefined);
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  remove(): void {
    for (const file of [this.#file, `${this.#file}.1`]) rmSync(file, { force: true });
  }
}

function parse(file: string): LogLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { atMs: Date.parse(line.slice(0, space)), text: line.slice(space + 1) };
    });
}

/** End of the output, where the container asks for it to be its termination message. */
export function lastWords(container: Container, log: ContainerLog): string {
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError') return '';
  const lines = log.read({ tailLines: 80 }).map(({ text }) => text);
  return lines.join('\n').slice(-2048);
}
