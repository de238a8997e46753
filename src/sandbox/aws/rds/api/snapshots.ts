import { fillSnapshot, newSnapshot } from './backups.ts';
import { SECONDS } from './clock.ts';
import {
  addEvent,
  type Call,
  findInstance,
  findSnapshot,
  type Operation,
  type RdsContext,
  requireReady,
  resting,
} from './context.ts';
import { RdsError } from './errors.ts';
import { arn, newSnapshotFolder, parseArn, snapshotIdentifier } from './identifiers.ts';
import { page } from './paging.ts';
import type { Region, Snapshot } from './state.ts';
import { snapshotView } from './views.ts';
import { list } from './xml.ts';

const FILTERS = ['db-instance-id', 'db-snapshot-id', 'dbi-resource-id', 'snapshot-type', 'engine'];
const COPIES_AT_ONCE = 20;

export const createDbSnapshot: Operation = ({ context, region, input }) => {
  const identifier = snapshotIdentifier(input.required('DBSnapshotIdentifier'));
  const instance = findInstance(region, input.required('DBInstanceIdentifier'));
  const tags = { ...(instance.copyTagsToSnapshot ? instance.tags : {}), ...input.tags() };
  requireFree(context, region, identifier);
  requireReady(context, instance, 'create a snapshot');
  void startSnapshot(context, region, instance.identifier, identifier, tags);
  return { DBSnapshot: snapshotView(findSnapshot(region, identifier)) };
};

/** Throws DBSnapshotAlreadyExists and SnapshotQuotaExceeded. */
export function requireFree({ quotas }: RdsContext, region: Region, identifier: string): void {
  if (region.snapshots.has(identifier)) {
    throw new RdsError(
      'DBSnapshotAlreadyExists',
      `Cannot create the snapshot because a snapshot with the identifier ${identifier} already exists.`,
    );
  }
  const manual = [...region.snapshots.values()].filter(({ type }) => type === 'manual').length;
  if (manual < quotas.manualSnapshots) return;
  throw new RdsError(
    'SnapshotQuotaExceeded',
    `Cannot create more than ${quotas.manualSnapshots} manual snapshots (${manual} are there).`,
  );
}

/** The instance is locked while its data are read; the snapshot takes longer. Resolves when the data are read. */
export function startSnapshot(
  context: RdsContext,
  region: Region,
  instanceName: string,
  identifier: string,
  tags: Snapshot['tags'],
  isLast = false,
): Promise<void> {
  const instance = findInstance(region, instanceName);
  const snapshot = newSnapshot(instance, { identifier, type: 'manual', tags });
  region.snapshots.set(identifier, snapshot);
  addEvent(region, 'db-snapshot', identifier, 'creation', 'Creating manual snapshot');
  // It begins at once: what is written afterwards is not in it.
  const read = fillSnapshot(context, instance, snapshot);
  read.catch(() => undefined);
  const fail = (error: Error): string => {
    context.reportProblem(`rds snapshot ${identifier}`, error);
    addEvent(region, 'db-snapshot', identifier, 'failure', `Snapshot failed: ${error.message}`);
    return 'failed';
  };
  if (!isLast) {
    const steps = [{ status: 'backing-up', seconds: 20, work: () => read }];
    void context.timelines.run(instance, steps, resting(instance), resting(instance));
  }
  const steps = progressive(snapshot, SECONDS.snapshot, () => read);
  void context.timelines
    .run(snapshot, steps, undefined, fail)
    .then(() => finish(region, snapshot, 'Manual snapshot created'));
  return read;
}

/** Five steps, so that the percentage moves. */
function progressive(snapshot: Snapshot, seconds: number, work: () => Promise<void>) {
  return [0, 20, 40, 60, 80].map((percent) => ({
    status: 'creating',
    seconds: seconds / 5,
    work: async () => {
      snapshot.percent = percent;
      if (percent === 80) await work();
    },
  }));
}

function finish(region: Region, snapshot: Snapshot, message: string): void {
  if (snapshot.status !== 'creating' || region.snapshots.get(snapshot.identifier) !== snapshot) return;
  // Only a job that went through to its end comes here with the last percentage.
  if (snapshot.percent < 80 || snapshot.sizeBytes === undefined) return;
  snapshot.percent = 100;
  snapshot.createdAtMs = Date.now();
  snapshot.originalCreatedAtMs ??= snapshot.createdAtMs;
  snapshot.status = 'available';
  addEvent(region, 'db-snapshot', snapshot.identifier, 'creation', message);
}

export const describeDbSnapshots: Operation = ({ context, region, input }) => {
  const asked = input.text('DBSnapshotIdentifier');
  const type = input.text('SnapshotType');
  const filters = input.filters(FILTERS);
  const instance = input.text('DBInstanceIdentifier')?.toLowerCase();
  const resource = input.text('DbiResourceId');
  const all = asked === undefined ? [...region.snapshots.values()] : [findSnapshot(region, asked)];
  const found = all.filter(
    (snapshot) =>
      (type === undefined || type === snapshot.type) &&
      (instance === undefined || instance === snapshot.instanceIdentifier) &&
      (resource === undefined || resource === snapshot.resourceId) &&
      [...filters].every(([name, values]) => values.has(filtered(snapshot, name))),
  );
  const { items, marker } = page(input, found);
  return {
    Marker: marker,
    DBSnapshots: list(
      'DBSnapshot',
      items.map((snapshot) => snapshotView(snapshot, context.faults)),
    ),
  };
};

