import {
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, type RdsLab, startRdsLab } from './rds-lab.ts';

let lab: RdsLab;
beforeAll(async () => {
  lab = await startRdsLab();
});
afterAll(() => lab?.close());

const NEW: CreateDBInstanceCommandInput = {
  DBInstanceIdentifier: 'made',
  DBInstanceClass: 'db.t4g.medium',
  Engine: 'postgres',
  AllocatedStorage: 20,
  MasterUsername: 'crm_admin',
  MasterUserPassword: 'correct-horse-battery',
};
const create = (input: Partial<CreateDBInstanceCommandInput>) =>
  lab.rds.send(new CreateDBInstanceCommand({ ...NEW, ...input }));
const remove = (identifier: string, more: object = { SkipFinalSnapshot: true }) =>
  lab.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: identifier, ...more }));
const modify = (identifier: string, more: object) =>
  lab.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: identifier, ...more }));

describe('deleting an instance', () => {
  it('is refused while it is being created, protected, or already being deleted', async () => {
    let finish = (): void => undefined;
    lab.engine.hold('create', new Promise((resolve) => (finish = resolve)));
    await create({ DBInstanceIdentifier: 'fresh', DeletionProtection: true, BackupRetentionPeriod: 0 });
    expect(await codeOf(remove('fresh'))).toBe('InvalidParameterCombination');
    finish();
    await lab.ready('fresh');
    expect(await codeOf(remove('fresh'))).toBe('InvalidParameterCombination');
    await modify('fresh', { DeletionProtection: false });
    expect(await codeOf(remove('fresh', {}))).toBe('InvalidParameterCombination');
    const held = lab.holdAt('fresh', 'deleting');
    expect((await remove('fresh')).DBInstance?.DBInstanceStatus).toBe('deleting');
    expect(await codeOf(remove('fresh'))).toBe('InvalidDBInstanceState');
    held.release();
    await lab.gone('fresh');
    expect(await codeOf(remove('fresh'))).toBe('DBInstanceNotFound');
    lab.engine.hold('create', new Promise((resolve) => (finish = resolve)));
    await create({ DBInstanceIdentifier: 'fresh-too', BackupRetentionPeriod: 0 });
    expect(await codeOf(remove('fresh-too'))).toBe('InvalidDBInstanceState');
    finish();
  });

  it('leaves a final snapshot where one is named, whose name must be free', async () => {
    await lab.seed('last');
    await lab.seed('last-too');
    await remove('last', { FinalDBSnapshotIdentifier: 'last-final' });
    await lab.gone('last');
    await lab.snapshotReady('last-final');
    expect(await codeOf(remove('last-too', { FinalDBSnapshotIdentifier: 'last-final' }))).toBe(
      'DBSnapshotAlreadyExists',
    );
  });

  it('takes its automated backups along, unless they are to be kept', async () => {
    await lab.seed('leaves', { backupRetentionDays: 1 });
    await lab.seed('keeps', { backupRetentionDays: 1 });
    await remove('leaves');
    await remove('keeps', { SkipFinalSnapshot: true, DeleteAutomatedBackups: false });
    await lab.gone('leaves');
    await lab.gone('keeps');
    const { DBInstanceAutomatedBackups: left = [] } = await lab.rds.send(
      new DescribeDBInstanceAutomatedBackupsCommand({ Filters: [{ Name: 'status', Values: ['retained'] }] }),
    );
    expect(left.map(({ DBInstanceIdentifier: name, Status }) => [name, Status])).toEqual([['keeps', 'retained']]);
    const ofGone = new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: 'leaves' });
    expect(await codeOf(lab.rds.send(ofGone))).toBe('DBInstanceAutomatedBackupNotFound');
    const { DBSnapshots = [] } = await lab.rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'automated' }));
    const names = DBSnapshots.map(({ DBInstanceIdentifier: name }) => name);
    expect(names).toContain('keeps');
    expect(names).not.toContain('leaves');
  });
});

describe('quotas', () => {
  it('refuses one instance too many', async () => {
    const small = await startRdsLab({ quotas: { instances: 1 } });
    try {
      await small.seed('only');
      const more = small.rds.send(new CreateDBInstanceCommand(NEW));
      expect(await codeOf(more)).toBe('InstanceQuotaExceeded');
      // Each region has its own.
      await small.there.send(new CreateDBInstanceCommand(NEW));
    } finally {
      await small.close();
    }
  });
});
