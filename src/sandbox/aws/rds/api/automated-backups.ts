import { dropAutomatedSnapshots } from './backups.ts';
import type { Call, Operation } from './context.ts';
import { RdsError } from './errors.ts';
import { page } from './paging.ts';
import { parseArn } from './identifiers.ts';
import type { Instance, Region, RetainedBackup } from './state.ts';
import { automatedBackupView } from './views.ts';
import { list, type XmlObject } from './xml.ts';

const FILTERS = ['db-instance-id', 'dbi-resource-id', 'status'];

interface Backup {
  readonly instanceIdentifier: string;
  readonly resourceId: string;
  readonly status: 'active' | 'retained' | 'creating';
  readonly view: XmlObject;
}

/** Of instances that are there and have a retention, and of those that are gone and left their backups. */
export const describeAutomatedBackups: Operation = (call) => {
  const { region, input } = call;
  const filters = input.filters(FILTERS);
  const name = input.text('DBInstanceIdentifier')?.toLowerCase();
  const resourceId = input.text('DbiResourceId') ?? resourceOf(input.text('DBInstanceAutomatedBackupsArn'));
  if (name !== undefined && !isKnown(region, name)) {
    throw new RdsError('DBInstanceAutomatedBackupNotFound', `No automated backup of ${name} in ${region.name}.`);
  }
  const backups = [
    ...[...region.instances.values()].filter(hasBackups).map(ofInstance),
    ...[...region.retained.values()].map(ofRetained),
  ];
  const found = backups.filter(
    (backup) =>
      (name === undefined || name === backup.instanceIdentifier) &&
      (resourceId === undefined || resourceId.toLowerCase() === backup.resourceId.toLowerCase()) &&
      (filters.get('db-instance-id')?.has(backup.instanceIdentifier) ?? true) &&
      (filters.get('dbi-resource-id')?.has(backup.resourceId) ?? true) &&
      (filters.get('status')?.has(backup.status) ?? true),
  );
  const { items, marker } = page(input, found);
  const views = items.map(({ view }) => view);
  return { Marker: marker, DBInstanceAutomatedBackups: list('DBInstanceAutomatedBackup', views) };
};

function isKnown({ instances, retained }: Region, name: string): boolean {
  return instances.has(name) || [...retained.values()].some(({ instanceIdentifier }) => instanceIdentifier === name);
}

function hasBackups({ backupRetentionDays, hasServer }: Instance): boolean {
  return backupRetentionDays > 0 && hasServer;
}

function ofInstance(instance: Instance): Backup {
  const { identifier: instanceIdentifier, resourceId, region, tags } = instance;
  const { earliestRestorableMs, latestRestorableMs } = instance;
  const status = earliestRestorableMs === undefined ? 'creating' : 'active';
  const window = { earliestRestorableMs, latestRestorableMs };
  const view = automatedBackupView(
    { region, resourceId, instanceIdentifier, settings: instance, tags, ...window },
    status,
  );
  return { instanceIdentifier, resourceId, status, view };
}

function ofRetained(backup: RetainedBackup): Backup {
  const { instanceIdentifier, resourceId } = backup;
  return { instanceIdentifier, resourceId, status: 'retained', view: automatedBackupView(backup, 'retained') };
}

function resourceOf(text: string | undefined): string | undefined {
  const parsed = text === undefined ? undefined : parseArn(text);
  return parsed?.kind === 'auto-backup' ? parsed.name.replace(/^ab-/, 'db-') : text;
}

/** Only of instances that are gone. */
export const deleteAutomatedBackup: Operation = async (call: Call) => {
  const { context, region, input } = call;
  const asked = input.text('DbiResourceId') ?? resourceOf(input.text('DBInstanceAutomatedBackupsArn'));
  if (asked === undefined) {
    throw new RdsError('InvalidParameterCombination', 'DbiResourceId or DBInstanceAutomatedBackupsArn must be given.');
  }
  const found = [...region.retained.values()].find(
    ({ resourceId }) => resourceId.toLowerCase() === asked.toLowerCase(),
  );
  if (!found) {
    const isLive = [...region.instances.values()].some(({ resourceId }) => resourceId === asked);
    throw isLive
      ? new RdsError('InvalidParameterCombination', `The instance of ${asked} is there: its backups cannot be deleted.`)
      : new RdsError('DBInstanceAutomatedBackupNotFound', `No automated backup of ${asked} in ${region.name}.`);
  }
  region.retained.delete(found.resourceId);
  await dropAutomatedSnapshots(context, region, found.resourceId);
  await context.engine.forget(found.resourceId);
  return { DBInstanceAutomatedBackup: automatedBackupView(found, 'retained') };
};
