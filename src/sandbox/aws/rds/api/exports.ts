/** Exports of snapshots to S3. A copy is restored first, so nothing moves for a long time. */
import { SECONDS } from './clock.ts';
import { addEvent, findSnapshot, type Operation, type RdsContext } from './context.ts';
import { RdsError } from './errors.ts';
import { newResourceId, parseArn } from './identifiers.ts';
import { page } from './paging.ts';
import type { ExportTask, Region, Snapshot } from './state.ts';
import { list, type XmlObject } from './xml.ts';

const TASKS_AT_ONCE = 5;
const FILTERS = ['export-task-identifier', 's3-bucket', 'source-arn', 'status'];

function view(task: ExportTask): XmlObject {
  const timeOf = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));
  return {
    ExportTaskIdentifier: task.identifier,
    SourceArn: task.sourceArn,
    ExportOnly: list('member', task.only),
    SnapshotTime: timeOf(task.snapshotTimeMs),
    TaskStartTime: timeOf(task.startedAtMs),
    TaskEndTime: timeOf(task.endedAtMs),
    S3Bucket: task.bucket,
    S3Prefix: task.prefix,
    IamRoleArn: task.roleArn,
    KmsKeyId: task.kmsKeyId,
    Status: task.status,
    PercentProgress: task.percent,
    TotalExtractedDataInGB: Math.round(task.extractedGb),
    FailureCause: task.failure,
    WarningMessage: task.warning,
    SourceType: 'SNAPSHOT',
  };
}

export const startExportTask: Operation = async ({ context, region, input }) => {
  const identifier = input.required('ExportTaskIdentifier');
  const sourceArn = input.required('SourceArn');
  const bucket = input.required('S3BucketName');
  const roleArn = input.required('IamRoleArn');
  const kmsKeyId = input.required('KmsKeyId');
  if (!/^[A-Za-z](?:-?[A-Za-z0-9])*$/.test(identifier) || identifier.length > 60) {
    throw new RdsError('InvalidParameterValue', `ExportTaskIdentifier ${identifier} is not a valid identifier.`);
  }
  // Never again, also after a failure: what the name stands for is not replaced.
  if (region.exports.has(identifier)) {
    throw new RdsError('ExportTaskAlreadyExists', `The export task ${identifier} already exists.`);
  }
  if (parseArn(sourceArn)?.kind !== 'snapshot' || parseArn(sourceArn)?.region !== region.name) {
    throw new RdsError('InvalidParameterValue', `SourceArn ${sourceArn} is no snapshot of ${region.name}.`);
  }
  const snapshot = findSnapshot(region, sourceArn);
  if (snapshot.status !== 'available') {
    throw new RdsError('InvalidExportSourceState', `The snapshot ${snapshot.identifier} is ${snapshot.status}.`);
  }
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(roleArn)) {
    throw new RdsError('IamRoleNotFound', `The IAM role ${roleArn} does not exist.`);
  }
  const running = [...region.exports.values()].filter(
    ({ status }) => status === 'STARTING' || status === 'IN_PROGRESS',
  );
  if (running.some((task) => task.sourceArn === sourceArn)) {
    throw new RdsError('InvalidExportSourceState', `The snapshot ${snapshot.identifier} is being exported already.`);
  }
  if (running.length >= TASKS_AT_ONCE) {
    throw new RdsError('InvalidParameterCombination', `${TASKS_AT_ONCE} export tasks are in progress already.`);
  }
  if (!(await context.exporter.bucketExists(region.name, bucket))) {
    throw new RdsError('InvalidS3BucketFault', `The S3 bucket ${bucket} does not exist, or cannot be reached.`);
  }
  const task: ExportTask = {
    identifier,
    sourceArn,
    bucket,
    prefix: input.text('S3Prefix'),
    roleArn,
    kmsKeyId,
    only: input.list('ExportOnly') ?? [],
    snapshotTimeMs: snapshot.createdAtMs,
    abort: new AbortController(),
    status: 'STARTING',
    percent: 0,
    startedAtMs: undefined,
    endedAtMs: undefined,
    extractedGb: 0,
    failure: undefined,
    warning: undefined,
  };
  region.exports.set(identifier, task);
  void run(context, region, task, snapshot);
  return view(task);
};

