/** Instances and snapshots in the words of the API. */
import type { AwsFaults } from '../../front/fault-rules.ts';
import { arn } from './identifiers.ts';
import type { Tags } from './query-input.ts';
import type { Instance, RetainedBackup, Settings, Snapshot, SubnetGroup } from './state.ts';
import { list, type XmlObject, type XmlList } from './xml.ts';

export function tagList(tags: Tags): XmlList {
  return list(
    'Tag',
    Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  );
}

const timeOf = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));

export function subnetGroupView(region: string, group: SubnetGroup): XmlObject {
  return {
    DBSubnetGroupName: group.name,
    DBSubnetGroupDescription: group.description,
    VpcId: 'vpc-0sandbox',
    SubnetGroupStatus: 'Complete',
    Subnets: list(
      'Subnet',
      group.subnetIds.map((id, index) => ({
        SubnetIdentifier: id,
        SubnetAvailabilityZone: { Name: `${region}${'abc'[index % 3]}` },
        SubnetOutpost: {},
        SubnetStatus: 'Active',
      })),
    ),
    DBSubnetGroupArn: arn(region, 'subgrp', group.name),
  };
}

/** `subnetGroup` in full, as RDS tells it. */
export function instanceView(instance: Instance, subnetGroup: SubnetGroup | undefined, faults?: AwsFaults): XmlObject {
  const { identifier, region, endpoint, pending, storageLoaded } = instance;
  const isLoading = storageLoaded !== undefined && storageLoaded < 100;
  return {
    DBInstanceIdentifier: identifier,
    DBInstanceClass: instance.instanceClass,
    Engine: 'postgres',
    DBInstanceStatus: faults?.lieOf(region, identifier) ?? instance.status,
    MasterUsername: instance.masterUsername,
    DBName: instance.databaseName,
    Endpoint: endpoint && { Address: endpoint.host, Port: endpoint.port, HostedZoneId: 'Z1RLNUO7B9Q6NB' },
    AllocatedStorage: instance.allocatedStorageGb,
    InstanceCreateTime: endpoint && timeOf(instance.createdAtMs),
    PreferredBackupWindow: instance.backupWindow,
    BackupRetentionPeriod: instance.backupRetentionDays,
    DBSecurityGroups: list('DBSecurityGroup', []),
    VpcSecurityGroups: list(
      'VpcSecurityGroupMembership',
      instance.securityGroups.map(({ id, status }) => ({ VpcSecurityGroupId: id, Status: status })),
    ),
    DBParameterGroups: list('DBParameterGroup', [
      { DBParameterGroupName: instance.parameterGroup, ParameterApplyStatus: instance.parameterStatus },
    ]),
    AvailabilityZone: `${region}a`,
    DBSubnetGroup: subnetGroup && subnetGroupView(region, subnetGroup),
    PreferredMaintenanceWindow: instance.maintenanceWindow,
    PendingModifiedValues: { ...pending, ...(pending.MasterUserPassword ? { MasterUserPassword: '****' } : {}) },
    LatestRestorableTime: instance.backupRetentionDays > 0 ? timeOf(instance.latestRestorableMs) : undefined,
    MultiAZ: instance.multiAz,
    EngineVersion: instance.engineVersion,
    AutoMinorVersionUpgrade: instance.autoMinorVersionUpgrade,
    ReadReplicaSourceDBInstanceIdentifier: instance.replicaOf,
    ReadReplicaDBInstanceIdentifiers: list('ReadReplicaDBInstanceIdentifier', instance.replicas),
    LicenseModel: 'postgresql-license',
    Iops: instance.iops,
    OptionGroupMemberships: list('OptionGroupMembership', [
      { OptionGroupName: `default:postgres-${instance.major}`, Status: 'in-sync' },
    ]),
    PubliclyAccessible: instance.publiclyAccessible,
    StatusInfos: instance.replicaOf === undefined ? undefined : list('DBInstanceStatusInfo', [replication(instance)]),
    StorageType: instance.storageType,
    DbInstancePort: 0,
    StorageEncrypted: instance.encrypted,
    KmsKeyId: instance.kmsKeyId,
    DbiResourceId: instance.resourceId,
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
    DomainMemberships: list('DomainMembership', []),
    CopyTagsToSnapshot: instance.copyTagsToSnapshot,
    MonitoringInterval: 0,
    DBInstanceArn: arn(region, 'db', identifier),
    IAMDatabaseAuthenticationEnabled: instance.iamAuthentication,
    PerformanceInsightsEnabled: false,
    DeletionProtection: instance.deletionProtection,
    AssociatedRoles: list('DBInstanceRole', []),
    TagList: tagList(instance.tags),
    CustomerOwnedIpEnabled: false,
    NetworkType: 'IPV4',
    ActivityStreamStatus: 'stopped',
    BackupTarget: 'region',
    StorageOperationStatus: isLoading ? 'Initializing' : undefined,
    StorageOperationPercentProgress: isLoading ? Math.floor(storageLoaded) : undefined,
  };
}

