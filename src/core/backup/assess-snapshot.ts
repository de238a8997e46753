import type { ExportFacts, SnapshotFacts } from '../model/backup.ts';

export type ProgressAssessment =
  | { readonly state: 'ready'; readonly warnings: readonly string[] }
  | { readonly state: 'wait'; readonly reason: string; readonly warning?: string }
  | { readonly state: 'failed'; readonly reason: string };

const MAKING = ['creating', 'copying', 'pending', 'modifying', 'upgrading', 'available-pending'];
const ENDED = ['failed', 'error', 'deleting', 'deleted', 'canceled', 'cancelled', 'incompatible-restore'];

export function assessSnapshot(snapshot: SnapshotFacts | undefined): ProgressAssessment {
  if (snapshot === undefined) return { state: 'failed', reason: 'the snapshot is not there (any more)' };
  const { status, progressPercent } = snapshot;
  const says = `status is ${status === '' ? 'empty' : status}`;
  if (status === 'available') return { state: 'ready', warnings: [] };
  if (ENDED.includes(status)) return { state: 'failed', reason: says };
  const wait = { state: 'wait', reason: `${says}, ${progressPercent} %` } as const;
  if (MAKING.includes(status)) return wait;
  return { ...wait, warning: `status ${status} is not known to us: taken for not ready` };
}

/**
 * `STARTING` may last for hours without progress: the provider first restores the whole database. `COMPLETE` with a
 * warning means that tables were left out: the archive is not whole.
 */
export function assessExport(task: ExportFacts | undefined): ProgressAssessment {
  if (task === undefined) return { state: 'failed', reason: 'the export task is not there (any more)' };
  const { status, progressPercent, failure, warning } = task;
  switch (status) {
    case 'COMPLETE':
      return { state: 'ready', warnings: warning === undefined ? [] : [`left out of the archive: ${warning}`] };
    case 'FAILED':
    case 'CANCELED':
      return { state: 'failed', reason: `status is ${status}${failure === undefined ? '' : `: ${failure}`}` };
    case 'STARTING':
    case 'IN_PROGRESS':
    case 'CANCELING':
      return { state: 'wait', reason: `status is ${status}, ${progressPercent} %` };
    default:
      return {
        state: 'wait',
        reason: `status is ${status}, ${progressPercent} %`,
        warning: `status ${status} is not known to us: taken for not ready`,
      };
  }
}
