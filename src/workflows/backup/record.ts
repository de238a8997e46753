/** The last word of an operation on backups: to the ledger, and to whom it concerns. Changes no outcome. */
import { ActivityFailure, log, proxyActivities } from '@temporalio/workflow';
import type { BackupActivities } from '../../activities/backup-activities.ts';
import type { BackupResult } from '../../core/model/backup-operation.ts';
import { closingProfile } from '../shared/profiles.ts';
import type { BackupRun } from './backup-run.ts';

export async function record(run: BackupRun, result: BackupResult): Promise<void> {
  const { recordBackupOperation } = proxyActivities<BackupActivities>(closingProfile());
  const { plan: _plan, ...rest } = result;
  run.enter('recording');
  try {
    const { recorded } = await recordBackupOperation({ result: rest });
    if (recorded !== 'written' && recorded !== 'off') log.warn('the ledger could not be written', { recorded });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('the end could not be recorded', { problem: String(error.cause ?? error) });
  }
}
