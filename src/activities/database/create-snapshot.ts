/** Starting snapshots and their copies. How interruption is borne: see start-or-adopt.ts. */
import type { RdsClient } from '../../clients/aws/rds-port.ts';
import { backupTags } from '../../core/backup/names.ts';
import type { SnapshotFacts, SnapshotRef } from '../../core/model/backup.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { withHeartbeats } from '../mutation.ts';
import type { DatabaseActivityDeps } from './deps.ts';
import { type Started, startOrAdopt } from './start-or-adopt.ts';
import type { CopySnapshotInput, CreateSnapshotInput, StartSnapshotResult } from './types.ts';

export function createCreateSnapshot({ aws }: Pick<DatabaseActivityDeps, 'aws'>) {
  return {
    /**
     * Throws NotReady while the source may not be snapshotted (it must be `available` or `storage-optimization`): to be
     * retried within the deadline.
     */
    async createSnapshot({ plan, identifier, mark, manifest }: CreateSnapshotInput): Promise<StartSnapshotResult> {
      return withHeartbeats(async (tell) => {
        tell(`starting snapshot ${identifier}`);
        const rds = aws.rds(plan.region);
        const tags = backupTags(plan, mark, manifest);
        const started = await startOrAdopt<SnapshotFacts>({
          object: `snapshot ${identifier}`,
          mark,
          source: plan.instance,
          look: () => rds.findSnapshot(identifier),
          tagsOf: (found) => found.tags,
          sourceOf: (found) => found.instance,
          make: () => rds.createSnapshot({ identifier, instance: plan.instance, tags }),
        });
        return resultOf(started);
      });
    },

    /** Into the recovery region, under the same identifier. */
    async copySnapshot({ plan, from, mark, manifest }: CopySnapshotInput): Promise<StartSnapshotResult> {
      return withHeartbeats(async (tell) => {
        const { copyTo } = plan.backup;
        if (copyTo === undefined) {
          throw new CodedError('InvalidInput', `copy of ${from.identifier}: expected copyTo in the plan, found none`);
        }
        tell(`starting the copy of ${from.identifier} to ${copyTo.region}`);
        const rds: RdsClient = aws.rds(copyTo.region);
        const { identifier } = from;
        const tags = backupTags(plan, mark, manifest);
        const started = await startOrAdopt<SnapshotFacts>({
          object: `snapshot ${identifier} in ${copyTo.region}`,
          mark,
          source: from.arn,
          look: () => rds.findSnapshot(identifier),
          tagsOf: (found) => found.tags,
          sourceOf: (found) => found.copiedFrom,
          make: () =>
            rds.copySnapshot({
              identifier,
              sourceArn: from.arn,
              sourceRegion: from.region,
              tags,
              ...(copyTo.kmsKeyId !== undefined && { kmsKeyId: copyTo.kmsKeyId }),
            }),
        });
        return resultOf(started);
      });
    },
  };
}

function resultOf(started: Started<SnapshotFacts>): StartSnapshotResult {
  if (started.outcome !== 'started') return started;
  const { region, identifier, arn } = started.made;
  const snapshot: SnapshotRef = { region, identifier, arn };
  return { outcome: 'started', snapshot, adopted: started.adopted };
}
