/** What RDS refuses with: codes as they stand on the wire (an SDK's class has `Fault` behind some of them). */
const NOT_400 = {
  DBInstanceAutomatedBackupNotFound: 404,
  DBInstanceNotFound: 404,
  DBParameterGroupNotFound: 404,
  DBSnapshotNotFound: 404,
  DBSubnetGroupNotFoundFault: 404,
  ExportTaskNotFound: 404,
  IamRoleNotFound: 404,
  InternalFailure: 500,
  ResourceNotFoundFault: 404,
} as const;

export type RdsErrorCode =
  | keyof typeof NOT_400
  | 'DBInstanceAlreadyExists'
  | 'DBParameterGroupAlreadyExists'
  | 'DBSnapshotAlreadyExists'
  | 'DBSubnetGroupAlreadyExists'
  | 'ExportTaskAlreadyExists'
  | 'IamRoleMissingPermissions'
  | 'InstanceQuotaExceeded'
  | 'InvalidAction'
  | 'InvalidDBInstanceState'
  | 'InvalidDBParameterGroupState'
  | 'InvalidDBSnapshotState'
  | 'InvalidDBSubnetGroupStateFault'
  | 'InvalidExportSourceState'
  | 'InvalidExportTaskStateFault'
  | 'InvalidParameterCombination'
  | 'InvalidParameterValue'
  | 'InvalidRestoreFault'
  | 'InvalidS3BucketFault'
  | 'KMSKeyNotAccessibleFault'
  | 'MissingParameter'
  | 'PointInTimeRestoreNotEnabled'
  | 'SnapshotQuotaExceeded';

export class RdsError extends Error {
  readonly code: RdsErrorCode;
  readonly status: number;

  constructor(code: RdsErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = (NOT_400 as Readonly<Record<string, number>>)[code] ?? 400;
  }
}
