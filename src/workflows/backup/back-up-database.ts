/** A backup that can be proven: manifest, snapshot, copy to the recovery region, archive; then retention. */
import { CancelledFailure, CancellationScope, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BackupActivities } from '../../activities/backup-activities.ts';
import { endingOfBackup, mayPrune, type MissingPart } from '../../core/backup/assess-backup.ts';
import { snapshotName } from '../../core/backup/names.ts';
import { planRetention } from '../../core/backup/plan-retention.ts';
import type { BackupEnding, BackupResult, BackUpInput } from '../../core/model/backup-operation.ts';
import type { RemovedObject } from '../../core/model/backup-record.ts';
import type { ObjectReference, SnapshotFacts, SnapshotRef } from '../../core/model/backup.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import { localReadProfile, startProfile, waitProfile } from '../shared/profiles.ts';
import { BackupRun, troubleIn } from './backup-run.ts';
import { record } from './record.ts';

/** What there is of the backup so far. */
interface Backup {
  plan?: DatabasePlan;
  manifest?: ObjectReference;
  snapshot?: SnapshotFacts;
  copy?: SnapshotFacts;
  archive?: string;
  missing: readonly MissingPart[];
}

export async function backUpDatabase(input: BackUpInput): Promise<BackupResult> {
  const run = new BackupRun('backUpDatabase', { database: input.database, environment: input.environment }, input);
  const made: Backup = { missing: [] };
  const ending = await run.forward(
    () => backUp(run, made, input),
    (problem) => endingOfBackup([{ part: 'snapshot', reason: problem }], ''),
  );
  return CancellationScope.nonCancellable(async () => {
    const result = resultOf(run, made, ending);
    if (ending.outcome !== 'planned') await record(run, result);
    run.end(result, ending.cancelled === true);
    if (ending.cancelled) throw new CancelledFailure(ending.reason);
    return result;
  });
}

async function backUp(run: BackupRun, made: Backup, input: BackUpInput): Promise<BackupEnding> {
  const { resolveDatabase } = proxyLocalActivities<BackupActivities>(localReadProfile());
  run.enter('preparing');
  const { plan } = await resolveDatabase({ operation: 'backUpDatabase', input });
  made.plan = plan;
  if (input.dryRun === true) return planned(run, plan);
  const untilMs = Date.now() + plan.backup.deadlineMs;
  await takeManifest(run, made, plan);
  await takeSnapshot(run, made, plan, untilMs);
  if (made.snapshot) {
    await copy(run, made, plan, made.snapshot, untilMs);
    await archive(run, made, plan, made.snapshot, untilMs);
    if (mayPrune(made.missing)) await prune(run, made, plan);
    else run.warn('retention did not run: the new backup cannot take the place of an old one');
  }
  return endingOfBackup(made.missing, doneInWords(made));
}

/** A snapshot without a manifest is better than none: it goes on, and says that the backup is incomplete. */
async function takeManifest(run: BackupRun, made: Backup, plan: DatabasePlan): Promise<void> {
  const { takeManifest: take } = proxyActivities<BackupActivities>(waitProfile(plan.backup.deadlineMs));
  await part(run, made, 'manifest', async () => {
    const taken = await take({ plan, nominalAtMs: run.state.nominalAtMs });
    made.manifest = taken.manifest;
    run.saw(`manifest of ${taken.tables} tables with ${taken.rows} rows`);
    for (const each of taken.notCovered) run.warn(`no digest covers ${each}`);
    return undefined;
  });
}

