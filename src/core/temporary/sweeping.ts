/** How a sweep ends, from what it did. */
import type { BackupEnding } from '../model/backup-operation.ts';
import type { RemovedObject } from '../model/backup-record.ts';

/** What is left is a failure: it costs money, and its keeper was not able to delete it either. */
export function endingOfSweep(
  rows: readonly RemovedObject[],
  found: number,
  notLooked: readonly { readonly region: string; readonly reason: string }[],
): BackupEnding {
  const left = rows.filter(({ gone }) => !gone);
  if (left.length > 0) {
    const reason = `STILL RUNNING AND BILLING: ${left.map(({ object, says }) => `${object}: ${says}`).join('; ')}`;
    return { outcome: 'failed', reasonCode: 'Leftover', reason };
  }
  // A region that did not answer is no region without leftovers.
  if (notLooked.length > 0) {
    const reason = `not looked: ${notLooked.map((each) => `${each.region}: ${each.reason}`).join('; ')}`;
    return { outcome: 'incomplete', reasonCode: 'SweepFailed', reason };
  }
  const reason =
    rows.length === 0
      ? `nothing is past its time; ${found} temporary instances live`
      : `${rows.length} past their time were deleted and are proven gone`;
  return { outcome: 'completed', reasonCode: 'Completed', reason };
}
