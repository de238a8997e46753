/** Instances from snapshots and from the log. What they do not carry over from the source is what makes them a trap. */
import { SECONDS } from './clock.ts';
import { addEvent, type Call, findInstance, findSnapshot, type Operation } from './context.ts';
import { startInstance, versionOf, viewOf } from './create-instance.ts';
import { RdsError } from './errors.ts';
import { parseArn } from './identifiers.ts';
import { freeIdentifier, newInstance, serverSpec } from './new-instance.ts';
import type { Tags } from './query-input.ts';
import { type Settings, settingsOf } from './state.ts';

/** Could not be brought up: stuck, and billed. */
const FAILED = 'restore-error';

export const restoreFromSnapshot: Operation = (call) => {
  const { context, region, input } = call;
  const identifier = freeIdentifier(call);
  const snapshot = findSnapshot(region, input.required('DBSnapshotIdentifier'));
  if (snapshot.status !== 'available') {
    throw new RdsError(
      'InvalidDBSnapshotState',
      `DBSnapshot ${snapshot.identifier} is ${snapshot.status}, not available.`,
    );
  }
  const settings: Settings = {
    ...settingsOf(snapshot.settings),
    encrypted: snapshot.encrypted,
    kmsKeyId: snapshot.kmsKeyId,
  };
  const instance = newInstance(call, { identifier, settings, tags: input.tags() ?? snapshot.sourceTags });
  region.instances.set(identifier, instance);
  addEvent(region, 'db-instance', identifier, 'restoration', `Restored from snapshot ${snapshot.identifier}`);
  startInstance(context, region, instance, {
    seconds: SECONDS.restore,
    backupSeconds: SECONDS.baselineBackup,
    failed: FAILED,
    isLazy: true,
    create: () => context.engine.restoreSnapshot(snapshot.folder, serverSpec(region, instance)),
  });
  return { DBInstance: viewOf(region, instance) };
};

interface Source {
  readonly resourceId: string;
  readonly settings: Readonly<Settings>;
  readonly tags: Tags;
  readonly earliestMs: number | undefined;
  readonly latestMs: number | undefined;
}

export const restoreToPointInTime: Operation = async (call) => {
  const { context, region, input } = call;
  const identifier = freeIdentifier(call, 'TargetDBInstanceIdentifier');
  const source = sourceOf(call);
  const isLatest = input.flag('UseLatestRestorableTime') ?? false;
  const atMs = input.time('RestoreTime');
  if (isLatest === (atMs !== undefined)) {
    throw new RdsError(
      'InvalidParameterCombination',
      isLatest
        ? 'RestoreTime cannot be given with UseLatestRestorableTime.'
        : 'Either RestoreTime or UseLatestRestorableTime must be given.',
    );
  }
  if (source.settings.backupRetentionDays === 0) {
    throw new RdsError('PointInTimeRestoreNotEnabled', 'Point in time restore is not enabled for this instance.');
  }
  requireInWindow(source, atMs);
  const { engineVersion, major } = await versionOf(context, source.settings.engineVersion);
  const settings = { ...settingsOf(source.settings), engineVersion, major };
  const instance = newInstance(call, { identifier, settings, tags: input.tags() ?? source.tags });
  region.instances.set(identifier, instance);
  const target = atMs ?? source.latestMs ?? 'latest';
  const when = new Date(typeof target === 'number' ? target : Date.now()).toISOString();
  addEvent(region, 'db-instance', identifier, 'restoration', `Restored to ${when}`);
  startInstance(context, region, instance, {
    seconds: SECONDS.restoreToTime,
    backupSeconds: SECONDS.baselineBackup,
    failed: FAILED,
    isLazy: true,
    create: () =>
      context.engine.restoreToTime(source.resourceId, isLatest ? 'latest' : target, serverSpec(region, instance)),
  });
  return { DBInstance: viewOf(region, instance) };
};

/** By name, by resource id (which outlives the instance), or by the ARN of retained backups. */
function sourceOf({ region, input }: Call): Source {
  const name = input.text('SourceDBInstanceIdentifier');
  if (name !== undefined) return live(findInstance(region, name));
  const resourceId =
    input.text('SourceDbiResourceId') ?? resourceOfArn(input.text('SourceDBInstanceAutomatedBackupsArn'));
  if (resourceId === undefined) {
    throw new RdsError(
      'InvalidParameterCombination',
      'A source must be given: SourceDBInstanceIdentifier or SourceDbiResourceId.',
    );
  }
  const isWanted = (id: string): boolean => id.toLowerCase() === resourceId.toLowerCase();
  const instance = [...region.instances.values()].find((candidate) => isWanted(candidate.resourceId));
  if (instance) return live(instance);
  const retained = [...region.retained.values()].find((candidate) => isWanted(candidate.resourceId));
  if (!retained) {
    throw new RdsError('DBInstanceAutomatedBackupNotFound', `No automated backup of ${resourceId} in ${region.name}.`);
  }
  const { settings, tags, earliestRestorableMs: earliestMs, latestRestorableMs: latestMs } = retained;
  return { resourceId: retained.resourceId, settings, tags, earliestMs, latestMs };
}

function live(instance: ReturnType<typeof findInstance>): Source {
  const { resourceId, tags, earliestRestorableMs: earliestMs, latestRestorableMs: latestMs } = instance;
  return { resourceId, settings: instance, tags, earliestMs, latestMs };
}

function resourceOfArn(text: string | undefined): string | undefined {
  const parsed = text === undefined ? undefined : parseArn(text);
  return parsed?.kind === 'auto-backup' ? parsed.name.replace(/^ab-/, 'db-') : undefined;
}

function requireInWindow({ earliestMs, latestMs }: Source, atMs: number | undefined): void {
  if (latestMs === undefined || earliestMs === undefined) {
    throw new RdsError('InvalidRestoreFault', 'No backup is complete yet: there is nothing to restore to.');
  }
  if (atMs === undefined || (atMs >= earliestMs && atMs <= latestMs)) return;
  const [earliest, latest] = [earliestMs, latestMs].map((ms) => new Date(ms).toISOString());
  throw new RdsError(
    'InvalidRestoreFault',
    `Cannot restore to ${new Date(atMs).toISOString()}: the earliest restorable time is ${earliest}, the latest ${latest}.`,
  );
}
