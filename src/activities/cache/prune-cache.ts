import { Context } from '@temporalio/activity';
import { copiesRoot } from '../../core/cache-backup/cache-place.ts';
import { pruneCopies } from '../dumps/prune-copies.ts';
import { withHeartbeats } from '../mutation.ts';
import type { CacheDeps } from './copy-cache.ts';
import type { PruneCacheInput, PruneCopiesResult } from './types.ts';

export function createPruneCacheCopies({ aws }: Pick<CacheDeps, 'aws'>) {
  return {
    /** Removes what retention allows, as it stands there now; never the last verified copy. */
    async pruneCacheCopies({ plan, own, nowMs }: PruneCacheInput): Promise<PruneCopiesResult> {
      const { bucket, keepMs, deadlineMs } = plan;
      return withHeartbeats((tell) =>
        pruneCopies(
          aws.objects(plan.region),
          { bucket, root: copiesRoot(plan.prefix, plan.environment, plan.cache) },
          { keepMs, deadlineMs, own, nowMs },
          { signal: Context.current().cancellationSignal, tell },
        ),
      );
    },
  };
}
