/**
 * Deletes a temporary instance, whatever state it is in (S6).
 * - reply lost, worker dies, runs twice: it is gone or being deleted, which is what was asked for;
 * - not yet (creating, backing up, a change runs): NotReady, to be retried without end;
 * - somebody protected it from deletion: the protection is taken off, it is ours;
 * - someone else's instance of that name, or one without our tags: told as `foreign`, never touched;
 * - cancelled: before a call; the keeper and the sweep ask again.
 * Automated backups that a person chose to keep are left and told by proveGone: a right to delete those would be a right to
 * delete production's, which carry neither name nor tags of ours.
 */
import { whyNotOurs } from '../../core/backup/assess-adoption.ts';
import { statusClass } from '../../core/backup/assess-instance.ts';
import type { RdsClient } from '../../clients/aws/rds-port.ts';
import { awsKindOf } from '../../errors/classify-aws.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { checkCancelled, withHeartbeats } from '../mutation.ts';
import type { TemporaryActivityDeps } from './deps.ts';
import { mustBeTemporary } from './ours.ts';
import type { DeleteTemporaryInput, DeleteTemporaryResult } from './types.ts';

export function createDeleteTemporary({ aws }: Pick<TemporaryActivityDeps, 'aws'>) {
  return {
    async deleteTemporary({ temporary }: DeleteTemporaryInput): Promise<DeleteTemporaryResult> {
      return withHeartbeats(async (tell) => {
        mustBeTemporary(temporary);
        const { identifier, region } = temporary;
        const rds = aws.rds(region);
        const name = `instance ${identifier} in ${region}`;
        tell(`looking at ${name}`);
        const found = await rds.findInstance(identifier);
        if (found === undefined) return { outcome: 'gone', reason: `${name}: not there` };
        const foreign = whyNotOurs(found.tags, temporary);
        if (foreign !== undefined) return { outcome: 'foreign', reason: `${name}: not ours, not touched: ${foreign}` };
        if (statusClass(found.status) === 'leaving') {
          return { outcome: 'deleting', reason: `${name}: status is ${found.status}` };
        }
        checkCancelled();
        if (found.deletionProtection) {
          tell(`taking the deletion protection off ${name}`);
          await rds.allowDeletion(identifier);
        }
        checkCancelled();
        tell(`deleting ${name}`);
        return deleteOne(rds, identifier, name);
      });
    },
  };
}

async function deleteOne(rds: RdsClient, identifier: string, name: string): Promise<DeleteTemporaryResult> {
  try {
    await rds.deleteInstance(identifier);
    return { outcome: 'deleting', reason: `${name}: deletion asked for, without a final snapshot` };
  } catch (error) {
    if (isCoded(error, 'NotFound')) return { outcome: 'gone', reason: `${name}: not there` };
    const kind = awsKindOf(error);
    if (kind === 'alreadyDeleting') return { outcome: 'deleting', reason: `${name}: being deleted already` };
    if (kind === 'deletionProtected') await rds.allowDeletion(identifier);
    // Retryable, and benign: its state does not allow it yet, or the protection goes in a moment.
    if (kind === 'state' || kind === 'deletionProtected') {
      throw new CodedError('NotReady', `${name}: STILL THERE, AND BILLED UNTIL DELETED: ${messageOf(error)}`);
    }
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