async function run(context: RdsContext, region: Region, task: ExportTask, snapshot: Snapshot): Promise<void> {
  const { engine, clock } = context;
  const resourceId = newResourceId();
  const { masterUsername, masterPassword } = snapshot.settings;
  const signal = AbortSignal.any([clock.signal, task.abort.signal]);
  try {
    const parameters = { max_logical_replication_workers: '0' };
    const spec = { resourceId, masterUsername, masterPassword, parameters };
    const restored = await Promise.allSettled([
      engine.restoreSnapshot(snapshot.folder, spec),
      clock.wait(SECONDS.exportStart, task.abort.signal),
    ]);
    for (const outcome of restored) if (outcome.status === 'rejected') throw outcome.reason;
    task.startedAtMs = Date.now();
    task.status = 'IN_PROGRESS';
    const { bytes, skipped } = await context.exporter.write({
      region: region.name,
      taskIdentifier: task.identifier,
      urlOf: (database) => engine.adminUrl(resourceId, database),
      bucket: task.bucket,
      prefix: task.prefix,
      only: task.only,
      signal,
      onProgress: (percent) => (task.percent = Math.min(99, Math.floor(percent))),
    });
    task.extractedGb = bytes / 1e9;
    if (skipped.length > 0) task.warning = `Skipped: ${skipped.join('; ')}`;
    task.percent = 100;
    task.status = 'COMPLETE';
  } catch (error) {
    if (clock.signal.aborted) return;
    const isOrdered = task.abort.signal.aborted;
    task.status = isOrdered ? 'CANCELED' : 'FAILED';
    if (!isOrdered) task.failure = error instanceof Error ? error.message : String(error);
  } finally {
    task.endedAtMs = Date.now();
    await engine.destroy(resourceId).catch((error: unknown) => {
      context.reportProblem(`rds export ${task.identifier}`, error instanceof Error ? error : new Error(String(error)));
    });
    const name = parseArn(task.sourceArn)?.name ?? '';
    addEvent(region, 'db-snapshot', name, 'notification', `Export task ${task.identifier}: ${task.status}`);
  }
}

export const describeExportTasks: Operation = ({ region, input }) => {
  const asked = input.text('ExportTaskIdentifier');
  const source = input.text('SourceArn');
  const filters = input.filters(FILTERS);
  const all = [...region.exports.values()];
  if (asked !== undefined && !region.exports.has(asked)) {
    throw new RdsError('ExportTaskNotFound', `The export task ${asked} does not exist.`);
  }
  const found = all.filter(
    (task) =>
      (asked === undefined || asked === task.identifier) &&
      (source === undefined || source === task.sourceArn) &&
      (filters.get('export-task-identifier')?.has(task.identifier) ?? true) &&
      (filters.get('s3-bucket')?.has(task.bucket) ?? true) &&
      (filters.get('source-arn')?.has(task.sourceArn) ?? true) &&
      (filters.get('status')?.has(task.status.toLowerCase()) ?? true),
  );
  const { items, marker } = page(input, found);
  return { Marker: marker, ExportTasks: list('ExportTask', items.map(view)) };
};

export const cancelExportTask: Operation = ({ region, input }) => {
  const identifier = input.required('ExportTaskIdentifier');
  const task = region.exports.get(identifier);
  if (!task) throw new RdsError('ExportTaskNotFound', `The export task ${identifier} does not exist.`);
  if (task.status !== 'STARTING' && task.status !== 'IN_PROGRESS') {
    throw new RdsError('InvalidExportTaskStateFault', `The export task ${identifier} is ${task.status}.`);
  }
  task.status = 'CANCELING';
  task.abort.abort(new Error('cancelled'));
  return view(task);
};
