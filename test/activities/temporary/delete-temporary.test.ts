import { describe, expect, it } from 'vitest';
import { temporaryTags } from '../../../src/core/backup/names.ts';
import { AWS_TAGS } from '../../../src/core/model/temporary.ts';
import { until } from '../../harness/until.ts';
import { failureOf, HERE, inContext, openAwsLab, THERE } from '../database/aws-lab.ts';
import { modify, remove, restored, seedLike } from './temporary-lab.ts';

describe('deleteTemporary and proveGone', () => {
  it('deletes without a final snapshot and proves that nothing is left', async () => {
    const { act, temporary, soon, aws } = await restored();
    expect(await inContext(act.deleteTemporary, { temporary })).toMatchObject({ outcome: 'deleting' });
    expect(await inContext(act.deleteTemporary, { temporary })).toMatchObject({
      outcome: expect.stringMatching(/deleting|gone/),
    });
    const proof = await inContext(act.proveGone, { temporary, untilMs: soon(), pollMs: 20 });
    expect(proof).toMatchObject({ outcome: 'gone', looked: { length: 3 } });
    expect(await inContext(act.deleteTemporary, { temporary })).toMatchObject({ outcome: 'gone' });
    expect(aws.log.list({ operation: 'DeleteDBInstance' })).toHaveLength(1);
  });
  it('outlives a lost reply, throttling and a status that no longer is true', async () => {
    const { act, temporary, aws, soon } = await restored();
    aws.faults.add({ service: 'rds', operation: 'DeleteDBInstance', mode: 'throttle', count: 1 });
    expect(await failureOf(inContext(act.deleteTemporary, { temporary }))).toMatchObject({ type: 'Throttled' });
    aws.faults.add({ service: 'rds', operation: 'DeleteDBInstance', mode: 'lostReply', count: 1 });
    expect(await failureOf(inContext(act.deleteTemporary, { temporary }))).toMatchObject({
      type: 'OutcomeUnknown',
      nonRetryable: false,
    });
    aws.faults.add({ mode: 'lyingStatus', identifier: temporary.identifier, status: 'available', count: 1 });
    expect(await inContext(act.deleteTemporary, { temporary })).toMatchObject({
      outcome: expect.stringMatching(/deleting|gone/),
    });
    expect(await inContext(act.proveGone, { temporary, untilMs: soon(), pollMs: 20 })).toMatchObject({
      outcome: 'gone',
    });
  });
  it('takes off a deletion protection that somebody set', async () => {
    const { act, temporary, aws, soon } = await restored();
    await modify(aws.url, temporary.identifier, { DeletionProtection: true });
    expect(await inContext(act.deleteTemporary, { temporary })).toMatchObject({ outcome: 'deleting' });
    expect(await inContext(act.proveGone, { temporary, untilMs: soon(), pollMs: 20 })).toMatchObject({
      outcome: 'gone',
    });
  });
  it('is refused while it is created, to be tried again, and then deleted', async () => {
    const lab = await openAwsLab();
    const { act, plan, temporary, engine, soon } = lab;
    let release = (): void => undefined;
    engine.hold(
      'restoreSnapshot',
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    await inContext(act.restoreInstance, { plan, temporary, snapshot: await lab.backup() });
    expect(await failureOf(inContext(act.deleteTemporary, { temporary }))).toMatchObject({
      type: 'NotReady',
      nonRetryable: false,
      message: expect.stringMatching(/STILL THERE, AND BILLED UNTIL DELETED/),
    });
    const proof = await inContext(act.proveGone, { temporary, untilMs: soon(80), pollMs: 20 });
    expect(proof).toMatchObject({ outcome: 'left', left: [{ kind: 'instance', status: 'creating' }] });
    release();
    await inContext(act.awaitInstance, { temporary, untilMs: soon(), pollMs: 20 });
    expect(await inContext(act.deleteTemporary, { temporary })).toMatchObject({ outcome: 'deleting' });
  });
  it("never touches another team's instance, whatever its name", async () => {
    const lab = await openAwsLab();
    const { act, temporary, aws, soon, clients } = lab;
    await seedLike(lab, { team: 'shop', [AWS_TAGS.managedBy]: 'mainstay', [AWS_TAGS.purpose]: 'temporary' });
    expect(await inContext(act.deleteTemporary, { temporary })).toMatchObject({
      outcome: 'foreign',
      reason: expect.stringMatching(/not ours, not touched: tag mainstay:operation/),
    });
    expect(await inContext(act.proveGone, { temporary, untilMs: soon(), pollMs: 20 })).toMatchObject({
      outcome: 'foreign',
    });
    const production = { ...temporary, identifier: 'crm-production' };
    expect(await failureOf(inContext(act.deleteTemporary, { temporary: production }))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(/not touched/),
    });
    expect(aws.log.list({ operation: 'DeleteDBInstance' })).toHaveLength(0);
    expect(aws.log.list({ operation: 'ModifyDBInstance' })).toHaveLength(0);
    expect(await clients.rds(HERE).listInstances()).toHaveLength(2);
  });
  it('tells the automated backups that somebody kept of it, and does not delete them', async () => {
    const { act, temporary, aws, soon } = await restored();
    await modify(aws.url, temporary.identifier, { BackupRetentionPeriod: 1 });
    await until('the first backup is made', () => remove(aws.url, temporary.identifier).then(() => true));
    const kept = await inContext(act.proveGone, { temporary, untilMs: soon(1_500), pollMs: 20 });
    expect(kept).toMatchObject({ outcome: 'left', left: [{ kind: 'automatedBackup' }, { kind: 'snapshot' }] });
  });
  it('gives no proof while the provider does not answer', async () => {
    const { act, temporary, aws, soon } = await openAwsLab();
    aws.faults.add({ service: 'rds', mode: 'error' });
    expect(await inContext(act.proveGone, { temporary, untilMs: soon(100), pollMs: 20 })).toMatchObject({
      outcome: 'left',
      reason: expect.stringMatching(/InternalFailure/),
    });
  });
});

