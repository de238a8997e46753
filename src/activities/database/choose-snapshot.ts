/** Reads; core chooses. To run it again asks again: the same nominal time gives the same lot over the same snapshots. */
import { Context } from '@temporalio/activity';
import { chooseSnapshot } from '../../core/backup/choose-snapshot.ts';
import { manifestOfTags } from '../../core/backup/manifest-key.ts';
import { guarded } from '../failure.ts';
import type { DatabaseActivityDeps } from './deps.ts';
import type { ChooseSnapshotInput, ChooseSnapshotResult } from './types.ts';

export function createChooseSnapshot({ aws }: Pick<DatabaseActivityDeps, 'aws'>) {
  return {
    chooseSnapshot: guarded(async (input: ChooseSnapshotInput): Promise<ChooseSnapshotResult> => {
      const { plan, choice, identifier, nominalAtMs } = input;
      const snapshots = await aws.rds(plan.region).listSnapshots(plan.instance, Context.current().cancellationSignal);
      const chosen = chooseSnapshot({
        name: plan,
        snapshots,
        choice,
        ...(identifier !== undefined && { identifier }),
        nominalAtMs,
        windowMs: plan.verification.windowMs,
        retention: plan.backup.retention,
      });
      if (chosen.outcome === 'none') {
        return { outcome: 'none', reason: `${plan.instance} in ${plan.region}: ${chosen.reason}` };
      }
      const manifest = manifestOfTags(chosen.snapshot.tags, plan.region);
      return { ...chosen, ...(manifest && { manifest }) };
    }),
  };
}