function filtered(snapshot: Snapshot, name: string): string {
  switch (name) {
    case 'db-instance-id':
      return snapshot.instanceIdentifier;
    case 'db-snapshot-id':
      return snapshot.identifier;
    case 'dbi-resource-id':
      return snapshot.resourceId;
    case 'snapshot-type':
      return snapshot.type;
    default:
      return 'postgres';
  }
}

/** Called in the region of the copy; the source is named by ARN when it is in another one. */
export const copyDbSnapshot: Operation = (call) => {
  const { context, region, input } = call;
  const identifier = snapshotIdentifier(input.required('TargetDBSnapshotIdentifier'), 'TargetDBSnapshotIdentifier');
  const source = sourceOf(call);
  const isAcross = source.region !== region.name;
  const kmsKeyId = input.text('KmsKeyId');
  if (source.encrypted && isAcross && kmsKeyId === undefined) {
    throw new RdsError(
      'InvalidParameterCombination',
      'A KMS key of the destination Region is required to copy an encrypted snapshot from another Region.',
    );
  }
  requireFree(context, region, identifier);
  if (source.status !== 'available') {
    throw new RdsError('InvalidDBSnapshotState', `DBSnapshot ${source.identifier} is ${source.status}, not available.`);
  }
  const underWay = [...region.snapshots.values()].filter((s) => s.copiedFrom && s.status === 'creating').length;
  if (underWay >= COPIES_AT_ONCE) {
    throw new RdsError('SnapshotQuotaExceeded', `Already ${underWay} copies are in progress into ${region.name}.`);
  }
  const given = input.tags();
  const copy: Snapshot = {
    ...source,
    identifier,
    region: region.name,
    folder: newSnapshotFolder(),
    type: 'manual',
    status: 'creating',
    percent: 0,
    createdAtMs: undefined,
    sizeBytes: undefined,
    tags: given ?? (input.flag('CopyTags') ? source.tags : {}),
    encrypted: source.encrypted || kmsKeyId !== undefined,
    kmsKeyId: kmsKeyId ?? source.kmsKeyId,
    copiedFrom: { region: source.region, arn: arn(source.region, 'snapshot', source.identifier) },
  };
  region.snapshots.set(identifier, copy);
  addEvent(region, 'db-snapshot', identifier, 'creation', `Copying snapshot ${source.identifier} of ${source.region}`);
  // It starts now: the source may be deleted in the meantime.
  const copied = context.engine.copySnapshot(source.folder, copy.folder).then(({ sizeBytes }) => {
    copy.sizeBytes = sizeBytes;
  });
  // Its failure is told by the last step.
  copied.catch(() => undefined);
  const seconds = isAcross ? SECONDS.copyAcrossRegions : SECONDS.copy;
  void context.timelines
    .run(
      copy,
      progressive(copy, seconds, () => copied),
      undefined,
      (error) => {
        context.reportProblem(`rds copy ${identifier}`, error);
        addEvent(region, 'db-snapshot', identifier, 'failure', `Copy failed: ${error.message}`);
        return 'failed';
      },
    )
    .then(() => finish(region, copy, `Copied snapshot ${source.identifier}`));
  return { DBSnapshot: snapshotView(copy) };
};

function sourceOf({ context, region, input }: Call): Snapshot {
  const asked = input.required('SourceDBSnapshotIdentifier');
  const parsed = parseArn(asked);
  return findSnapshot(parsed ? context.state.region(parsed.region) : region, asked);
}

export const deleteDbSnapshot: Operation = async ({ context, region, input }) => {
  const snapshot = findSnapshot(region, input.required('DBSnapshotIdentifier'));
  if (snapshot.type === 'automated') {
    throw new RdsError('InvalidDBSnapshotState', `The automated snapshot ${snapshot.identifier} cannot be deleted.`);
  }
  const isExported = [...region.exports.values()].some(
    ({ sourceArn, status }) =>
      (status === 'STARTING' || status === 'IN_PROGRESS') && parseArn(sourceArn)?.name === snapshot.identifier,
  );
  if (snapshot.status === 'creating' || snapshot.status === 'deleting' || isExported) {
    const status = isExported ? 'being exported' : snapshot.status;
    throw new RdsError(
      'InvalidDBSnapshotState',
      `DBSnapshot ${snapshot.identifier} cannot be deleted: it is ${status}.`,
    );
  }
  const answer = { ...snapshotView(snapshot), Status: 'deleted' };
  region.snapshots.delete(snapshot.identifier);
  addEvent(region, 'db-snapshot', snapshot.identifier, 'deletion', 'Deleted user snapshot');
  await context.engine.deleteSnapshot(snapshot.folder);
  return { DBSnapshot: answer };
};
