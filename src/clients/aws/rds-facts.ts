/** From the SDK's types to ours: every field of theirs may be missing. */
import type { DBInstance, DBInstanceAutomatedBackup, DBSnapshot, ExportTask, Tag } from '@aws-sdk/client-rds';
import type { AutomatedBackupFacts, ExportFacts, InstanceFacts, SnapshotFacts } from '../../core/model/backup.ts';
import type { AwsTags } from '../../core/model/temporary.ts';

export function instanceFacts(region: string, from: DBInstance): InstanceFacts {
  const { Endpoint, StorageOperationStatus, StorageOperationPercentProgress, DBSubnetGroup } = from;
  return {
    region,
    identifier: from.DBInstanceIdentifier ?? '',
    arn: from.DBInstanceArn ?? '',
    resourceId: from.DbiResourceId ?? '',
    status: from.DBInstanceStatus ?? '',
    ...(Endpoint?.Address !== undefined &&
      Endpoint.Port !== undefined && { endpoint: { host: Endpoint.Address, port: Endpoint.Port } }),
    masterUsername: from.MasterUsername ?? '',
    instanceClass: from.DBInstanceClass ?? '',
    engineVersion: from.EngineVersion ?? '',
    allocatedGb: from.AllocatedStorage ?? 0,
    // What is not said is taken for the dangerous answer: isolation is then not proven.
    public: from.PubliclyAccessible ?? true,
    multiAz: from.MultiAZ ?? false,
    deletionProtection: from.DeletionProtection ?? false,
    backupRetentionDays: from.BackupRetentionPeriod ?? 0,
    ...(DBSubnetGroup?.DBSubnetGroupName !== undefined && { subnetGroup: DBSubnetGroup.DBSubnetGroupName }),
    parameterGroups: (from.DBParameterGroups ?? []).map((each) => ({
      name: each.DBParameterGroupName ?? '',
      apply: each.ParameterApplyStatus ?? '',
    })),
    securityGroups: (from.VpcSecurityGroups ?? []).map((each) => ({
      id: each.VpcSecurityGroupId ?? '',
      status: each.Status ?? '',
    })),
    pendingChanges: Object.entries(from.PendingModifiedValues ?? {})
      .filter(([, value]) => !isNothing(value))
      .map(([name]) => name),
    statusInfos: (from.StatusInfos ?? []).map((each) => ({
      type: each.StatusType ?? '',
      normal: each.Normal ?? false,
      status: each.Status ?? '',
    })),
    ...(from.ReadReplicaSourceDBInstanceIdentifier !== undefined && {
      replicaOf: from.ReadReplicaSourceDBInstanceIdentifier,
    }),
    ...(StorageOperationStatus !== undefined && {
      storage: {
        status: StorageOperationStatus,
        ...(StorageOperationPercentProgress !== undefined && { progressPercent: StorageOperationPercentProgress }),
      },
    }),
    ...momentOf('createdAtMs', from.InstanceCreateTime),
    tags: tagsOf(from.TagList),
  };
}

export function snapshotFacts(region: string, from: DBSnapshot): SnapshotFacts {
  return {
    region,
    identifier: from.DBSnapshotIdentifier ?? '',
    arn: from.DBSnapshotArn ?? '',
    instance: from.DBInstanceIdentifier ?? '',
    status: from.Status ?? '',
    type: from.SnapshotType ?? '',
    progressPercent: from.PercentProgress ?? 0,
    // A copy's own time is that of the copying; the data's is the original's.
    ...momentOf('takenAtMs', from.OriginalSnapshotCreateTime ?? from.SnapshotCreateTime),
    allocatedGb: from.AllocatedStorage ?? 0,
    engineVersion: from.EngineVersion ?? '',
    encrypted: from.Encrypted ?? false,
    ...(from.SourceDBSnapshotIdentifier !== undefined &&
      from.SourceDBSnapshotIdentifier !== '' && { copiedFrom: from.SourceDBSnapshotIdentifier }),
    tags: tagsOf(from.TagList),
  };
}

export function automatedBackupFacts(from: DBInstanceAutomatedBackup): AutomatedBackupFacts {
  return {
    instance: from.DBInstanceIdentifier ?? '',
    resourceId: from.DbiResourceId ?? '',
    arn: from.DBInstanceAutomatedBackupsArn ?? from.DBInstanceArn ?? '',
    status: from.Status ?? '',
  };
}

export function exportFacts(from: ExportTask): ExportFacts {
  return {
    identifier: from.ExportTaskIdentifier ?? '',
    sourceArn: from.SourceArn ?? '',
    status: (from.Status ?? '').toUpperCase(),
    progressPercent: from.PercentProgress ?? 0,
    ...(from.TotalExtractedDataInGB !== undefined && { extractedGb: from.TotalExtractedDataInGB }),
    ...(isText(from.FailureCause) && { failure: from.FailureCause }),
    ...(isText(from.WarningMessage) && { warning: from.WarningMessage }),
  };
}

function tagsOf(list: readonly Tag[] | undefined): AwsTags {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

function momentOf<Name extends string>(name: Name, date: Date | undefined): { readonly [N in Name]?: number } {
  if (date === undefined) return {};
  return { [name]: date.getTime() } as { readonly [N in Name]?: number };
}

function isText(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every(isNothing);
}
