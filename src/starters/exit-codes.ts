/** Every exit code of the command line, once. People's scripts branch on them: a code never changes its meaning. */
import type { BackupResult } from '../core/model/backup-operation.ts';
import type { DeployResult } from '../core/model/operation.ts';

export const EXIT_CODES = {
  ok: {
    code: 0,
    says: 'Promoted, unchanged, PASS, completed or planned; a message was accepted; a question was answered.',
  },
  bug: { code: 1, says: 'An error that nobody foresaw. Please report it with the text that was printed.' },
  rolledBack: { code: 10, says: 'The deployment was rolled back; what was found before serves again.' },
  rejected: { code: 11, says: 'A person, a check or a deadline did not allow the deployment to begin or to go on.' },
  aborted: { code: 12, says: 'A person ended the deployment (abort, or cancel of the workflow).' },
  superseded: { code: 13, says: 'Another operation took the service over.' },
  busy: { code: 14, says: 'Another operation owns the service, or the wait in the queue was too long.' },
  refused: { code: 15, says: 'The operation refused the message; the reason was printed.' },
  noOperation: { code: 16, says: 'There is no operation that the command could speak to or tell about.' },
  noResult: { code: 17, says: 'The workflow failed or was terminated; it has no result.' },
  notRestored: { code: 18, says: 'The operation ended, but not every object could be put back as it was found.' },
  checkFailed: { code: 20, says: '`mainstay doctor`: at least one check failed; what to do about it was printed.' },
  notChecked: { code: 21, says: '`mainstay doctor`: nothing failed, but something could not be checked.' },
  resetRefused: {
    code: 22,
    says: '`mainstay traffic reset` changed nothing: no ready pod would have got the traffic, or someone else changes the objects.',
  },
  verificationFailed: {
    code: 30,
    says: '`mainstay verify-restore`, `mainstay verify database`: FAIL. The copy is not what was backed up, or something temporary is left and costs money.',
  },
  couldNotVerify: {
    code: 31,
    says: '`mainstay verify-restore`, `mainstay verify database`: COULD-NOT-VERIFY. Nothing is proven; the step was named.',
  },
  backupFailed: { code: 32, says: '`mainstay backup`: there is no backup; the reason was printed.' },
  backupIncomplete: { code: 33, says: '`mainstay backup`: there is a backup, but a part of it is missing.' },
  usage: { code: 64, says: 'The command line is wrong: an unknown command or option, or a value that cannot be.' },
  badInput: { code: 65, says: 'The input or the catalogue is wrong; every problem was printed.' },
  noFile: { code: 66, says: 'A file that was named does not exist or cannot be read.' },
  unavailable: {
    code: 69,
    says: 'No Temporal server or cluster answers, no worker polls, or a program that is needed is missing.',
  },
  notWritten: { code: 73, says: 'A file that was named could not be written.' },
  detached: {
    code: 130,
    says: 'Ctrl-C: the view was left, the operation goes on. What runs in the command itself was cancelled.',
  },
} as const satisfies Record<string, { code: number; says: string }>;

export type ExitName = keyof typeof EXIT_CODES;

/** How a finished operation is told to the shell. An object that is not restored outweighs the outcome. */
export function exitOf(result: DeployResult): ExitName {
  if (result.restored.some(({ restored }) => !restored)) return 'notRestored';
  switch (result.outcome) {
    case 'promoted':
    case 'unchanged':
    case 'planned':
      return 'ok';
    case 'rejected':
      return result.reasonCode === 'ServiceBusy' || result.reasonCode === 'QueueExpired' ? 'busy' : 'rejected';
    case 'rolledBack':
    case 'aborted':
    case 'superseded':
      return result.outcome;
  }
}

/** How a finished backup or verification is told to the shell. What is left makes it a FAIL already. */
export function exitOfBackup({ operation, outcome }: Pick<BackupResult, 'operation' | 'outcome'>): ExitName {
  switch (outcome) {
    case 'passed':
    case 'completed':
    case 'planned':
      return 'ok';
    case 'failed':
      return operation === 'verifyRestore' ? 'verificationFailed' : 'backupFailed';
    case 'couldNotVerify':
      return 'couldNotVerify';
    case 'incomplete':
      return 'backupIncomplete';
    case 'aborted':
      return 'aborted';
  }
}

/** The table as a Markdown page, for docs/reference/exit-codes.generated.md. */
export function exitCodesPage(): string {
  const rows = Object.entries(EXIT_CODES).map(([name, { code, says }]) => `| ${code} | ${name} | ${says} |`);
  return ['# Exit codes of `mainstay`', '', '| code | name | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
