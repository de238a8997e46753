/** What dumps and copies have in common: their ending, and the retention after a copy that was proven. */
import { CancelledFailure, CancellationScope } from '@temporalio/workflow';
import type { BackupEnding, BackupReasonCode, BackupResult } from '../../core/model/backup-operation.ts';
import type { BackupSource, RemovedObject } from '../../core/model/backup-record.ts';
import type { ObjectReference } from '../../core/model/backup.ts';
import { type BackupRun, troubleIn } from './backup-run.ts';
import { record } from './record.ts';

/** What there is of a copy so far. */
export interface Made {
  source?: BackupSource;
  catalogueDigest?: string;
}

/** Runs it to an ending, writes the record, and answers or throws as the ending says. */
export async function toItsEnd(
  run: BackupRun,
  made: Made,
  failed: BackupReasonCode,
  body: () => Promise<BackupEnding>,
): Promise<BackupResult> {
  const ending = await run.forward(body, (reason) => ({ outcome: 'failed', reasonCode: failed, reason }));
  return CancellationScope.nonCancellable(async () => {
    const result: BackupResult = { ...run.result(ending), ...made };
    if (ending.outcome !== 'planned') await record(run, result);
    run.end(result, ending.cancelled === true);
    if (ending.cancelled) throw new CancelledFailure(ending.reason);
    return result;
  });
}

/** A copy that was read back and compared. A failure of the activity itself leaves it unproven. */
export async function proven(
  run: BackupRun,
  verify: () => Promise<{ readonly outcome: 'verified' | 'failed' | 'couldNotVerify'; readonly says: string }>,
): Promise<BackupEnding> {
  let seen: Awaited<ReturnType<typeof verify>>;
  try {
    seen = await run.timed('verify', 'verifying', verify);
  } catch (error) {
    seen = { outcome: 'couldNotVerify', says: troubleIn(error) };
  }
  run.saw(seen.says);
  switch (seen.outcome) {
    case 'verified':
      return { outcome: 'completed', reasonCode: 'Completed', reason: seen.says };
    case 'failed':
      return { outcome: 'failed', reasonCode: 'ChecksFailed', reason: seen.says };
    case 'couldNotVerify':
      return { outcome: 'couldNotVerify', reasonCode: 'NotProven', reason: `copied, but not proven: ${seen.says}` };
  }
}

/** Old ones go only when the new one was proven; trouble here takes nothing from the copy itself. */
export async function thenRetention(
  run: BackupRun,
  ending: BackupEnding,
  prune: () => Promise<{ readonly removed: readonly { readonly folder: string; readonly reason: string }[] }>,
): Promise<BackupEnding> {
  if (ending.outcome !== 'completed') {
    run.warn('retention did not run: the new copy cannot take the place of an old one');
    return ending;
  }
  try {
    const { removed } = await run.timed('retention', 'retention', prune);
    const rows = removed.map(({ folder, reason }): RemovedObject => ({ object: folder, gone: true, says: reason }));
    run.state.removed = [...run.state.removed, ...rows];
    run.saw(`retention: ${removed.length} pruned`);
    return ending;
  } catch (error) {
    const problem = troubleIn(error);
    run.warn(`retention: ${problem}`);
    return { outcome: 'incomplete', reasonCode: 'RetentionFailed', reason: `${ending.reason}; retention: ${problem}` };
  }
}

export function sourceOf(copied: ObjectReference, manifest: ObjectReference, takenAtMs: number): BackupSource {
  return {
    name: `s3://${copied.bucket}/${copied.key}`,
    region: copied.region,
    takenAtMs,
    bytes: copied.bytes,
    manifest: `s3://${manifest.bucket}/${manifest.key}`,
  };
}
