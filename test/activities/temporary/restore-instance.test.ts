import { describe, expect, it } from 'vitest';
import { temporaryTags } from '../../../src/core/backup/names.ts';
import { contextOf, failureOf, HERE, inContext, openAwsLab } from '../database/aws-lab.ts';
import { restored, seedLike } from './temporary-lab.ts';

describe('restoreInstance', () => {
  it('asks for a quarantined copy with tags of its own', async () => {
    const { clients, temporary, snapshot } = await restored();
    const found = await clients.rds(HERE).findInstance(temporary.identifier);
    expect(found).toMatchObject({
      public: false,
      multiAz: false,
      deletionProtection: false,
      backupRetentionDays: 0,
      parameterGroups: [{ name: 'crm-quarantine', apply: 'in-sync' }],
      securityGroups: [{ id: 'sg-0123456789', status: 'active' }],
    });
    // None of `env: production, team: crm`, which the source carries.
    expect(found?.tags).toEqual(temporaryTags(temporary, snapshot.arn));
  });
  it('makes one copy, though its reply is lost, the worker dies, and it runs again', async () => {
    const lab = await openAwsLab();
    const snapshot = await lab.backup();
    const input = { plan: lab.plan, temporary: lab.temporary, snapshot };
    lab.aws.faults.add({
      service: 'rds',
      operation: 'RestoreDBInstanceFromDBSnapshot',
      mode: 'lostReply',
      count: 1,
    });
    expect(await inContext(lab.act.restoreInstance, input)).toMatchObject({ outcome: 'started', adopted: true });
    expect(await inContext(lab.act.restoreInstance, input)).toMatchObject({ outcome: 'started', adopted: true });
    expect(lab.aws.log.list({ operation: 'RestoreDBInstanceFromDBSnapshot' })).toHaveLength(1);
    expect(await lab.clients.rds(HERE).listInstances()).toHaveLength(2);
  });
  it("refuses somebody else's instance of that name, and one from another snapshot", async () => {
    const lab = await openAwsLab();
    const [one, two] = [await lab.backup(), await lab.backup()];
    const { act, plan, temporary, clients } = lab;
    const rds = clients.rds(HERE);
    await seedLike(lab, { team: 'shop' });
    expect(await inContext(act.restoreInstance, { plan, temporary, snapshot: one })).toMatchObject({
      outcome: 'couldNotStart',
      reasonCode: 'foreign',
      reason: expect.stringMatching(/exists and is not ours: tag mainstay:managed-by/),
    });
    const arn = (await rds.findInstance(temporary.identifier))?.arn ?? '';
    await rds.addTags(arn, temporaryTags(temporary, two.arn));
    expect(await inContext(act.restoreInstance, { plan, temporary, snapshot: one })).toMatchObject({
      outcome: 'couldNotStart',
      reasonCode: 'foreign',
      reason: expect.stringMatching(/from something else/),
    });
  });
  it('tells a snapshot that is gone since it was chosen, and a full quota, as outcomes', async () => {
    const lab = await openAwsLab({ quotas: { instances: 1 } });
    const snapshot = await lab.backup();
    const input = { plan: lab.plan, temporary: lab.temporary, snapshot };
    expect(await inContext(lab.act.restoreInstance, input)).toMatchObject({
      outcome: 'couldNotStart',
      reasonCode: 'quota',
    });
    const gone = { ...snapshot, identifier: 'mainstay-gone', arn: `${snapshot.arn}-gone` };
    const other = await openAwsLab();
    expect(await inContext(other.act.restoreInstance, { ...input, snapshot: gone })).toMatchObject({
      outcome: 'couldNotStart',
      reasonCode: 'sourceGone',
      reason: expect.stringMatching(/DBSnapshotNotFound/),
    });
    // A parameter group that is not there is the catalogue's mistake.
    const plan = { ...other.plan, verification: { ...other.plan.verification, parameterGroup: 'nothing' } };
    const own = await other.backup();
    expect(await inContext(other.act.restoreInstance, { ...input, plan, snapshot: own })).toMatchObject({
      outcome: 'couldNotStart',
      reason: expect.stringMatching(/nothing/),
    });
  });
  it('restores nothing after the expiry, under a name that is not ours, or once it is cancelled', async () => {
    const lab = await openAwsLab();
    const snapshot = await lab.backup();
    const { act, plan, temporary } = lab;
    const late = { ...temporary, expiresAtMs: Date.now() - 1 };
    expect(await failureOf(inContext(act.restoreInstance, { plan, temporary: late, snapshot }))).toMatchObject({
      type: 'PreconditionFailed',
      nonRetryable: true,
    });
    const production = { ...temporary, identifier: 'crm-production' };
    expect(await failureOf(inContext(act.restoreInstance, { plan, temporary: production, snapshot }))).toMatchObject({
      type: 'InvalidInput',
    });
    const context = contextOf();
    context.cancel();
    await failureOf(inContext(act.restoreInstance, { plan, temporary, snapshot }, context));
    expect(lab.aws.log.list({ operation: 'RestoreDBInstanceFromDBSnapshot' })).toHaveLength(0);
  });
});

describe('awaitInstance', () => {
  it('waits through throttling and statuses that it does not know, and gives the address', async () => {
    const lab = await openAwsLab();
    const { act, plan, temporary, aws, soon } = lab;
    await inContext(act.restoreInstance, { plan, temporary, snapshot: await lab.backup() });
    aws.faults.add({ mode: 'lyingStatus', identifier: temporary.identifier, status: 'polishing', count: 2 });
    aws.faults.add({ service: 'rds', operation: 'DescribeDBInstances', mode: 'throttle', count: 3 });
    const ready = await inContext(act.awaitInstance, { temporary, untilMs: soon(), pollMs: 20 });
    expect(ready).toMatchObject({
      outcome: 'ready',
      endpoint: { host: '127.0.0.1' },
      instance: { identifier: temporary.identifier, status: 'available' },
    });
    expect((ready as { warnings: readonly string[] }).warnings.join()).toMatch(/polishing is not known/);
    expect(ready).not.toHaveProperty('instance.tags');
  });
  it.each([
    { status: 'incompatible-restore', outcome: 'failed', billed: false },
    { status: 'storage-full', outcome: 'failed', billed: true },
    { status: 'creating', outcome: 'deadline', billed: false },
    { status: 'polishing', outcome: 'deadline', billed: true },
  ])('ends at $status: $outcome, billed $billed', async ({ status, outcome, billed }) => {
    const { act, temporary, aws, soon } = await restored();
    aws.faults.add({ mode: 'lyingStatus', identifier: temporary.identifier, status });
    const ended = await inContext(act.awaitInstance, { temporary, untilMs: soon(150), pollMs: 20 });
    expect(ended).toMatchObject({ outcome, status, billed });
  });
  it("does not take somebody else's instance for ours, nor one that is gone for ready", async () => {
    const lab = await openAwsLab();
    expect(
      await inContext(lab.act.awaitInstance, { temporary: lab.temporary, untilMs: lab.soon(), pollMs: 20 }),
    ).toMatchObject({ outcome: 'failed', status: 'gone', billed: false });
    await seedLike(lab, {});
    expect(
      await inContext(lab.act.awaitInstance, { temporary: lab.temporary, untilMs: lab.soon(), pollMs: 20 }),
    ).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/not ours/) });
  });
});
