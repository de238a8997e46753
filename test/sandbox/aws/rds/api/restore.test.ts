import {
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RebootDBInstanceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  type RestoreDBInstanceFromDBSnapshotCommandInput,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../harness/until.ts';
import { codeOf, type RdsLab, startRdsLab } from './rds-lab.ts';

let lab: RdsLab;
beforeAll(async () => {
  lab = await startRdsLab({ logUploadMs: 40 });
  for (const name of ['crm', 'quarantine']) {
    const family = { DBParameterGroupFamily: 'postgres18', Description: `<${name}> & more` };
    await lab.rds.send(new CreateDBParameterGroupCommand({ DBParameterGroupName: name, ...family }));
  }
  await lab.seed('crm', {
    tags: { env: 'prod' },
    backupRetentionDays: 7,
    parameterGroup: 'crm',
    securityGroupIds: ['sg-prod'],
    instanceClass: 'db.r7g.large',
  });
  await lab.rds.send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: 'crm',
      DeletionProtection: true,
      MultiAZ: true,
      ApplyImmediately: true,
    }),
  );
  await until('Multi-AZ', async () => ((await lab.instance('crm')).MultiAZ === true ? true : undefined));
  await lab.ready('crm');
  await lab.rds.send(new CreateDBSnapshotCommand({ DBSnapshotIdentifier: 'nightly', DBInstanceIdentifier: 'crm' }));
  await lab.snapshotReady('nightly');
});
afterAll(() => lab?.close());

const restore = (name: string, more: Partial<RestoreDBInstanceFromDBSnapshotCommandInput> = {}) =>
  lab.rds.send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBInstanceIdentifier: name,
      DBSnapshotIdentifier: 'nightly',
      ...more,
    }),
  );
const toTime = (name: string, more: object) =>
  lab.rds.send(
    new RestoreDBInstanceToPointInTimeCommand({
      TargetDBInstanceIdentifier: name,
      SourceDBInstanceIdentifier: 'crm',
      ...more,
    }),
  );

describe('a restored instance', () => {
  it('does not carry groups, Multi-AZ and protection; it carries class, tags and retention', async () => {
    const held = lab.holdAt('plain', 'backing-up');
    const loading = lab.holdAt('plain', 'Initializing');
    await restore('plain');
    const first = await held.seen();
    // The retention above 0 brings a baseline backup, in which it can be reached and not be changed.
    expect(first).toMatchObject({ BackupRetentionPeriod: 7, StorageOperationStatus: 'Initializing' });
    expect(first.Endpoint?.Port).toBeGreaterThan(0);
    expect(await codeOf(lab.rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'plain' })))).toBe(
      'InvalidDBInstanceState',
    );
    const source = await lab.instance('crm');
    expect(first).toMatchObject({
      DBParameterGroups: [{ DBParameterGroupName: 'default.postgres18', ParameterApplyStatus: 'in-sync' }],
      VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-0default', Status: 'active' }],
      DeletionProtection: false,
      MultiAZ: false,
      DBInstanceClass: 'db.r7g.large',
      TagList: [{ Key: 'env', Value: 'prod' }],
      MasterUsername: 'crm_admin',
    });
    expect(first.DbiResourceId).not.toBe(source.DbiResourceId);
    held.release();
    loading.release();
    await lab.ready('plain');
  });

  it('has what is named, and no tags of the source when some are given', async () => {
    await restore('named', {
      DBParameterGroupName: 'quarantine',
      VpcSecurityGroupIds: ['sg-closed'],
      BackupRetentionPeriod: 0,
      PubliclyAccessible: false,
      Tags: [{ Key: 'mainstay:purpose', Value: 'temporary' }],
    });
    const ready = await lab.ready('named');
    expect(ready).toMatchObject({
      BackupRetentionPeriod: 0,
      TagList: [{ Key: 'mainstay:purpose', Value: 'temporary' }],
    });
    expect(ready.LatestRestorableTime).toBeUndefined();
    // Available, and not yet ready: the groups come a little later.
    await until('groups in effect', async () => {
      const { DBParameterGroups: [group] = [], VpcSecurityGroups: [wall] = [] } = await lab.instance('named');
      expect(group?.DBParameterGroupName).toBe('quarantine');
      return group?.ParameterApplyStatus === 'in-sync' && wall?.Status === 'active' ? true : undefined;
    });
    await until('storage loaded', async () =>
      (await lab.instance('named')).StorageOperationStatus === undefined ? true : undefined,
    );
  });

  it('is refused under a taken name, from what is not there, and with a group that does not fit', async () => {
    expect(await codeOf(restore('crm'))).toBe('DBInstanceAlreadyExists');
    expect(await codeOf(restore('no', { DBSnapshotIdentifier: 'nothing' }))).toBe('DBSnapshotNotFound');
    expect(await codeOf(restore('no', { DBParameterGroupName: 'default.postgres15' }))).toBe(
      'InvalidParameterCombination',
    );
    expect(await codeOf(restore('no', { AllocatedStorage: 5 }))).toBe('InvalidParameterCombination');
    expect(await codeOf(lab.instance('no'))).toBe('DBInstanceNotFound');
  });

  it('that cannot be brought up is in restore-error, and can be deleted', async () => {
    lab.engine.hold('restoreSnapshot', Promise.reject(new Error('invalid page')));
    await restore('broken', { BackupRetentionPeriod: 0 });
    await until('restore-error', async () => ((await lab.status('broken')) === 'restore-error' ? true : undefined));
    await lab.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'broken', SkipFinalSnapshot: true }));
    await lab.gone('broken');
  });
});

