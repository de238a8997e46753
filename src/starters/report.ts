/** `mainstay report`: what was done, why, by whom and with what numbers, also of what was cancelled or terminated. */
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { backupPage } from '../core/report/backup-page.ts';
import type { ReleaseReport } from '../core/report/release-report.ts';
import { reportMarkdown } from '../core/report/markdown.ts';
import { reportPage } from '../core/report/report-page.ts';
import type { ReportPage } from '../core/report/sections.ts';
import { CHECK_TEXTS } from '../core/restore/check-texts.ts';
import { momentInWords, spanInWords } from '../core/status/words.ts';
import { nameArgument } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { environmentOption } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { type LedgerReader, openLedgerReader } from './report/ledger-reader.ts';
import { type FoundBackup, findBackup, listBackupsText } from './report/find-backup.ts';
import { findReport, type ReportTarget } from './report/find-report.ts';
import { reportHtml } from './view/report-html.ts';
import { type Output, widthOf } from './view/screen.ts';
import { reportText } from './view/report-text.ts';
import { PLAIN, styleFor } from './view/style.ts';

const FORMATS = ['text', 'markdown', 'json', 'html'] as const;
const MOST = 50;
/** Width of a text that goes to a file. */
const FILE_WIDTH = 120;

export interface ReportOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly output?: string;
  readonly list?: boolean;
  readonly backups?: boolean;
  readonly environment?: string;
  readonly limit?: number;
}

export function reportCommand(): Command {
  return new Command('report')
    .description('what was done, why, by whom, with what numbers; also of what was cancelled or terminated')
    .argument('[id]', 'workflow id; or a service or database together with --environment: its latest operation')
    .argument('[environment]', 'the same as --environment', nameArgument)
    .addOption(environmentOption())
    .addOption(new Option('-f, --format <format>', 'how it is written').choices(FORMATS).default('text'))
    .option('-o, --output <file>', 'write it to a file instead of standard output')
    .option('-l, --list', `the newest ${MOST} operations of the ledger, instead of one`)
    .option('--backups', 'backups, dumps and restore verifications, instead of deployments')
    .addHelpText(
      'after',
      [
        '',
        'Read from the release ledger (MAINSTAY_DATABASE_URL, else the one in MAINSTAY_STATE_DIR); what it does not know',
        'is asked of Temporal. The report says which, and what is missing. The exit code tells whether there is a report,',
        'not how the operation ended.',
      ].join('\n'),
    )
    .action(async (id: string | undefined, environment: string | undefined, options: ReportOptions) => {
      const where = environment ?? options.environment;
      const given = { ...options, ...(where !== undefined && { environment: where }) };
      process.exitCode = await report(id, given, process.stdout);
    });
}

/** Returns the exit code. Throws a CommandError: `noOperation`, `unavailable`, `usage`, `notWritten`. */
export async function report(id: string | undefined, options: ReportOptions, output: Output): Promise<number> {
  const ledger = await openLedgerReader();
  try {
    await deliver(await contentOf(id, options, ledger, output), options, output);
    return EXIT_CODES.ok.code;
  } finally {
    await ledger.close();
  }
}

async function contentOf(
  id: string | undefined,
  options: ReportOptions,
  ledger: LedgerReader,
  output: Output,
): Promise<string> {
  if (options.list === true) {
    return options.backups === true ? listBackupsText(ledger, id, options, MOST) : listText(ledger, id, options);
  }
  const target = targetOf(id, options);
  const backup = await findBackup(target, ledger, options.backups === true);
  if (backup) return writtenBackup(backup, options, output);
  return written(await findReport(target, ledger), options, output);
}

/** A text with a slash is a workflow id; a service has none. */
function targetOf(id: string | undefined, { environment }: ReportOptions): ReportTarget {
  if (id !== undefined && environment === undefined) return { id };
  if (id !== undefined && environment !== undefined) return { service: id, environment };
  throw new CommandError('usage', 'which operation is meant? Give a workflow id, or a service and --environment', [
    'see what the ledger has: mainstay report --list',
  ]);
}

function written(found: ReleaseReport, options: ReportOptions, output: Output): string {
  return options.format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : shown(reportPage(found), options, output);
}

function writtenBackup(found: FoundBackup, options: ReportOptions, output: Output): string {
  if (options.format === 'json') return `${JSON.stringify(found, null, 2)}\n`;
  return shown(backupPage({ ...found, texts: CHECK_TEXTS }), options, output);
}

function shown(page: ReportPage, { format, output: file }: ReportOptions, output: Output): string {
  if (format === 'markdown') return reportMarkdown(page);
  if (format === 'html') return reportHtml(page);
  return file === undefined ? reportText(page, widthOf(output), styleFor(output)) : reportText(page, FILE_WIDTH, PLAIN);
}

async function listText(ledger: LedgerReader, service: string | undefined, options: ReportOptions): Promise<string> {
  if (!ledger.reads) {
    throw new CommandError('unavailable', `there is no ledger to list: ${ledger.trouble}`, [
      'what Temporal still knows: mainstay list --all',
    ]);
  }
  const found = await ledger.list({
    limit: options.limit ?? MOST,
    ...(options.environment !== undefined && { environment: options.environment }),
    ...(service !== undefined && { service }),
  });
  if (options.format === 'json') return found.map((each) => `${JSON.stringify(each)}\n`).join('');
  if (found.length === 0) return 'The ledger has no operation yet.\n';
  return found
    .map(({ key, startedAtMs, endedAtMs, outcome, service: name, environment, version, requestedBy }) => {
      const how = outcome ?? 'no end written';
      const took = endedAtMs === undefined ? '' : ` after ${spanInWords(endedAtMs - startedAtMs)}`;
      return `${momentInWords(startedAtMs)}  ${name} ${version} in ${environment}  ${how}${took}  by ${requestedBy}  ${key.workflowId}\n`;
    })
    .join('');
}

async function deliver(text: string, { output: file }: ReportOptions, output: Output): Promise<void> {
  if (file === undefined) {
    output.write(text);
    return;
  }
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CommandError('notWritten', `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  output.write(`written to ${file}\n`);
}
