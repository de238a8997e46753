/** Backups and verifications in the ledger, with the runs before them. */
import type { BackupRecord } from '../../core/model/backup-record.ts';
import { momentInWords, spanInWords } from '../../core/status/words.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { CommandError } from '../command-error.ts';
import type { ReportTarget } from './find-report.ts';
import type { LedgerReader } from './ledger-reader.ts';

export interface FoundBackup {
  readonly record: BackupRecord;
  /** Newest first, up to this run and with it. */
  readonly history: readonly BackupRecord[];
}

/** Runs that a trend is drawn from: two years of months, or of days the last weeks. */
const HISTORY = 24;

/**
 * The backup that is meant: by its id, or the latest one of a database. Undefined when it is none, and then it may be a
 * deployment.
 *
 * @param only nothing else is meant: throws a CommandError `noOperation` or `unavailable` instead of undefined
 */
export async function findBackup(
  target: ReportTarget,
  ledger: LedgerReader,
  only: boolean,
): Promise<FoundBackup | undefined> {
  if (!ledger.reads) {
    if (only) throw new CommandError('unavailable', `backups are told by the ledger: ${ledger.trouble}`);
    return undefined;
  }
  const record = await ifThere(async () => {
    if ('id' in target) return ledger.readBackup({ workflowId: target.id });
    if (!only) return undefined;
    const [newest] = await ledger.listBackups({ limit: 1, environment: target.environment, database: target.service });
    return newest && ledger.readBackup(newest.key);
  });
  if (record === undefined) {
    if (!only) return undefined;
    const what = 'id' in target ? target.id : `${target.service} in ${target.environment}`;
    throw new CommandError('noOperation', `the ledger knows no backup or verification of ${what}`, [
      'what it has: mainstay report --list --backups',
      'what is still running: mainstay list',
    ]);
  }
  const { environment, database, operation, nominalAtMs } = record;
  const wish = { limit: HISTORY, environment, database, operation, beforeMs: nominalAtMs };
  return { record, history: (await ifThere(() => ledger.listBackups(wish))) ?? [] };
}

export interface ListOptions {
  readonly environment?: string;
  readonly limit?: number;
  readonly format?: string;
}

export async function listBackupsText(
  ledger: LedgerReader,
  database: string | undefined,
  options: ListOptions,
  most: number,
): Promise<string> {
  if (!ledger.reads) throw new CommandError('unavailable', `there is no ledger to list: ${ledger.trouble}`);
  const { environment, limit = most, format } = options;
  const wish = {
    limit,
    ...(environment !== undefined && { environment }),
    ...(database !== undefined && { database }),
  };
  const found = (await ifThere(() => ledger.listBackups(wish))) ?? [];
  if (format === 'json') return found.map((each) => `${JSON.stringify(each)}\n`).join('');
  if (found.length === 0) return 'The ledger has no backup yet.\n';
  return found.map(line).join('');
}

function line({ operation, database, environment, key, verification, outcome, ...times }: BackupRecord): string {
  const how = verification?.verdict ?? outcome;
  const took = spanInWords(times.endedAtMs - times.startedAtMs);
  return `${momentInWords(times.startedAtMs)}  ${operation} ${database} in ${environment}  ${how} after ${took}  ${key.workflowId}\n`;
}

/** No table yet: no worker of this version has written to the ledger. */
async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isCoded(error) && error.code === 'NotFound') return undefined;
    throw error;
  }
}
