import {
  CreateDBInstanceReadReplicaCommand,
  CreateDBParameterGroupCommand,
  DeleteDBInstanceCommand,
  DeleteDBParameterGroupCommand,
  DescribeDBParametersCommand,
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  PromoteReadReplicaCommand,
  RebootDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../harness/until.ts';
import { codeOf, HERE, type RdsLab, startRdsLab, THERE } from './rds-lab.ts';

let lab: RdsLab;
beforeAll(async () => {
  lab = await startRdsLab();
  for (const name of ['crm', 'quarantine']) {
    const family = { DBParameterGroupFamily: 'postgres18', Description: `<${name}> & more` };
    await lab.rds.send(new CreateDBParameterGroupCommand({ DBParameterGroupName: name, ...family }));
  }
  await lab.seed('crm', { backupRetentionDays: 7, parameterGroup: 'crm' });
  await lab.seed('careless');
});
afterAll(() => lab?.close());

describe('read replicas', () => {
  const replicate = (name: string, source = 'crm', client = lab.rds) =>
    client.send(
      new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier: name, SourceDBInstanceIdentifier: source }),
    );

  it('follow, and stand alone once promoted', async () => {
    await replicate('follower');
    const ready = await lab.ready('follower');
    expect(ready.ReadReplicaSourceDBInstanceIdentifier).toBe('crm');
    expect(ready.StatusInfos).toEqual([{ StatusType: 'read replication', Normal: true, Status: 'replicating' }]);
    expect(ready.DBParameterGroups?.[0]?.DBParameterGroupName).toBe('crm');
    expect((await lab.instance('crm')).ReadReplicaDBInstanceIdentifiers).toEqual(['follower']);
    expect(await codeOf(lab.rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'crm' })))).toBe(
      'InvalidDBInstanceState',
    );
    await lab.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'follower' }));
    await until('promoted', async () =>
      (await lab.instance('follower')).ReadReplicaSourceDBInstanceIdentifier === undefined ? true : undefined,
    );
    // The default is a day, whatever production has; it is set when the first backup begins.
    await until('retention', async () =>
      (await lab.instance('follower')).BackupRetentionPeriod === 1 ? true : undefined,
    );
    await lab.ready('follower');
    expect((await lab.instance('crm')).ReadReplicaDBInstanceIdentifiers).toEqual([]);
    const again = lab.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'follower' }));
    expect(await codeOf(again)).toBe('InvalidDBInstanceState');
  });

  it('become databases of their own when their source is deleted here, and are terminated elsewhere', async () => {
    await lab.seed('source', { backupRetentionDays: 1 });
    await replicate('near', 'source');
    await lab.ready('near');
    await replicate('far', `arn:aws:rds:${HERE}:123456789012:db:source`, lab.there);
    const far = await lab.ready('far', THERE);
    expect(far.ReadReplicaSourceDBInstanceIdentifier).toBe(`arn:aws:rds:${HERE}:123456789012:db:source`);
    await lab.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'source', SkipFinalSnapshot: true }));
    await lab.gone('source');
    expect((await lab.instance('near')).ReadReplicaSourceDBInstanceIdentifier).toBeUndefined();
    expect((await lab.instance('far', THERE)).StatusInfos?.[0]).toMatchObject({ Normal: false, Status: 'terminated' });
  });

  it('need a source with backups', async () => {
    expect(await codeOf(replicate('x', 'careless'))).toBe('InvalidDBInstanceState');
    expect(await codeOf(replicate('x', 'nobody'))).toBe('DBInstanceNotFound');
  });
});

describe('parameter groups', () => {
  const change = (
    DBParameterGroupName: string,
    name: string,
    value: string,
    method: 'immediate' | 'pending-reboot',
  ) => {
    const Parameters = [{ ParameterName: name, ParameterValue: value, ApplyMethod: method }];
    return lab.rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters }));
  };
  const parametersOf = async (name: string) => {
    const server = [...lab.engine.servers.values()];
    const port = (await lab.instance(name)).Endpoint?.Port;
    return server.find((each) => each.port === port)?.parameters;
  };

  it('reach running servers, or wait for a reboot', async () => {
    await change('crm', 'work_mem', '8192', 'immediate');
    expect(await parametersOf('crm')).toEqual({ work_mem: '8192' });
    expect((await lab.instance('crm')).DBParameterGroups?.[0]?.ParameterApplyStatus).toBe('in-sync');
    await change('crm', 'max_connections', '50', 'pending-reboot');
    expect((await lab.instance('crm')).DBParameterGroups?.[0]?.ParameterApplyStatus).toBe('pending-reboot');
    await lab.rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'crm' }));
    await lab.ready('crm');
    expect((await lab.instance('crm')).DBParameterGroups?.[0]?.ParameterApplyStatus).toBe('in-sync');
    const { Parameters = [] } = await lab.rds.send(
      new DescribeDBParametersCommand({ DBParameterGroupName: 'crm', Source: 'user' }),
    );
    expect(
      Parameters.map(({ ParameterName, ParameterValue, ApplyType }) => [ParameterName, ParameterValue, ApplyType]),
    ).toEqual([
      ['work_mem', '8192', 'dynamic'],
      ['max_connections', '50', 'static'],
    ]);
  });

  it('are in effect after the reboot when an instance gets another one', async () => {
    await change('quarantine', 'work_mem', '4096', 'immediate');
    await lab.rds.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'crm', DBParameterGroupName: 'quarantine' }),
    );
    expect((await lab.instance('crm')).DBParameterGroups?.[0]).toEqual({
      DBParameterGroupName: 'quarantine',
      ParameterApplyStatus: 'pending-reboot',
    });
    expect((await parametersOf('crm'))?.work_mem).toBe('8192');
    await lab.rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'crm' }));
    await lab.ready('crm');
    expect((await parametersOf('crm'))?.work_mem).toBe('4096');
  });

  it('refuse what no server knows, what is not theirs, and what is in use', async () => {
    expect(await codeOf(change('crm', 'no_such_thing', '1', 'immediate'))).toBe('InvalidParameterValue');
    expect(await codeOf(change('crm', 'archive_command', 'true', 'immediate'))).toBe('InvalidParameterValue');
    expect(await codeOf(change('crm', 'max_connections', '9', 'immediate'))).toBe('InvalidParameterCombination');
    expect(await codeOf(change('default.postgres18', 'work_mem', '9', 'immediate'))).toBe(
      'InvalidDBParameterGroupState',
    );
    expect(await codeOf(change('nowhere', 'work_mem', '9', 'immediate'))).toBe('DBParameterGroupNotFound');
    const inUse = lab.rds.send(new DeleteDBParameterGroupCommand({ DBParameterGroupName: 'quarantine' }));
    expect(await codeOf(inUse)).toBe('InvalidDBParameterGroupState');
  });
});