async function takeSnapshot(run: BackupRun, made: Backup, plan: DatabasePlan, untilMs: number): Promise<void> {
  const { createSnapshot } = proxyActivities<BackupActivities>(startProfile());
  const { awaitSnapshot } = proxyActivities<BackupActivities>(waitProfile(plan.backup.deadlineMs));
  const identifier = snapshotName(plan, run.state.nominalAtMs, run.mark);
  await part(run, made, 'snapshot', async () => {
    const manifest = made.manifest;
    const started = await createSnapshot({ plan, identifier, mark: run.mark, ...(manifest && { manifest }) });
    if (started.outcome === 'couldNotStart') return started.reason;
    const { pollMs } = plan.verification;
    const waited = await awaitSnapshot({ snapshot: started.snapshot, untilMs, pollMs });
    if (waited.outcome !== 'available') return waited.reason;
    made.snapshot = waited.snapshot;
    run.saw(`snapshot ${identifier} in ${plan.region}`);
    for (const warning of waited.warnings) run.warn(warning);
    return undefined;
  });
  if (made.snapshot && made.manifest) await confirmManifest(run, made, plan, made.manifest, made.snapshot);
}

/** What did not change while the snapshot was taken must be in the copy whole. Without it the proof is weaker, not wrong. */
async function confirmManifest(
  run: BackupRun,
  made: Backup,
  plan: DatabasePlan,
  manifest: ObjectReference,
  snapshot: SnapshotRef,
): Promise<void> {
  const { confirmManifest: confirm } = proxyActivities<BackupActivities>(waitProfile(plan.backup.deadlineMs));
  const { nominalAtMs } = run.state;
  try {
    const confirmed = await run.timed('confirm', 'manifest', () =>
      confirm({ plan, manifest, snapshot: refOf(snapshot), mark: run.mark, nominalAtMs }),
    );
    made.manifest = confirmed.manifest;
    run.saw(`${confirmed.closed} tables were not written to meanwhile, ${confirmed.open} were`);
    if (confirmed.whyNot !== undefined) run.warn(`no table is proven unchanged: ${confirmed.whyNot}`);
  } catch (error) {
    run.warn(`what did not change while the snapshot was taken is not known: ${troubleIn(error)}`);
  }
}

async function copy(
  run: BackupRun,
  made: Backup,
  plan: DatabasePlan,
  from: SnapshotRef,
  untilMs: number,
): Promise<void> {
  if (!plan.backup.copyTo) return;
  const { copySnapshot } = proxyActivities<BackupActivities>(startProfile());
  const { awaitSnapshot } = proxyActivities<BackupActivities>(waitProfile(plan.backup.deadlineMs));
  const { region } = plan.backup.copyTo;
  await part(run, made, 'copy', async () => {
    const manifest = made.manifest;
    const started = await copySnapshot({ plan, from: refOf(from), mark: run.mark, ...(manifest && { manifest }) });
    if (started.outcome === 'couldNotStart') return started.reason;
    const { pollMs } = plan.verification;
    const waited = await awaitSnapshot({ snapshot: started.snapshot, untilMs, pollMs });
    if (waited.outcome !== 'available') return waited.reason;
    made.copy = waited.snapshot;
    run.saw(`copied to ${region}`);
    for (const warning of waited.warnings) run.warn(warning);
    return undefined;
  });
}

/** An archive in S3: cannot be restored by RDS, so nothing waits for it but the report. */
async function archive(
  run: BackupRun,
  made: Backup,
  plan: DatabasePlan,
  snapshot: SnapshotRef,
  untilMs: number,
): Promise<void> {
  if (!plan.backup.exportTo) return;
  const { startExport } = proxyActivities<BackupActivities>(startProfile());
  const { awaitExport } = proxyActivities<BackupActivities>(waitProfile(plan.backup.deadlineMs));
  await part(run, made, 'export', async () => {
    const started = await startExport({ plan, snapshot: refOf(snapshot) });
    if (started.outcome === 'couldNotStart') return started.reason;
    const { region, exportTask } = started;
    const { pollMs } = plan.verification;
    const waited = await awaitExport({ region, exportTask, untilMs, pollMs });
    if (waited.outcome !== 'complete') return waited.reason;
    made.archive = exportTask;
    run.saw(`archived as ${exportTask}`);
    for (const warning of waited.warnings) run.warn(`archive: ${warning}`);
    return undefined;
  });
}

