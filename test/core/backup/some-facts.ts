import { backupTags, temporaryTags } from '../../../src/core/backup/names.ts';
import type { BackupFacts, InstanceFacts, SnapshotFacts } from '../../../src/core/model/backup.ts';
import type { TemporaryInstance } from '../../../src/core/model/temporary.ts';

export const DAY = 24 * 60 * 60 * 1000;
export const NOW = Date.parse('2026-11-21T04:00:00Z');
export const NAME = { environment: 'production', database: 'crm' } as const;
export const MARK = { operation: 'backup/production/crm/20261121t0200z-0f3a', run: 'run-1' } as const;

export const TEMPORARY: TemporaryInstance = {
  region: 'eu-central-1',
  identifier: 'mainstay-verify-crm-0f3a9c21d7',
  operation: 'verify-restore/production/crm/20261121t0400z-77aa',
  run: 'run-2',
  database: 'production/crm',
  expiresAtMs: NOW + DAY,
};
export const SNAPSHOT_ARN = 'arn:aws:rds:eu-central-1:123456789012:snapshot:mainstay-production-crm-1';

export function someInstance(changes: Partial<InstanceFacts> = {}): InstanceFacts {
  return {
    region: 'eu-central-1',
    identifier: TEMPORARY.identifier,
    arn: `arn:aws:rds:eu-central-1:123456789012:db:${TEMPORARY.identifier}`,
    resourceId: 'db-ABC',
    status: 'available',
    endpoint: { host: '127.0.0.1', port: 5432 },
    masterUsername: 'crm_admin',
    instanceClass: 'db.t4g.medium',
    engineVersion: '18.4',
    allocatedGb: 20,
    public: false,
    multiAz: false,
    deletionProtection: false,
    backupRetentionDays: 0,
    parameterGroups: [{ name: 'crm-quarantine', apply: 'in-sync' }],
    securityGroups: [{ id: 'sg-quarantine', status: 'active' }],
    pendingChanges: [],
    statusInfos: [],
    tags: temporaryTags(TEMPORARY, SNAPSHOT_ARN),
    ...changes,
  };
}

export function someSnapshot(
  identifier: string,
  takenAtMs: number,
  changes: Partial<SnapshotFacts> = {},
): SnapshotFacts {
  return {
    region: 'eu-central-1',
    identifier,
    arn: `arn:aws:rds:eu-central-1:123456789012:snapshot:${identifier}`,
    instance: 'crm-production',
    status: 'available',
    type: 'manual',
    progressPercent: 100,
    takenAtMs,
    allocatedGb: 20,
    engineVersion: '18.4',
    encrypted: true,
    tags: backupTags(NAME, MARK),
    ...changes,
  };
}

export function someBackup(identifier: string, daysOld: number, changes: Partial<BackupFacts> = {}): BackupFacts {
  const region = changes.region ?? 'eu-central-1';
  return {
    region,
    identifier,
    arn: `arn:aws:rds:${region}:123456789012:snapshot:${identifier}`,
    status: 'available',
    ours: true,
    takenAtMs: NOW - daysOld * DAY,
    isCopy: false,
    type: 'manual',
    ...changes,
  };
}
