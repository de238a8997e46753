import {
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSServiceException,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../harness/until.ts';
import { codeOf, HERE, type RdsLab, startRdsLab, THERE } from './rds-lab.ts';

let lab: RdsLab;
beforeAll(async () => {
  lab = await startRdsLab();
});
afterAll(() => lab?.close());

const NEW: CreateDBInstanceCommandInput = {
  DBInstanceIdentifier: 'made',
  DBInstanceClass: 'db.t4g.medium',
  Engine: 'postgres',
  EngineVersion: '18.4',
  AllocatedStorage: 20,
  DBName: 'crm',
  MasterUsername: 'crm_admin',
  MasterUserPassword: 'correct-horse-battery',
};
const create = (input: Partial<CreateDBInstanceCommandInput>) =>
  lab.rds.send(new CreateDBInstanceCommand({ ...NEW, ...input }));
const remove = (identifier: string, more: object = { SkipFinalSnapshot: true }) =>
  lab.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: identifier, ...more }));
const modify = (identifier: string, more: object) =>
  lab.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: identifier, ...more }));

describe('creating an instance', () => {
  it('goes through creating and backing-up, and tells its endpoint only then', async () => {
    const held = lab.holdAt('made', 'backing-up');
    const { DBInstance: answer } = await create({
      Tags: [{ Key: 'env', Value: 'prod/eu +1=a@b' }],
      BackupRetentionPeriod: 7,
    });
    expect(answer?.DBInstanceStatus).toBe('creating');
    expect(answer?.Endpoint).toBeUndefined();
    expect(answer?.DbiResourceId).toMatch(/^db-[A-Z2-7]{26}$/);
    expect((await held.seen()).Endpoint).toBeDefined();
    held.release();
    const ready = await lab.ready('made');
    expect(ready.Endpoint).toMatchObject({ Address: '127.0.0.1' });
    expect(ready.TagList).toEqual([{ Key: 'env', Value: 'prod/eu +1=a@b' }]);
    expect(ready).toMatchObject({ BackupRetentionPeriod: 7, MultiAZ: false, EngineVersion: '18.4', DBName: 'crm' });
    expect(ready.DBInstanceArn).toBe(`arn:aws:rds:${HERE}:123456789012:db:made`);
    const backups = await lab.rds.send(
      new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: 'made', SnapshotType: 'automated' }),
    );
    expect(backups.DBSnapshots?.[0]?.DBSnapshotIdentifier).toMatch(/^rds:made-\d{4}-\d\d-\d\d-\d\d-\d\d$/);
  });

  it('is told in the other region only by nobody', async () => {
    await lab.seed('here-only');
    const refused = await lab.there
      .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'here-only' }))
      .catch((error: unknown) => error);
    // The class has `Fault` in its name, the wire has not.
    expect(refused).toBeInstanceOf(RDSServiceException);
    expect(refused).toMatchObject({ name: 'DBInstanceNotFoundFault', Code: 'DBInstanceNotFound' });
    expect((refused as RDSServiceException).$metadata.httpStatusCode).toBe(404);
    expect((await lab.there.send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([]);
    expect(THERE).not.toBe(HERE);
  });

  it.each([
    [{ DBInstanceIdentifier: 'here-only' }, 'DBInstanceAlreadyExists'],
    [{ DBInstanceIdentifier: 'HERE-only' }, 'DBInstanceAlreadyExists'],
    [{ DBInstanceIdentifier: 'two--hyphens' }, 'InvalidParameterValue'],
    [{ DBInstanceIdentifier: '1st' }, 'InvalidParameterValue'],
    [{ MasterUserPassword: 'short' }, 'InvalidParameterValue'],
    [{ MasterUsername: undefined }, 'MissingParameter'],
    [{ EngineVersion: '12.1' }, 'InvalidParameterValue'],
    [{ Engine: 'mysql' }, 'InvalidParameterValue'],
    [{ DBParameterGroupName: 'nowhere' }, 'DBParameterGroupNotFound'],
    [{ DBParameterGroupName: 'default.postgres15' }, 'InvalidParameterCombination'],
    [{ DBSubnetGroupName: 'nowhere' }, 'DBSubnetGroupNotFoundFault'],
    [{ BackupRetentionPeriod: 36 }, 'InvalidParameterValue'],
  ])('refuses %j as %s', async (input, code) => {
    expect(await codeOf(create({ DBInstanceIdentifier: 'refused', ...input }))).toBe(code);
  });

  it('fails when the engine does, and can be deleted then', async () => {
    lab.engine.hold('create', Promise.reject(new Error('no room')));
    await create({ DBInstanceIdentifier: 'doomed' });
    await until('failed', async () => ((await lab.status('doomed')) === 'failed' ? true : undefined));
    await remove('doomed');
    await lab.gone('doomed');
    expect(lab.problems.join()).toContain('no room');
  });

  it('pages', async () => {
    for (let n = 0; n < 25; n++) await lab.seed(`page-${n}`);
    const seen = new Set<string>();
    let marker: string | undefined;
    let pages = 0;
    do {
      const answer = await lab.rds.send(new DescribeDBInstancesCommand({ MaxRecords: 20, Marker: marker }));
      for (const { DBInstanceIdentifier: name = '' } of answer.DBInstances ?? []) seen.add(name);
      marker = answer.Marker;
      pages += 1;
    } while (marker !== undefined);
    expect(pages).toBe(2);
    expect([...seen].filter((name) => name.startsWith('page-'))).toHaveLength(25);
    const refused = lab.rds.send(new DescribeDBInstancesCommand({ MaxRecords: 5 }));
    expect(await codeOf(refused)).toBe('InvalidParameterValue');
  });

  it('filters', async () => {
    const Filters = [{ Name: 'db-instance-id', Values: ['page-3', 'page-4'] }];
    const { DBInstances = [] } = await lab.rds.send(new DescribeDBInstancesCommand({ Filters }));
    expect(DBInstances.map(({ DBInstanceIdentifier: name }) => name)).toEqual(['page-3', 'page-4']);
    const unknown = new DescribeDBInstancesCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] });
    expect(await codeOf(lab.rds.send(unknown))).toBe('InvalidParameterValue');
  });
});

