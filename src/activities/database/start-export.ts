/**
 * Starts the export of a snapshot to S3. Tasks carry no tags: ours are known by their name, which follows from the
 * snapshot's ARN, and by their source.
 * - reply lost, worker dies, runs twice: the task is found by its name and joined, running or complete;
 * - a task that failed has used up its name: the next has a suffix, after the failure was read;
 * - someone else exports the same snapshot: the provider refuses (one export a snapshot), told as `precondition`;
 * - cancelled: before the call; a task on its way is left, it costs once and its archive is whole.
 */
import { exportName } from '../../core/backup/names.ts';
import { awsKindOf } from '../../errors/classify-aws.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { checkCancelled, withHeartbeats } from '../mutation.ts';
import { Context } from '@temporalio/activity';
import type { DatabaseActivityDeps } from './deps.ts';
import { whyNotStarted } from './start-or-adopt.ts';
import type { StartExportInput, StartExportResult } from './types.ts';

const MOST_NAMES = 5;
const MOST_CALLS = 5;
const PAUSE_MS = 500;

export function createStartExport({ aws }: Pick<DatabaseActivityDeps, 'aws'>) {
  return {
    /** Throws NotReady while the snapshot is not available. */
    async startExport({ plan, snapshot }: StartExportInput): Promise<StartExportResult> {
      return withHeartbeats(async (tell) => {
        const { exportTo } = plan.backup;
        if (exportTo === undefined) {
          throw new CodedError('InvalidInput', `export of ${snapshot.identifier}: expected exportTo, found none`);
        }
        const { region, arn } = snapshot;
        const rds = aws.rds(region);
        let attempt = 1;
        for (let calls = 0; calls < MOST_CALLS && attempt <= MOST_NAMES; ) {
          checkCancelled();
          const identifier = exportName(arn, attempt);
          tell(`starting export ${identifier}`);
          const found = await rds.findExport(identifier);
          if (found && (found.status === 'FAILED' || found.status === 'CANCELED')) {
            attempt += 1;
            continue;
          }
          if (found && found.sourceArn !== arn) {
            const reason = `export ${identifier} exists: expected source ${arn}, found ${found.sourceArn}`;
            return { outcome: 'couldNotStart', reasonCode: 'foreign', reason };
          }
          if (found) return { outcome: 'started', region, exportTask: identifier, adopted: true };
          calls += 1;
          try {
            await rds.startExport({ identifier, sourceArn: arn, ...exportTo });
            return { outcome: 'started', region, exportTask: identifier, adopted: false };
          } catch (error) {
            if (!isCoded(error, 'OutcomeUnknown') && awsKindOf(error) !== 'alreadyExists') {
              const reasonCode = whyNotStarted(error);
              if (reasonCode === undefined || !isCoded(error)) throw error;
              return { outcome: 'couldNotStart', reasonCode, reason: error.message };
            }
            await Context.current().sleep(PAUSE_MS * calls);
          }
        }
        const reason = `export of ${arn}: not started after ${MOST_CALLS} calls and ${attempt} names`;
        return { outcome: 'couldNotStart', reasonCode: 'precondition', reason };
      });
    },
  };
}