/** One by one, each looked at again by the activity: what changed meanwhile is refused. */
async function prune(run: BackupRun, made: Backup, plan: DatabasePlan): Promise<void> {
  const { listBackups, deleteBackup } = proxyActivities<BackupActivities>(startProfile());
  await part(run, made, 'retention', async () => {
    const nowMs = Date.now();
    const pruned = toPrune(plan, await listBackups({ plan }), nowMs);
    const problems: string[] = [];
    for (const backup of pruned) {
      const object = `DB snapshot ${backup.identifier} (${backup.region})`;
      try {
        const { outcome, reason } = await deleteBackup({ plan, backup: refOf(backup), nowMs });
        removed(run, { object, gone: outcome !== 'refused', says: reason });
      } catch (error) {
        const says = troubleIn(error);
        removed(run, { object, gone: false, says });
        problems.push(`${object}: ${says}`);
      }
    }
    run.saw(`retention: ${pruned.length - problems.length} of ${pruned.length} pruned`);
    return problems.length === 0 ? undefined : problems.join('; ');
  });
}

function toPrune(
  plan: DatabasePlan,
  { backups, beingRestored }: Awaited<ReturnType<BackupActivities['listBackups']>>,
  nowMs: number,
): readonly SnapshotRef[] {
  const { retention: tiers, verifiedFloor } = plan.backup;
  return planRetention(backups, { tiers, verifiedFloor, nowMs, beingRestored })
    .filter(({ action }) => action === 'prune')
    .map(({ backup }) => backup);
}

/** What would be pruned now is all that can be known without changing anything. */
async function planned(run: BackupRun, plan: DatabasePlan): Promise<BackupEnding> {
  const { listBackups } = proxyActivities<BackupActivities>(startProfile());
  const identifier = snapshotName(plan, run.state.nominalAtMs, run.mark);
  const reason = `dry run: ${identifier} would be taken of ${plan.instance}; nothing was changed`;
  try {
    const listed = await listBackups({ plan });
    const pruned = toPrune(plan, listed, Date.now()).map((each) => `${each.identifier} (${each.region})`);
    run.saw(`${listed.backups.length} backups are there; retention would now prune ${pruned.join(', ') || 'none'}`);
    return { outcome: 'planned', reasonCode: 'DryRun', reason: `${reason}. ${run.state.seen.at(-1)}` };
  } catch (error) {
    const problem = `the backups could not be listed: ${troubleIn(error)}`;
    run.warn(problem);
    return { outcome: 'planned', reasonCode: 'DryRun', reason: `${reason}. ${problem}` };
  }
}

/** One part, timed. What it lacks is written down; the rest goes on where that makes sense. */
async function part(
  run: BackupRun,
  made: Backup,
  name: MissingPart['part'],
  body: () => Promise<string | undefined>,
): Promise<void> {
  let reason: string | undefined;
  try {
    reason = await run.timed(name, name, body);
  } catch (error) {
    reason = troubleIn(error);
  }
  if (reason !== undefined) made.missing = [...made.missing, { part: name, reason }];
}

function removed(run: BackupRun, row: RemovedObject): void {
  run.state.removed = [...run.state.removed, row];
}

function refOf({ region, identifier, arn }: SnapshotRef): SnapshotRef {
  return { region, identifier, arn };
}

function doneInWords({ snapshot, copy: copied, manifest }: Backup): string {
  const parts = [snapshot && `snapshot ${snapshot.identifier}`, copied && `copy in ${copied.region}`];
  return [...parts.filter(Boolean), manifest ? 'with manifest' : 'without manifest'].join(', ');
}

function resultOf(run: BackupRun, made: Backup, ending: BackupEnding): BackupResult {
  const { plan, snapshot, copy: copied, manifest } = made;
  return {
    ...run.result(ending),
    ...(snapshot && {
      source: {
        name: snapshot.identifier,
        region: snapshot.region,
        ...(snapshot.takenAtMs !== undefined && { takenAtMs: snapshot.takenAtMs }),
        ...(manifest && { manifest: `s3://${manifest.bucket}/${manifest.key}` }),
        copies: copied ? [copied.arn] : [],
      },
    }),
    ...(plan && { catalogueDigest: plan.catalogueDigest }),
    ...(plan && ending.outcome === 'planned' && { plan }),
  };
}
