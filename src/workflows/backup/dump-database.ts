/** A logical dump: taken, read back, and only then allowed to take the place of old ones. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BackupActivities } from '../../activities/backup-activities.ts';
import type { CopyActivities } from '../../activities/copy-activities.ts';
import type { BackupEnding, BackupResult, BackUpInput } from '../../core/model/backup-operation.ts';
import { localReadProfile, waitProfile } from '../shared/profiles.ts';
import { BackupRun } from './backup-run.ts';
import { type Made, proven, sourceOf, thenRetention, toItsEnd } from './copy-steps.ts';

export async function dumpDatabase(input: BackUpInput): Promise<BackupResult> {
  const { database, environment } = input;
  const run = new BackupRun('dumpDatabase', { database, environment }, input);
  const made: Made = {};
  return toItsEnd(run, made, 'DumpFailed', () => dump(run, made, input));
}

async function dump(run: BackupRun, made: Made, input: BackUpInput): Promise<BackupEnding> {
  const { resolveDatabase } = proxyLocalActivities<BackupActivities>(localReadProfile());
  run.enter('preparing');
  const { plan } = await resolveDatabase({ operation: 'dumpDatabase', input });
  made.catalogueDigest = plan.catalogueDigest;
  if (!plan.dump) {
    const reason = `database ${plan.database} in ${plan.environment}: the catalogue has no dump: for it`;
    return { outcome: 'failed', reasonCode: 'DumpFailed', reason };
  }
  const { bucket, prefix, deadlineMs } = plan.dump;
  if (input.dryRun === true) {
    const reason = `dry run: ${plan.databaseName} would be dumped to s3://${bucket}/${prefix}; nothing was changed`;
    return { outcome: 'planned', reasonCode: 'DryRun', reason };
  }
  const { takeDump, verifyDump, pruneDumps } = proxyActivities<CopyActivities>(waitProfile(deadlineMs));
  const { nominalAtMs } = run.state;
  const taken = await run.timed('dump', 'dumping', () => takeDump({ plan, mark: run.mark, nominalAtMs }));
  if (taken.outcome === 'couldNotDump') {
    return { outcome: 'failed', reasonCode: DUMP_PROBLEMS[taken.reasonCode], reason: taken.reason };
  }
  const { dump: stored, adopted, notes } = taken;
  made.source = sourceOf(stored.archive, stored.manifest, stored.takenAtMs);
  run.saw(
    `${adopted ? 'found' : 'dumped'} ${stored.relations} relations, ${stored.archive.bytes} bytes, by pg_dump ${stored.pgDumpVersion}`,
  );
  for (const note of notes) run.warn(note);
  const ending = await proven(run, async () => {
    const seen = await verifyDump({ plan, dump: stored });
    return { outcome: seen.outcome, says: seen.outcome === 'verified' ? seen.says : seen.reason };
  });
  return thenRetention(run, ending, () => pruneDumps({ plan, own: stored.folder, nowMs: Date.now() }));
}

const DUMP_PROBLEMS = { noProgram: 'NoProgram', damage: 'SourceDamaged', refused: 'DumpFailed' } as const;