describe('changing an instance', () => {
  it('answers available with the password pending, then resets, then has it', async () => {
    await lab.seed('changed');
    const held = lab.holdAt('changed', 'resetting-master-credentials');
    const { DBInstance: answer } = await modify('changed', { MasterUserPassword: 'another-password' });
    expect(answer).toMatchObject({
      DBInstanceStatus: 'available',
      PendingModifiedValues: { MasterUserPassword: '****' },
    });
    await held.seen();
    held.release();
    const ready = await lab.ready('changed');
    expect(ready.PendingModifiedValues).toEqual({});
    const server = [...lab.engine.servers.values()].find(({ port }) => port === ready.Endpoint?.Port);
    expect(server?.password).toBe('another-password');
  });

  it('leaves a new class for the maintenance window unless it is to be applied immediately', async () => {
    await lab.seed('classy');
    const later = await modify('classy', { DBInstanceClass: 'db.m7g.large' });
    expect(later.DBInstance?.PendingModifiedValues?.DBInstanceClass).toBe('db.m7g.large');
    expect((await lab.instance('classy')).DBInstanceClass).toBe('db.t4g.medium');
    await modify('classy', { DBInstanceClass: 'db.m7g.large', ApplyImmediately: true });
    await until('the class', async () =>
      (await lab.instance('classy')).DBInstanceClass === 'db.m7g.large' ? true : undefined,
    );
  });

  it('optimizes storage that grew, and is usable meanwhile; it never shrinks', async () => {
    await lab.seed('growing');
    expect(await codeOf(modify('growing', { AllocatedStorage: 10 }))).toBe('InvalidParameterCombination');
    expect(await codeOf(modify('growing', { AllocatedStorage: 21 }))).toBe('InvalidParameterCombination');
    const held = lab.holdAt('growing', 'storage-optimization');
    await modify('growing', { AllocatedStorage: 40, ApplyImmediately: true });
    await held.seen();
    held.release();
    expect((await lab.ready('growing')).AllocatedStorage).toBe(40);
  });

  it('renames: the name is new, the resource id is not', async () => {
    await lab.seed('old-name');
    const { DbiResourceId: id } = await lab.instance('old-name');
    await modify('old-name', { NewDBInstanceIdentifier: 'new-name', ApplyImmediately: true });
    await lab.gone('old-name');
    expect((await lab.ready('new-name')).DbiResourceId).toBe(id);
  });

  it('begins backups with a first one, and drops them with a retention of 0', async () => {
    await lab.seed('kept');
    await modify('kept', { BackupRetentionPeriod: 3 });
    await until('backups', async () => ((await lab.instance('kept')).BackupRetentionPeriod === 3 ? true : undefined));
    expect((await lab.ready('kept')).LatestRestorableTime).toBeInstanceOf(Date);
    await modify('kept', { BackupRetentionPeriod: 0 });
    await until('none', async () => ((await lab.instance('kept')).BackupRetentionPeriod === 0 ? true : undefined));
    expect((await lab.ready('kept')).LatestRestorableTime).toBeUndefined();
    const { DBSnapshots } = await lab.rds.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: 'kept' }));
    expect(DBSnapshots).toEqual([]);
  });

  it('shows a new security group as adding, then active', async () => {
    await lab.seed('walled');
    const { DBInstance } = await modify('walled', { VpcSecurityGroupIds: ['sg-1', 'sg-2'] });
    expect(DBInstance?.VpcSecurityGroups).toEqual([
      { VpcSecurityGroupId: 'sg-1', Status: 'adding' },
      { VpcSecurityGroupId: 'sg-2', Status: 'adding' },
    ]);
    await until('active', async () =>
      (await lab.instance('walled')).VpcSecurityGroups?.every(({ Status }) => Status === 'active') ? true : undefined,
    );
  });
});

