/** The net under the keepers: finds what carries our tag and is past its time, deletes it, proves it, reports it. */
import { CancelledFailure, CancellationScope, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BackupActivities } from '../../activities/backup-activities.ts';
import type { BackupEnding, BackupResult, SweepInput, SweepPlan } from '../../core/model/backup-operation.ts';
import type { RemovedObject } from '../../core/model/backup-record.ts';
import type { TemporaryInstance } from '../../core/model/temporary.ts';
import { objectName } from '../../core/temporary/keeping.ts';
import { endingOfSweep } from '../../core/temporary/sweeping.ts';
import { BackupRun, troubleIn } from '../backup/backup-run.ts';
import { record } from '../backup/record.ts';
import { localReadProfile, removalProfile, startProfile, waitProfile } from '../shared/profiles.ts';

/** What may not be deleted within this time is left to the next sweep. */
const ROUND_MS = 300_000;

export async function sweepTemporaries(input: SweepInput): Promise<BackupResult> {
  const run = new BackupRun('sweepTemporaries', { database: '', environment: input.environment }, input);
  const ending = await run.forward(
    () => sweep(run, input),
    (problem) => ({ outcome: 'failed', reasonCode: 'SweepFailed', reason: problem }),
  );
  return CancellationScope.nonCancellable(async () => {
    const result = run.result(ending);
    // A sweep that found nothing is no news: only what it did or could not do is recorded.
    if (ending.outcome !== 'completed' || result.removed.length > 0) await record(run, result);
    run.end(result, ending.cancelled === true);
    if (ending.cancelled) throw new CancelledFailure(ending.reason);
    return result;
  });
}

async function sweep(run: BackupRun, input: SweepInput): Promise<BackupEnding> {
  const { resolveSweep } = proxyLocalActivities<BackupActivities>(localReadProfile());
  const { findTemporaries } = proxyActivities<BackupActivities>(startProfile());
  run.enter('preparing');
  const { plan } = await resolveSweep({ input });
  run.enter('sweeping');
  const { found, suspicious, notLooked } = await findTemporaries({ regions: plan.regions });
  for (const each of suspicious) run.warn(`${each.identifier} (${each.region}): ${each.reason}`);
  const expired = found.filter((each) => each.expired).map(({ temporary }) => temporary);
  run.saw(`${found.length} temporary instances, ${expired.length} past their time`);
  const rows = await Promise.all(expired.map((temporary) => removeOne(plan, temporary)));
  run.state.removed = rows;
  return endingOfSweep(rows, found.length, notLooked);
}

async function removeOne({ goneWithinMs, pollMs }: SweepPlan, temporary: TemporaryInstance): Promise<RemovedObject> {
  const object = objectName(temporary);
  const { deleteTemporary } = proxyActivities<BackupActivities>(removalProfile(ROUND_MS));
  const { proveGone } = proxyActivities<BackupActivities>(waitProfile(goneWithinMs));
  try {
    await deleteTemporary({ temporary });
    const proof = await proveGone({ temporary, untilMs: Date.now() + goneWithinMs, pollMs });
    const says = proof.outcome === 'gone' ? `proven absent: ${proof.looked.join(', ')}` : proof.reason;
    return { object, gone: proof.outcome !== 'left', says };
  } catch (error) {
    return { object, gone: false, says: troubleIn(error) };
  }
}
