/** A cache's data: copied as a replica would, loaded into a server of our own, kept by age. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { CopyActivities } from '../../activities/copy-activities.ts';
import type { BackupEnding, BackupResult } from '../../core/model/backup-operation.ts';
import type { BackUpCacheInput } from '../../core/model/copy-operation.ts';
import { localReadProfile, waitProfile } from '../shared/profiles.ts';
import { askedBy } from './back-up-cluster.ts';
import { BackupRun } from './backup-run.ts';
import { type Made, proven, sourceOf, thenRetention, toItsEnd } from './copy-steps.ts';

export async function backUpCache(input: BackUpCacheInput): Promise<BackupResult> {
  const { cache, environment } = input;
  const run = new BackupRun('backUpCache', { database: cache, environment }, askedBy(input));
  const made: Made = {};
  return toItsEnd(run, made, 'CacheCopyFailed', () => copy(run, made, input));
}

async function copy(run: BackupRun, made: Made, input: BackUpCacheInput): Promise<BackupEnding> {
  const { resolveCache } = proxyLocalActivities<CopyActivities>(localReadProfile());
  run.enter('preparing');
  const { plan } = await resolveCache({ input });
  made.catalogueDigest = plan.catalogueDigest;
  if (input.dryRun === true) {
    const reason = `dry run: ${plan.cache} would be copied to s3://${plan.bucket}/${plan.prefix}; nothing was changed`;
    return { outcome: 'planned', reasonCode: 'DryRun', reason };
  }
  const activities = proxyActivities<CopyActivities>(waitProfile(plan.deadlineMs));
  const { nominalAtMs } = run.state;
  const copied = await run.timed('copy', 'copying', () => activities.copyCache({ plan, mark: run.mark, nominalAtMs }));
  if (copied.outcome === 'couldNotCopy') {
    return { outcome: 'failed', reasonCode: 'CacheCopyFailed', reason: copied.reason };
  }
  const { copy: stored, adopted, notes } = copied;
  made.source = sourceOf(stored.rdb, stored.manifest, stored.takenAtMs);
  run.saw(`${adopted ? 'found' : 'copied'} ${stored.keysAfter} keys of ${stored.server}, ${stored.rdb.bytes} bytes`);
  for (const note of notes) run.warn(note);
  const ending = await proven(run, async () => {
    const { outcome, says } = await activities.verifyCache({ plan, copy: stored });
    return { outcome, says: says.join('; ') };
  });
  return thenRetention(run, ending, () => activities.pruneCacheCopies({ plan, own: stored.folder, nowMs: Date.now() }));
}
