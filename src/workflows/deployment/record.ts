/** The stable arm is watched while the release is prepared, so that there is something to compare with. */
import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { assessDetection, type CollectedRecords, type ReleaseDetection } from '../../core/analysis/detection.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { observerProfile } from '../shared/profiles.ts';

export interface Collecting {
  /** Ends the watching, once it has lasted as long as the plan wants, and says what the comparison can see. */
  end(): Promise<ReleaseDetection | undefined>;
  /** Ends it at once; nothing is wanted of it any more. */
  drop(): void;
}

/** Undefined in a plan that compares nothing. */
export function collectRecord(plan: DeployPlan, once: boolean): Collecting | undefined {
  if (!plan.analysis.metrics.some(({ sequential }) => sequential !== undefined)) return undefined;
  const watcher = proxyActivities<Activities>(observerProfile(plan.intervals));
  const scope = new CancellationScope();
  const startedAtMs = Date.now();
  let over = false;
  const running = scope
    .run(() => watcher.collectRecord({ plan, ...(once && { once }) }))
    .then(({ records }) => records, noRecord)
    .finally(() => {
      over = true;
    });
  return {
    end: async () => {
      const leastMs = (plan.analysis.recordForMs ?? 0) - (Date.now() - startedAtMs);
      if (once) await running;
      else if (leastMs > 0) await condition(() => over, leastMs);
      if (!over) scope.cancel();
      return assessDetection(plan, await running);
    },
    drop: () => over || scope.cancel(),
  };
}

/** Without a record the threshold decides, and says so: that is no reason to end a deployment. */
function noRecord(error: unknown): CollectedRecords {
  if (!(error instanceof ActivityFailure) && !isCancellation(error)) throw error;
  if (!isCancellation(error)) log.warn('no record could be collected', { problem: String(error) });
  return {};
}