function replication({ replicaTerminated, hasServer }: Instance): XmlObject {
  const isNormal = hasServer && !replicaTerminated;
  const status = replicaTerminated ? 'terminated' : hasServer ? 'replicating' : 'creating';
  return { StatusType: 'read replication', Normal: isNormal, Status: status };
}

export function snapshotView(snapshot: Snapshot, faults?: AwsFaults): XmlObject {
  const { identifier, region, settings } = snapshot;
  return {
    DBSnapshotIdentifier: identifier,
    DBInstanceIdentifier: snapshot.instanceIdentifier,
    SnapshotCreateTime: timeOf(snapshot.createdAtMs),
    Engine: 'postgres',
    AllocatedStorage: settings.allocatedStorageGb,
    Status: faults?.lieOf(region, identifier) ?? snapshot.status,
    Port: settings.port,
    AvailabilityZone: `${region}a`,
    VpcId: 'vpc-0sandbox',
    InstanceCreateTime: timeOf(settings.createdAtMs),
    MasterUsername: settings.masterUsername,
    EngineVersion: settings.engineVersion,
    LicenseModel: 'postgresql-license',
    SnapshotType: snapshot.type,
    Iops: settings.iops,
    OptionGroupName: `default:postgres-${settings.major}`,
    PercentProgress: snapshot.percent,
    SourceRegion: snapshot.copiedFrom?.region === region ? undefined : snapshot.copiedFrom?.region,
    SourceDBSnapshotIdentifier: snapshot.copiedFrom?.arn,
    StorageType: settings.storageType,
    Encrypted: snapshot.encrypted,
    BackupRetentionPeriod: settings.backupRetentionDays,
    PreferredBackupWindow: settings.backupWindow,
    KmsKeyId: snapshot.kmsKeyId,
    DBSnapshotArn: arn(region, 'snapshot', identifier),
    IAMDatabaseAuthenticationEnabled: settings.iamAuthentication,
    ProcessorFeatures: list('ProcessorFeature', []),
    DbiResourceId: snapshot.resourceId,
    TagList: tagList(snapshot.tags),
    SnapshotTarget: 'region',
    OriginalSnapshotCreateTime: timeOf(snapshot.originalCreatedAtMs),
    SnapshotDatabaseTime: timeOf(snapshot.databaseTimeMs),
    FullSnapshotSizeInBytes: snapshot.sizeBytes,
  };
}

/** Of an instance that is there (`active`), being made (`creating`), or gone (`retained`). */
export function automatedBackupView(
  backup: Omit<RetainedBackup, 'settings'> & { readonly settings: Readonly<Settings> },
  status: 'active' | 'retained' | 'creating',
): XmlObject {
  const { region, resourceId, instanceIdentifier, settings } = backup;
  return {
    DBInstanceArn: arn(region, 'db', instanceIdentifier),
    DbiResourceId: resourceId,
    Region: region,
    DBInstanceIdentifier: instanceIdentifier,
    RestoreWindow: {
      EarliestTime: timeOf(backup.earliestRestorableMs),
      LatestTime: timeOf(backup.latestRestorableMs),
    },
    AllocatedStorage: settings.allocatedStorageGb,
    Status: status,
    Port: settings.port,
    InstanceCreateTime: timeOf(settings.createdAtMs),
    MasterUsername: settings.masterUsername,
    Engine: 'postgres',
    EngineVersion: settings.engineVersion,
    LicenseModel: 'postgresql-license',
    OptionGroupName: `default:postgres-${settings.major}`,
    Encrypted: settings.encrypted,
    StorageType: settings.storageType,
    KmsKeyId: settings.kmsKeyId,
    IAMDatabaseAuthenticationEnabled: settings.iamAuthentication,
    BackupRetentionPeriod: settings.backupRetentionDays,
    DBInstanceAutomatedBackupsArn: arn(region, 'auto-backup', `ab-${resourceId.slice(3).toLowerCase()}`),
    BackupTarget: 'region',
    TagList: tagList(backup.tags),
  };
}
