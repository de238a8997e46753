/** The expand phase: what the new version needs of its database, before a request reaches it. */
import { CancelledFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import type { Ending } from '../../core/rollout/ending.ts';
import { mutatorProfile } from '../shared/profiles.ts';
import type { Operation } from './operation.ts';

/** How the deployment ends when a file fails; undefined when everything is applied, or the service has no migrations. */
export async function migrate(op: Operation, plan: DeployPlan): Promise<Ending | undefined> {
  if (plan.migrations === undefined) return undefined;
  op.enter('migrating', `applying the migrations of ${plan.service}`);
  const act = proxyActivities<Activities>(mutatorProfile(plan.intervals, plan.migrations.deadlineMs));
  const migrated = await act.migrateDatabase({ plan, fence: op.nextFence(), operation: op.state.workflowId });
  op.state.migrations = migrated.report;
  switch (migrated.outcome) {
    case 'migrated':
      return undefined;
    case 'failed':
      return {
        outcome: 'rejected',
        reasonCode: 'MigrationFailed',
        reason: `migrations of ${plan.service}: ${migrated.says}`,
      };
    case 'cancelled':
      // What was applied until then is told; the request that ended it decides how the operation ends.
      throw new CancelledFailure(migrated.says);
  }
}