describe('a restore to a point in time', () => {
  it('goes to a time between base and last uploaded log, and no further', async () => {
    const { LatestRestorableTime: latest = new Date(0) } = await until('an uploaded log', async () => {
      const seen = await lab.instance('crm');
      return lab.engine.calls.some((call) => call.startsWith('tick')) ? seen : undefined;
    });
    await toTime('then', { RestoreTime: latest, BackupRetentionPeriod: 0 });
    await lab.ready('then');
    expect(lab.engine.calls.some((call) => call.startsWith(`restoreToTime(${latest.getTime()})`))).toBe(true);
    const future = new Date(Date.now() + 60_000);
    expect(await codeOf(toTime('later', { RestoreTime: future }))).toBe('InvalidRestoreFault');
    expect(await codeOf(toTime('earlier', { RestoreTime: new Date(0) }))).toBe('InvalidRestoreFault');
    expect(await codeOf(toTime('unsaid', {}))).toBe('InvalidParameterCombination');
    expect(await codeOf(toTime('both', { RestoreTime: latest, UseLatestRestorableTime: true }))).toBe(
      'InvalidParameterCombination',
    );
  });

  it('does not ask the log for more than was uploaded in its own time', async () => {
    const { LatestRestorableTime: before } = await lab.instance('crm');
    const later = await until('the next upload', async () => {
      const { LatestRestorableTime: now } = await lab.instance('crm');
      return now && before && now > before ? now : undefined;
    });
    expect(later.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('needs backups', async () => {
    await lab.seed('careless');
    expect(await codeOf(toTime('x', { SourceDBInstanceIdentifier: 'careless', UseLatestRestorableTime: true }))).toBe(
      'PointInTimeRestoreNotEnabled',
    );
  });

  it('works from backups that outlived their instance, by resource id', async () => {
    await lab.seed('mortal', { backupRetentionDays: 1 });
    const { DbiResourceId: id } = await lab.instance('mortal');
    await lab.rds.send(
      new DeleteDBInstanceCommand({
        DBInstanceIdentifier: 'mortal',
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: false,
      }),
    );
    await lab.gone('mortal');
    const { DBInstanceAutomatedBackups: [left] = [] } = await lab.rds.send(
      new DescribeDBInstanceAutomatedBackupsCommand({ DbiResourceId: id }),
    );
    expect(left?.RestoreWindow?.LatestTime).toBeInstanceOf(Date);
    const source = { SourceDBInstanceIdentifier: undefined, SourceDbiResourceId: id };
    await toTime('risen', { ...source, UseLatestRestorableTime: true, BackupRetentionPeriod: 0 });
    await lab.ready('risen');
    expect(
      await codeOf(toTime('x', { ...source, SourceDbiResourceId: 'db-NOBODY', UseLatestRestorableTime: true })),
    ).toBe('DBInstanceAutomatedBackupNotFound');
  });
});

describe('nightly backups', () => {
  it('are taken each day and kept by the retention', async () => {
    const nights = await startRdsLab({ nightlyBackups: true, clockFactor: 0.000_001 });
    try {
      await nights.seed('owl', { backupRetentionDays: 2 });
      const bases = () => nights.engine.calls.filter((call) => call.startsWith('takeBase')).length;
      await until('four nights', () => (bases() >= 4 ? true : undefined));
      const { DBSnapshots = [] } = await nights.rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'automated' }));
      expect(DBSnapshots.length).toBeGreaterThanOrEqual(2);
      // The one of this night may be under way, the one it replaces still there.
      expect(DBSnapshots.length).toBeLessThanOrEqual(3);
    } finally {
      await nights.close();
    }
  });
});
