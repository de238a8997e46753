/** The stable arm is watched while the release is prepared, so that there is something to compare with. */
import {
  CancellationScope,
  condition,
  isCancellation,
  log,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { assessDetection, type CollectedRecords, type ReleaseDetection } from '../../core/analysis/detection.ts';
import { isRecordLong, joinRecords } from '../../core/analysis/record-watch.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { localReadProfile, observerProfile } from '../shared/profiles.ts';

export interface Collecting {
  /** Ends the watching, once it has lasted as long as the plan wants, and says what the comparison can see. */
  end(): Promise<ReleaseDetection | undefined>;
  /** Ends it at once; nothing is wanted of it any more. */
  drop(): void;
}

/** Undefined in a plan that compares nothing. A dry run looks at what is kept, and watches nothing. */
export async function collectRecord(plan: DeployPlan, isDryRun: boolean): Promise<Collecting | undefined> {
  if (!plan.analysis.metrics.some(({ sequential }) => sequential !== undefined)) return undefined;
  const reader = proxyLocalActivities<Activities>(localReadProfile());
  const kept = await reader.collectRecord({ plan, what: 'kept' }).then(({ records }) => records, noRecord);
  if (isDryRun || isRecordLong(plan, kept)) {
    return { end: async () => assessDetection(plan, kept), drop: () => undefined };
  }
  return watchStable(plan, kept);
}

function watchStable(plan: DeployPlan, kept: CollectedRecords): Collecting {
  const watcher = proxyActivities<Activities>(observerProfile(plan.intervals));
  const scope = new CancellationScope();
  const startedAtMs = Date.now();
  let over = false;
  const running = scope
    .run(() => watcher.collectRecord({ plan, what: 'watched' }))
    .then(({ records }) => records, noRecord)
    .finally(() => {
      over = true;
    });
  return {
    end: async () => {
      const leastMs = (plan.analysis.recordForMs ?? 0) - (Date.now() - startedAtMs);
      if (leastMs > 0) await condition(() => over, leastMs);
      if (!over) scope.cancel();
      return assessDetection(plan, joinRecords(kept, await running));
    },
    drop: () => over || scope.cancel(),
  };
}

/** Without a record the threshold decides, and says so: that is no reason to end a deployment. */
function noRecord(error: unknown): CollectedRecords {
  if (!(error instanceof TemporalFailure)) throw error;
  if (!isCancellation(error)) log.warn('no record could be collected', { problem: String(error) });
  return {};
}
