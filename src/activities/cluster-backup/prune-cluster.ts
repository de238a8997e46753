import { Context } from '@temporalio/activity';
import type { PruneCopiesResult } from '../cache/types.ts';
import { pruneCopies } from '../dumps/prune-copies.ts';
import { withHeartbeats } from '../mutation.ts';
import { type ClusterBackupDeps, clusterRoot } from './copy-cluster.ts';
import type { PruneClusterInput } from './types.ts';

export function createPruneClusterCopies({ aws }: Pick<ClusterBackupDeps, 'aws'>) {
  return {
    /** Removes what retention allows, as it stands there now; never the last verified copy. */
    async pruneClusterCopies({ plan, own, nowMs }: PruneClusterInput): Promise<PruneCopiesResult> {
      const { bucket, keepMs, deadlineMs } = plan;
      return withHeartbeats((tell) =>
        pruneCopies(
          aws.objects(plan.region),
          { bucket, root: clusterRoot(plan) },
          { keepMs, deadlineMs, own, nowMs },
          { signal: Context.current().cancellationSignal, tell },
        ),
      );
    },
  };
}
