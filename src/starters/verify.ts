/** `mainstay verify database`: the restore suite over one database, without any workflow. */
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { Command } from 'commander';
import { placeOf } from '../clients/postgres/pool.ts';
import { parseManifest } from '../contracts/manifest.ts';
import { describeProblem } from '../core/model/problem.ts';
import type { Manifest, SuiteReport, SuiteVerdict } from '../core/model/restore.ts';
import { presetProbes } from '../core/restore/presets.ts';
import { isCoded } from '../errors/coded-error.ts';
import { verifyDatabase } from '../restore-suite/index.ts';
import { CommandError } from './command-error.ts';
import { EXIT_CODES, type ExitName } from './exit-codes.ts';
import {
  SAMPLE_ABOVE_BYTES,
  connectionsArgument,
  durationArgument,
  gigabytesArgument,
  listArgument,
} from './verify/arguments.ts';
import { connectionUrl } from './verify/open-connection.ts';
import { progressLine } from './verify/progress-line.ts';
import { suitePage } from './verify/suite-page.ts';
import { type Output, widthOf } from './view/screen.ts';
import { styleFor } from './view/style.ts';

export interface VerifyDatabaseOptions {
  readonly manifest?: string;
  readonly connections: number;
  readonly critical: readonly string[];
  readonly timeout: number;
  readonly sampleAbove: number;
  readonly rpo?: number;
  readonly loaded?: boolean;
  readonly json?: boolean;
}

export function verifyCommand(): Command {
  return new Command('verify').description('look whether a database is what it should be').addCommand(
    new Command('database')
      .description('run the restore suite over a database; it only reads')
      .argument('<connection>', 'env:NAME or file:/PATH that holds a postgres:// URL, or the URL itself')
      .option(
        '--manifest <file>',
        'what the database was, from mainstay manifest take; without it much cannot be proven',
      )
      .option('--connections <count>', 'checks at the same time', connectionsArgument, 2)
      .option(
        '--critical <table>',
        'a table that must not be empty and answer in time; may be given several times',
        listArgument,
        [],
      )
      .option('--timeout <duration>', 'time for each check', durationArgument, 600_000)
      .option(
        '--sample-above <gigabytes>',
        'digests of larger tables are made of a sample of their pages',
        gigabytesArgument,
        SAMPLE_ABOVE_BYTES,
      )
      .option('--rpo <duration>', 'the newest data must not be older', durationArgument)
      .option('--loaded', 'the copy was loaded from a dump: it is another cluster')
      .option('--json', 'one JSON object')
      .addHelpText('after', '\nExit code: 0 PASS, 30 FAIL, 31 COULD-NOT-VERIFY.')
      .action(async (connection: string, options: VerifyDatabaseOptions) => {
        process.exitCode = await verify(connection, options, process.stdout, process.stderr);
      }),
  );
}

/** Returns the exit code. */
export async function verify(
  connection: string,
  options: VerifyDatabaseOptions,
  output: Output,
  errors: Output,
): Promise<number> {
  const { url, warning } = await connectionUrl(connection);
  if (warning !== undefined) errors.write(`${styleFor(errors).yellow('warning:')} ${warning}\n`);
  const manifest = options.manifest === undefined ? undefined : await readManifest(options.manifest);
  const line = progressLine(errors);
  const cancel = new AbortController();
  const stop = () => cancel.abort(new CommandError('detached', 'cancelled: nothing is proven'));
  process.once('SIGINT', stop);
  const before = process.cpuUsage();
  try {
    const report = await verifyDatabase({
      url,
      ...(manifest ? { manifest } : {}),
      connections: options.connections,
      checkTimeoutMs: options.timeout,
      sampleAboveBytes: options.sampleAbove,
      criticalTables: options.critical,
      allowedLosses: {},
      rules: [],
      probes: presetProbes(options.critical),
      ...(options.rpo === undefined ? {} : { rpoMs: options.rpo }),
      nowMs: Date.now(),
      physical: options.loaded !== true,
      signal: cancel.signal,
      onProgress: (progress) => line.show(progress),
    });
    line.clear();
    const used = process.cpuUsage(before);
    const cpuSeconds = (used.user + used.system) / 1e6;
    write(report, { cpuSeconds, place: placeOf(url).replace(/^database /, '') }, options, output);
    return EXIT_CODES[EXITS[report.verdict]].code;
  } catch (error) {
    line.clear();
    if (!isCoded(error)) throw error;
    throw new CommandError('couldNotVerify', `COULD-NOT-VERIFY: ${error.message}`);
  } finally {
    process.off('SIGINT', stop);
  }
}

const EXITS = {
  PASS: 'ok',
  FAIL: 'verificationFailed',
  'COULD-NOT-VERIFY': 'couldNotVerify',
} as const satisfies Record<SuiteVerdict, ExitName>;

function write(
  report: SuiteReport,
  { cpuSeconds, place }: { readonly cpuSeconds: number; readonly place: string },
  { connections, json, manifest }: VerifyDatabaseOptions,
  output: Output,
): void {
  const [load = 0] = loadavg();
  if (json === true) {
    output.write(`${JSON.stringify({ place, cpuSeconds, load, ...report })}\n`);
    return;
  }
  const facts = { place, connections, cpuSeconds, load, hasManifest: manifest !== undefined };
  output.write(`${suitePage(report, facts, widthOf(output), styleFor(output)).join('\n')}\n`);
}

async function readManifest(path: string): Promise<Manifest> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CommandError('noFile', `manifest ${path}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const parsed = parseManifest(jsonOf(text, path));
  if ('manifest' in parsed) return parsed.manifest;
  throw new CommandError('badInput', `manifest ${path} cannot be used`, parsed.problems.map(describeProblem));
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError('badInput', `manifest ${path}: expected JSON, found another text`);
  }
}
