/**
 * Writes onto a backup, and its copy, that it passed a restore verification.
 * - reply lost, worker dies, runs twice: the same tag is written again;
 * - someone else changed it: a later proof stands; what is not of this database is not touched;
 * - cancelled: one of the two may carry the tag; the proof is true of it.
 */
import { databasePath, MANAGED_BY } from '../../core/backup/names.ts';
import type { SnapshotFacts, SnapshotRef } from '../../core/model/backup.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import { AWS_TAGS } from '../../core/model/temporary.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { withHeartbeats } from '../mutation.ts';
import type { DatabaseActivityDeps } from './deps.ts';
import { regionsOf } from './list-backups.ts';
import type { MarkVerifiedInput, MarkVerifiedResult } from './types.ts';

export function createMarkVerified({ aws }: Pick<DatabaseActivityDeps, 'aws'>) {
  return {
    async markVerified({ plan, snapshot, verifiedAtMs }: MarkVerifiedInput): Promise<MarkVerifiedResult> {
      return withHeartbeats(async () => {
        const marked: SnapshotRef[] = [];
        const notMarked: string[] = [];
        for (const region of new Set([snapshot.region, ...regionsOf(plan)])) {
          const rds = aws.rds(region);
          const name = `snapshot ${snapshot.identifier} in ${region}`;
          const found = await rds.findSnapshot(snapshot.identifier);
          const reason = whyNotMarked(found, plan, snapshot, region);
          if (reason !== undefined || found === undefined) {
            notMarked.push(`${name}: ${reason}`);
            continue;
          }
          try {
            const before = Date.parse(found.tags[AWS_TAGS.verifiedAt] ?? '');
            if (!(before >= verifiedAtMs)) {
              await rds.addTags(found.arn, { [AWS_TAGS.verifiedAt]: new Date(verifiedAtMs).toISOString() });
            }
            marked.push({ region, identifier: found.identifier, arn: found.arn });
          } catch (error) {
            if (!isCoded(error, 'NotFound')) throw error;
            notMarked.push(`${name}: not there any more`);
          }
        }
        return { marked, notMarked };
      });
    },
  };
}

function whyNotMarked(
  found: SnapshotFacts | undefined,
  plan: DatabasePlan,
  snapshot: SnapshotRef,
  region: string,
): string | undefined {
  if (found === undefined) return 'not there';
  if (found.instance !== plan.instance) return `of instance ${found.instance}, expected ${plan.instance}`;
  // The very one that was restored, whoever made it.
  if (region === snapshot.region) return found.arn === snapshot.arn ? undefined : `another one now: ${found.arn}`;
  if (found.tags[AWS_TAGS.managedBy] !== MANAGED_BY || found.tags[AWS_TAGS.database] !== databasePath(plan)) {
    return 'without our tags';
  }
  const isPair = found.copiedFrom === snapshot.arn || found.identifier === snapshot.identifier;
  return isPair ? undefined : 'no copy of it';
}
