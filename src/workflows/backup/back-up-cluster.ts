/** The objects of an environment's cluster: copied, tried by dry runs, kept by age. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { CopyActivities } from '../../activities/copy-activities.ts';
import type { BackupEnding, BackupResult } from '../../core/model/backup-operation.ts';
import { type BackUpClusterInput, CLUSTER_NAME } from '../../core/model/copy-operation.ts';
import { localReadProfile, waitProfile } from '../shared/profiles.ts';
import { BackupRun } from './backup-run.ts';
import { type Made, proven, sourceOf, thenRetention, toItsEnd } from './copy-steps.ts';

export async function backUpCluster(input: BackUpClusterInput): Promise<BackupResult> {
  const { environment } = input;
  const run = new BackupRun('backUpCluster', { database: CLUSTER_NAME, environment }, askedBy(input));
  const made: Made = {};
  return toItsEnd(run, made, 'ClusterCopyFailed', () => copy(run, made, input));
}

async function copy(run: BackupRun, made: Made, input: BackUpClusterInput): Promise<BackupEnding> {
  const { resolveClusterBackup } = proxyLocalActivities<CopyActivities>(localReadProfile());
  run.enter('preparing');
  const { plan } = await resolveClusterBackup({ input });
  made.catalogueDigest = plan.catalogueDigest;
  if (input.dryRun === true) {
    const what = `${plan.kinds.length} kinds of ${plan.namespaces.join(', ')}`;
    const reason = `dry run: ${what} would be copied to s3://${plan.bucket}/${plan.prefix}; nothing was changed`;
    return { outcome: 'planned', reasonCode: 'DryRun', reason };
  }
  const activities = proxyActivities<CopyActivities>(waitProfile(plan.deadlineMs));
  const { nominalAtMs } = run.state;
  const copied = await run.timed('copy', 'copying', () =>
    activities.copyCluster({ plan, mark: run.mark, nominalAtMs }),
  );
  if (copied.outcome === 'couldNotCopy') {
    return { outcome: 'failed', reasonCode: 'ClusterCopyFailed', reason: copied.reason };
  }
  const { copy: stored, adopted } = copied;
  made.source = sourceOf(stored.bundle, stored.manifest, stored.takenAtMs);
  run.saw(
    `${adopted ? 'found' : 'copied'} ${stored.objects} objects; ${stored.secrets} Secrets ${stored.secretsBundle ? 'sealed' : 'by name only'}`,
  );
  for (const { object, why } of stored.leftOut) run.warn(`left out: ${object}: ${why}`);
  if (stored.leftOutCount > stored.leftOut.length) {
    run.warn(`left out: ${stored.leftOutCount - stored.leftOut.length} more, in the manifest`);
  }
  const ending = await proven(run, async () => {
    const { outcome, says, changedSince } = await activities.verifyCluster({ plan, copy: stored });
    for (const changed of changedSince) run.warn(`changed since it was copied: ${changed}`);
    return { outcome, says: says.join('; ') };
  });
  return thenRetention(run, ending, () =>
    activities.pruneClusterCopies({ plan, own: stored.folder, nowMs: Date.now() }),
  );
}

/** What is not given must not be there: the record is compared as it stands. */
export function askedBy({ requestedBy, reason }: Pick<BackUpClusterInput, 'requestedBy' | 'reason'>) {
  return { ...(requestedBy === undefined ? {} : { requestedBy }), ...(reason === undefined ? {} : { reason }) };
}
