/** `mainstay manifest take`: what a database is at this moment, to compare a restored copy with. */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { ClosedRange, Manifest } from '../core/model/restore.ts';
import { countInWords } from '../core/restore/finding.ts';
import { isCoded } from '../errors/coded-error.ts';
import { takeManifest } from '../restore-suite/index.ts';
import { CommandError } from './command-error.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { SAMPLE_ABOVE_BYTES, closedArgument, connectionsArgument, gigabytesArgument } from './verify/arguments.ts';
import { connectionUrl } from './verify/open-connection.ts';
import { progressLine } from './verify/progress-line.ts';
import type { Output } from './view/screen.ts';
import { styleFor } from './view/style.ts';

export interface TakeOptions {
  readonly out?: string;
  readonly connections: number;
  readonly closed: readonly ClosedRange[];
  readonly sampleAbove: number;
  readonly canary: boolean;
}

export function manifestCommand(): Command {
  return new Command('manifest').description('what a database was when it was backed up').addCommand(
    new Command('take')
      .description('count and digest every table in one snapshot; no row leaves the database')
      .argument('<connection>', 'env:NAME or file:/PATH that holds a postgres:// URL, or the URL itself')
      .option('--out <file>', 'where it is written; standard output when left out')
      .option('--connections <count>', 'tables at the same time', connectionsArgument, 2)
      .option(
        '--closed <range>',
        'rows that never change: "public.orders" or "public.orders where created_at < \'2026-01-01\'"; may be given several times',
        closedArgument,
        [],
      )
      .option(
        '--sample-above <gigabytes>',
        'larger tables are digested by a sample of their pages',
        gigabytesArgument,
        SAMPLE_ABOVE_BYTES,
      )
      .option('--no-canary', 'write no row into mainstay_canary.canary')
      .action(async (connection: string, options: TakeOptions) => {
        process.exitCode = await take(connection, options, process.stdout, process.stderr);
      }),
  );
}

/** Returns the exit code. */
export async function take(connection: string, options: TakeOptions, output: Output, errors: Output): Promise<number> {
  const { url, warning } = await connectionUrl(connection);
  if (warning !== undefined) errors.write(`${styleFor(errors).yellow('warning:')} ${warning}\n`);
  const line = progressLine(errors);
  const cancel = new AbortController();
  const stop = () => cancel.abort(new CommandError('detached', 'cancelled: there is no manifest'));
  process.once('SIGINT', stop);
  try {
    const manifest = await takeManifest({
      url,
      closedRanges: options.closed,
      sampleAboveBytes: options.sampleAbove,
      canary: options.canary,
      connections: options.connections,
      signal: cancel.signal,
      onProgress: (progress) => line.show(progress),
    });
    line.clear();
    await deliver(manifest, options.out, output);
    errors.write(`${summary(manifest).join('\n')}\n`);
    return EXIT_CODES.ok.code;
  } catch (error) {
    line.clear();
    if (!isCoded(error)) throw error;
    throw new CommandError(error.code === 'InvalidInput' ? 'badInput' : 'unavailable', error.message);
  } finally {
    process.off('SIGINT', stop);
  }
}

async function deliver(manifest: Manifest, path: string | undefined, output: Output): Promise<void> {
  const text = `${JSON.stringify(manifest)}\n`;
  if (path === undefined) {
    output.write(text);
    return;
  }
  await writeFile(path, text, { mode: 0o600 }).catch((error: unknown) => {
    throw new CommandError('notWritten', `manifest ${path}: ${error instanceof Error ? error.message : String(error)}`);
  });
}

function summary(manifest: Manifest): readonly string[] {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const closed = manifest.tables.filter((table) => table.closed).length;
  return [
    `${manifest.tables.length} tables (${closed} closed), ${countInWords(rows)} rows, ${manifest.fingerprint.length} definitions, ${manifest.sequences.length} sequences`,
    ...manifest.tables.flatMap(({ schema, table, note }) =>
      note === undefined ? [] : [`  no digest of ${schema}.${table}: ${note}`],
    ),
    ...manifest.notCovered.map((line) => `  not covered: ${line}`),
  ];
}
