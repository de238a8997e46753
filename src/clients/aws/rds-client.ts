import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  DescribeExportTasksCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  StartExportTaskCommand,
} from '@aws-sdk/client-rds';
import type { AwsTags } from '../../core/model/temporary.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { type AwsAddress, callerOf, requestOptions, sdkOptions } from './connection.ts';
import { automatedBackupFacts, exportFacts, instanceFacts, snapshotFacts } from './rds-facts.ts';
import type { RdsClient } from './rds-port.ts';

const PAGE = 100;
/** More pages than an account can fill: a server that repeats its marker must not keep us for ever. */
const MOST_PAGES = 200;

export function createRdsClient(region: string, address: AwsAddress = {}): RdsClient {
  const sdk = new RDSClient(sdkOptions(region, address));
  const options = requestOptions;

  const ask = callerOf('rds', region);

  return {
    region,

    async findInstance(identifier, signal) {
      const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier });
      const found = await orAbsent(
        ask('DescribeDBInstances', `instance ${identifier}`, false, signal, () => sdk.send(command, options(signal))),
      );
      const instance = found?.DBInstances?.find((each) => each.DBInstanceIdentifier === identifier);
      return instance && instanceFacts(region, instance);
    },

    async listInstances(signal) {
      const pages = await allPages(async (Marker) => {
        const command = new DescribeDBInstancesCommand({ MaxRecords: PAGE, ...(Marker && { Marker }) });
        const page = await ask('DescribeDBInstances', 'instances', false, signal, () =>
          sdk.send(command, options(signal)),
        );
        return { items: page.DBInstances ?? [], next: page.Marker };
      });
      return pages.map((each) => instanceFacts(region, each));
    },

    async restoreInstance(spec, signal) {
      const command = new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: spec.identifier,
        DBSnapshotIdentifier: spec.snapshotIdentifier,
        DBParameterGroupName: spec.parameterGroup,
        VpcSecurityGroupIds: [...spec.securityGroupIds],
        ...(spec.instanceClass !== undefined && { DBInstanceClass: spec.instanceClass }),
        ...(spec.subnetGroup !== undefined && { DBSubnetGroupName: spec.subnetGroup }),
        PubliclyAccessible: false,
        MultiAZ: false,
        DeletionProtection: false,
        AutoMinorVersionUpgrade: false,
        CopyTagsToSnapshot: false,
        // Above 0 the provider first takes a backup of the copy, for hours, before it is available.
        BackupRetentionPeriod: 0,
        // Without tags of its own a copy gets its source's, and joins its alarms, costs and backup plans.
        Tags: sdkTags(spec.tags),
      });
      const made = await ask(
        'RestoreDBInstanceFromDBSnapshot',
        `instance ${spec.identifier} from snapshot ${spec.snapshotIdentifier}`,
        true,
        signal,
        () => sdk.send(command, options(signal)),
      );
      return instanceFacts(region, given(made.DBInstance, `instance ${spec.identifier}`));
    },

    async setMasterPassword(identifier, password, signal) {
      const command = new ModifyDBInstanceCommand({
        DBInstanceIdentifier: identifier,
        MasterUserPassword: password,
        ApplyImmediately: true,
      });
      await ask('ModifyDBInstance', `password of instance ${identifier}`, true, signal, () =>
        sdk.send(command, options(signal)),
      );
    },

    async allowDeletion(identifier, signal) {
      const command = new ModifyDBInstanceCommand({
        DBInstanceIdentifier: identifier,
        DeletionProtection: false,
        ApplyImmediately: true,
      });
      await ask('ModifyDBInstance', `deletion protection of instance ${identifier}`, true, signal, () =>
        sdk.send(command, options(signal)),
      );
    },

    async deleteInstance(identifier, signal) {
      const command = new DeleteDBInstanceCommand({
        DBInstanceIdentifier: identifier,
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      });
      await ask('DeleteDBInstance', `instance ${identifier}`, true, signal, () => sdk.send(command, options(signal)));
    },

    async findSnapshot(identifier, signal) {
      const command = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: identifier });
      const found = await orAbsent(
        ask('DescribeDBSnapshots', `snapshot ${identifier}`, false, signal, () => sdk.send(command, options(signal))),
      );
      const snapshot = found?.DBSnapshots?.find((each) => each.DBSnapshotIdentifier === identifier);
      return snapshot && snapshotFacts(region, snapshot);
    },

    async listSnapshots(instance, signal) {
      const pages = await allPages(async (Marker) => {
        const command = new DescribeDBSnapshotsCommand({
          DBInstanceIdentifier: instance,
          MaxRecords: PAGE,
          ...(Marker && { Marker }),
        });
        const page = await orAbsent(
          ask('DescribeDBSnapshots', `snapshots of ${instance}`, false, signal, () =>
            sdk.send(command, options(signal)),
          ),
        );
        return { items: page?.DBSnapshots ?? [], next: page?.Marker };
      });
      return pages.map((each) => snapshotFacts(region, each)).filter((each) => each.instance === instance);
    },

    async createSnapshot({ identifier, instance, tags }, signal) {
      const command = new CreateDBSnapshotCommand({
        DBSnapshotIdentifier: identifier,
        DBInstanceIdentifier: instance,
        Tags: sdkTags(tags),
      });
      const made = await ask('CreateDBSnapshot', `snapshot ${identifier} of ${instance}`, true, signal, () =>
        sdk.send(command, options(signal)),
      );
      return snapshotFacts(region, given(made.DBSnapshot, `snapshot ${identifier}`));
    },

    async copySnapshot({ identifier, sourceArn, sourceRegion, kmsKeyId, tags }, signal) {
      const command = new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: sourceArn,
        TargetDBSnapshotIdentifier: identifier,
        CopyTags: false,
        Tags: sdkTags(tags),
        // Has the SDK sign the request to the source's region, which an encrypted copy needs.
        ...(sourceRegion !== region && { SourceRegion: sourceRegion }),
        ...(kmsKeyId !== undefined && { KmsKeyId: kmsKeyId }),
      });
      const made = await ask('CopyDBSnapshot', `snapshot ${identifier} from ${sourceRegion}`, true, signal, () =>
        sdk.send(command, options(signal)),
      );
      return snapshotFacts(region, given(made.DBSnapshot, `snapshot ${identifier}`));
    },

    async deleteSnapshot(identifier, signal) {
      const command = new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: identifier });
      await ask('DeleteDBSnapshot', `snapshot ${identifier}`, true, signal, () => sdk.send(command, options(signal)));
    },

    async listAutomatedBackups(instance, signal) {
      const pages = await allPages(async (Marker) => {
        const command = new DescribeDBInstanceAutomatedBackupsCommand({
          DBInstanceIdentifier: instance,
          MaxRecords: PAGE,
          ...(Marker && { Marker }),
        });
        const page = await orAbsent(
          ask('DescribeDBInstanceAutomatedBackups', `automated backups of ${instance}`, false, signal, () =>
            sdk.send(command, options(signal)),
          ),
        );
        return { items: page?.DBInstanceAutomatedBackups ?? [], next: page?.Marker };
      });
      return pages.map(automatedBackupFacts).filter((each) => each.instance === instance);
    },

    async startExport(spec, signal) {
      const command = new StartExportTaskCommand({
        ExportTaskIdentifier: spec.identifier,
        SourceArn: spec.sourceArn,
        S3BucketName: spec.bucket,
        S3Prefix: spec.prefix,
        IamRoleArn: spec.roleArn,
        KmsKeyId: spec.kmsKeyId,
      });
      const made = await ask('StartExportTask', `export ${spec.identifier}`, true, signal, () =>
        sdk.send(command, options(signal)),
      );
      return exportFacts(made);
    },

    async findExport(identifier, signal) {
      const command = new DescribeExportTasksCommand({ ExportTaskIdentifier: identifier });
      const found = await orAbsent(
        ask('DescribeExportTasks', `export ${identifier}`, false, signal, () => sdk.send(command, options(signal))),
      );
      const task = found?.ExportTasks?.find((each) => each.ExportTaskIdentifier === identifier);
      return task && exportFacts(task);
    },

    async addTags(arn, tags, signal) {
      const command = new AddTagsToResourceCommand({ ResourceName: arn, Tags: sdkTags(tags) });
      await ask('AddTagsToResource', arn, true, signal, () => sdk.send(command, options(signal)));
    },
  };
}

function sdkTags(tags: AwsTags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** What is looked up and is not there is no error. */
async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isCoded(error, 'NotFound')) return undefined;
    throw error;
  }
}

function given<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  // Asked for and done, presumably: the next attempt looks.
  throw new CodedError('OutcomeUnknown', `${what}: expected it in the reply, found a reply without it`);
}

async function allPages<T>(
  pageOf: (marker: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let marker: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, next } = await pageOf(marker);
    all.push(...items);
    if (next === undefined || next === '' || next === marker) return all;
    marker = next;
  }
  throw new CodedError('BadResponse', `a list of RDS: expected at most ${MOST_PAGES} pages, found more`);
}
