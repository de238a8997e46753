/**
 * Deletes one backup that retention prunes (S7).
 * - reply lost, worker dies, runs twice: it is gone, or still to be pruned;
 * - someone else changed it: everything is read and decided anew right before; what was verified meanwhile, is being
 *   restored, or has lost our tags is refused;
 * - cancelled: before the call.
 */
import { planRetention } from '../../core/backup/plan-retention.ts';
import { awsKindOf } from '../../errors/classify-aws.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { checkCancelled, withHeartbeats } from '../mutation.ts';
import type { DatabaseActivityDeps } from './deps.ts';
import { readBackups } from './list-backups.ts';
import type { DeleteBackupInput, DeleteBackupResult } from './types.ts';

export function createDeleteBackup({ aws }: Pick<DatabaseActivityDeps, 'aws'>) {
  return {
    async deleteBackup({ plan, backup, nowMs }: DeleteBackupInput): Promise<DeleteBackupResult> {
      return withHeartbeats(async (tell) => {
        const name = `snapshot ${backup.identifier} in ${backup.region}`;
        tell(`looking at ${name} again`);
        const { backups, beingRestored } = await readBackups(aws, plan);
        const { retention: tiers, verifiedFloor } = plan.backup;
        const decisions = planRetention(backups, { tiers, verifiedFloor, nowMs, beingRestored });
        const decision = decisions.find(({ backup: each }) => each.arn === backup.arn && each.region === backup.region);
        if (decision === undefined) return { outcome: 'gone', reason: `${name}: not there any more` };
        const why = decision.reasons.join('; ');
        if (decision.action === 'keep') return { outcome: 'refused', reason: `${name}: kept: ${why}` };
        checkCancelled();
        tell(`deleting ${name}`);
        try {
          await aws.rds(backup.region).deleteSnapshot(backup.identifier);
        } catch (error) {
          if (isCoded(error, 'NotFound')) return { outcome: 'gone', reason: `${name}: not there any more` };
          const kind = awsKindOf(error);
          if (kind === 'alreadyDeleting') return { outcome: 'deleted', reason: `${name}: being deleted already` };
          // It is being copied, shared or exported: the next run prunes it.
          if (kind === 'state' && isCoded(error)) return { outcome: 'refused', reason: error.message };
          throw error;
        }
        return { outcome: 'deleted', reason: `${name}: ${why}` };
      });
    },
  };
}
