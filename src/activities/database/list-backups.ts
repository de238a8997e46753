/** Reads the backups of both regions. A region that does not answer makes it fail: half a list must prune nothing. */
import { Context } from '@temporalio/activity';
import type { AwsClients } from '../../clients/aws/port.ts';
import { assessTemporary } from '../../core/backup/assess-temporary.ts';
import { backupOf } from '../../core/backup/backup-facts.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import { AWS_TAGS } from '../../core/model/temporary.ts';
import { guarded } from '../failure.ts';
import type { DatabaseActivityDeps } from './deps.ts';
import type { ListBackupsInput, ListBackupsResult } from './types.ts';

export function createListBackups({ aws }: Pick<DatabaseActivityDeps, 'aws'>) {
  return {
    listBackups: guarded(
      async ({ plan }: ListBackupsInput): Promise<ListBackupsResult> =>
        readBackups(aws, plan, Context.current().cancellationSignal),
    ),
  };
}

export async function readBackups(
  aws: AwsClients,
  plan: DatabasePlan,
  signal?: AbortSignal,
): Promise<ListBackupsResult> {
  const nowMs = Date.now();
  const regions = regionsOf(plan);
  const read = await Promise.all(
    regions.map(async (region) => {
      const rds = aws.rds(region);
      const [snapshots, instances] = await Promise.all([
        rds.listSnapshots(plan.instance, signal),
        rds.listInstances(signal),
      ]);
      return { snapshots, instances };
    }),
  );
  const backups = read.flatMap(({ snapshots }) =>
    snapshots.filter(({ type }) => type === 'manual').map((each) => backupOf(each, plan, nowMs)),
  );
  const beingRestored = read.flatMap(({ instances }) =>
    instances.flatMap((instance) => {
      const kind = assessTemporary(instance, nowMs).kind;
      const source = instance.tags[AWS_TAGS.source];
      return (kind === 'alive' || kind === 'expired') && source !== undefined ? [source] : [];
    }),
  );
  return { backups, beingRestored };
}

export function regionsOf({ region, backup }: DatabasePlan): readonly string[] {
  return backup.copyTo === undefined ? [region] : [region, backup.copyTo.region];
}