describe('rebooting, stopping, starting', () => {
  it('goes through its statuses and refuses what does not fit', async () => {
    await lab.seed('cycle');
    const id = { DBInstanceIdentifier: 'cycle' };
    expect(await codeOf(lab.rds.send(new StartDBInstanceCommand(id)))).toBe('InvalidDBInstanceState');
    const held = lab.holdAt('cycle', 'rebooting');
    const rebooting = await lab.rds.send(new RebootDBInstanceCommand(id));
    expect(rebooting.DBInstance?.DBInstanceStatus).toBe('rebooting');
    expect(await codeOf(lab.rds.send(new RebootDBInstanceCommand(id)))).toBe('InvalidDBInstanceState');
    held.release();
    await lab.ready('cycle');
    await lab.rds.send(new StopDBInstanceCommand(id));
    await until('stopped', async () => ((await lab.status('cycle')) === 'stopped' ? true : undefined));
    expect(await codeOf(modify('cycle', { MultiAZ: true }))).toBe('InvalidDBInstanceState');
    await lab.rds.send(new StartDBInstanceCommand(id));
    await lab.ready('cycle');
  });
});

describe('groups', () => {
  it('are named by a new instance, which shows them applying at first', async () => {
    await lab.rds.send(
      new CreateDBParameterGroupCommand({
        DBParameterGroupName: 'mine',
        DBParameterGroupFamily: 'postgres18',
        Description: 'mine',
      }),
    );
    await lab.rds.send(
      new CreateDBSubnetGroupCommand({
        DBSubnetGroupName: 'private',
        DBSubnetGroupDescription: 'private',
        SubnetIds: ['subnet-1', 'subnet-2'],
      }),
    );
    await create({
      DBInstanceIdentifier: 'grouped',
      DBParameterGroupName: 'mine',
      DBSubnetGroupName: 'private',
      BackupRetentionPeriod: 0,
    });
    await until('in sync', async () => {
      const [group] = (await lab.instance('grouped')).DBParameterGroups ?? [];
      return group?.DBParameterGroupName === 'mine' && group.ParameterApplyStatus === 'in-sync' ? true : undefined;
    });
    expect((await lab.instance('grouped')).DBSubnetGroup?.Subnets).toHaveLength(2);
  });
});
