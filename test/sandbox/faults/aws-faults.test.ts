import { expect, it } from 'vitest';
import { AwsFaults } from '../../../src/sandbox/aws/front/fault-rules.ts';
import { Faults } from '../../../src/sandbox/cluster/api/faults.ts';
import { parseFault } from '../../../src/sandbox/faults/fault.ts';
import { SandboxFaults } from '../../../src/sandbox/faults/sandbox-faults.ts';
import { RegistryFaults } from '../../../src/sandbox/registry/registry-faults.ts';
import { RouterFaults } from '../../../src/sandbox/router/router-faults.ts';

function allFaults(aws: AwsFaults | undefined): SandboxFaults {
  return new SandboxFaults({
    api: new Faults(),
    registry: new RegistryFaults(),
    router: new RouterFaults(() => undefined),
    setServiceFaults: async () => undefined,
    aws: () => aws,
  });
}

const asked = { service: 'rds', operation: 'CreateDBSnapshot', region: 'eu-central-1' };

it('sets the faults of AWS, tells how often they struck, and forgets those that are used up', async () => {
  const aws = new AwsFaults();
  const faults = allFaults(aws);
  const rule = { kind: 'aws', mode: 'throttle', service: 'rds', operation: 'CreateDBSnapshot', skip: 1, count: 2 };
  const active = await faults.add(parseFault(rule));
  expect(active).toEqual({ ...rule, id: 'aws-1', hits: 0 });
  expect(aws.strike({ ...asked, operation: 'DescribeDBInstances' })).toEqual([]);
  expect(aws.strike(asked)).toEqual([]);
  expect(aws.strike(asked)).toMatchObject([{ mode: 'throttle' }]);
  expect(faults.list()).toMatchObject([{ kind: 'aws', id: 'aws-1', hits: 1 }]);
  expect(aws.strike(asked)).toHaveLength(1);
  expect(faults.list()).toEqual([]);
  expect(await faults.remove('aws-1')).toBe(false);
});

it('clears one, or all with those of the other parts', async () => {
  const aws = new AwsFaults();
  const faults = allFaults(aws);
  const lie = await faults.add(
    parseFault({ kind: 'aws', mode: 'lyingStatus', identifier: 'crm', status: 'available' }),
  );
  await faults.add(parseFault({ kind: 'aws', mode: 'lostReply', service: 's3' }));
  await faults.add(parseFault({ kind: 'registry', mode: 'down' }));
  expect(aws.lieOf('eu-central-1', 'crm')).toBe('available');
  expect(await faults.remove(lie.id)).toBe(true);
  expect(aws.lieOf('eu-central-1', 'crm')).toBeUndefined();
  expect(await faults.clear()).toBe(2);
  expect(aws.list()).toEqual([]);
});

it('refuses them where there is no AWS', async () => {
  const fault = parseFault({ kind: 'aws', mode: 'throttle' });
  await expect(allFaults(undefined).add(fault)).rejects.toThrow('this sandbox has no AWS');
});