describe('findTemporaries', () => {
  it('finds ours in every region, tells which are expired, and touches no other', async () => {
    const lab = await restored();
    const { act, temporary, clients, aws } = lab;
    const other = { team: 'shop', 'managed-by': 'mainstay' };
    await seedLike(lab, other, 'mainstay-verify-shop-1');
    await seedLike(
      lab,
      temporaryTags({ ...temporary, expiresAtMs: Date.now() - 1 }, 'arn'),
      'mainstay-verify-old',
      THERE,
    );
    const found = await inContext(act.findTemporaries, { regions: [HERE, THERE, HERE] });
    expect(found.found.map(({ temporary: { identifier, region }, expired }) => [region, identifier, expired])).toEqual([
      [HERE, temporary.identifier, false],
      [THERE, 'mainstay-verify-old', true],
    ]);
    expect(found.found[0]?.temporary).toEqual({
      ...temporary,
      expiresAtMs: new Date(temporary.expiresAtMs).getTime(),
    });
    expect(found.suspicious).toMatchObject([{ identifier: 'mainstay-verify-shop-1' }]);
    // What is found can be deleted as it was found.
    const [, old] = found.found;
    if (!old) throw new Error('expected the old one');
    expect(await inContext(act.deleteTemporary, { temporary: old.temporary })).toMatchObject({ outcome: 'deleting' });
    aws.faults.add({ service: 'rds', region: THERE, mode: 'error', count: 1 });
    const half = await inContext(act.findTemporaries, { regions: [HERE, THERE] });
    expect(half.notLooked).toMatchObject([{ region: THERE }]);
    expect(half.found).toHaveLength(1);
    aws.faults.add({ service: 'rds', mode: 'error', count: 2 });
    expect(await failureOf(inContext(act.findTemporaries, { regions: [HERE, THERE] }))).toMatchObject({
      type: 'Unavailable',
    });
    expect(await clients.rds(HERE).listInstances()).toHaveLength(3);
  });
});
