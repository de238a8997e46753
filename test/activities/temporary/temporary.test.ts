import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { temporaryTags } from '../../../src/core/backup/names.ts';
import { AWS_TAGS } from '../../../src/core/model/temporary.ts';
import type { CheckResult } from '../../../src/core/model/restore.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';
import { until } from '../../harness/until.ts';
import {
  type AwsLab,
  contextOf,
  failureOf,
  HERE,
  inContext,
  MANIFEST,
  openAwsLab,
  THERE,
} from '../database/aws-lab.ts';

async function restored(options: Parameters<typeof openAwsLab>[0] = {}) {
  const lab = await openAwsLab(options);
  const snapshot = await lab.copy();
  return { ...lab, snapshot };
}

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

describe('prepareCopy', () => {
  it('sets a password that follows from key and instance, then prepares as master', async () => {
    const { act, plan, temporary, engine, suite, soon } = await restored();
    const prepared = await inContext(act.prepareCopy, { plan, temporary, untilMs: soon() });
    expect(prepared).toMatchObject({ outcome: 'prepared', disarmed: ['subscription orders_in'] });
    const password = createHmac('sha256', 'the-key-of-the-laboratory')
      .update(`master/${temporary.identifier}/${temporary.operation}/${temporary.run}`)
      .digest('base64url');
    const servers = [...engine.servers.values()].filter((server) => server.password === password);
    expect(servers).toHaveLength(1);
    const { port } = servers[0] as { port: number };
    expect(suite.calls).toEqual([`prepareCopy postgres://crm_admin:${password}@127.0.0.1:${port}/crm?sslmode=require`]);
    // Again: the same password, the same preparation.
    expect(await inContext(act.prepareCopy, { plan, temporary, untilMs: soon() })).toEqual(prepared);
    expect(suite.calls[1]).toBe(suite.calls[0]);
    expect(JSON.stringify(prepared)).not.toContain(password);
  });
  it('outlives a lost reply, throttling, and a password that holds only some moments later', async () => {
    const { act, plan, temporary, aws, suite, soon } = await restored();
    aws.faults.add({ service: 'rds', operation: 'ModifyDBInstance', mode: 'throttle', count: 1 });
    aws.faults.add({ service: 'rds', operation: 'ModifyDBInstance', mode: 'lostReply', count: 1, skip: 1 });
    suite.failures.push(new CodedError('Forbidden', 'wrong password'), new CodedError('Unavailable', 'refused'));
    expect(await inContext(act.prepareCopy, { plan, temporary, untilMs: soon() })).toMatchObject({
      outcome: 'prepared',
    });
    expect(suite.calls).toHaveLength(3);
  });
  it('says that the password stayed wrong', async () => {
    const { act, plan, temporary, suite, soon } = await restored();
    const wrong = new CodedError('Forbidden', 'password authentication failed');
    suite.failures.push(...Array.from({ length: 20 }, () => wrong));
    expect(await inContext(act.prepareCopy, { plan, temporary, untilMs: soon(300) })).toMatchObject({
      outcome: 'couldNotPrepare',
      reasonCode: 'password',
    });
  });
  it('connects to nothing that is public, in another group, or not ours', async () => {
    const { act, plan, temporary, suite, soon, aws, clients } = await restored();
    const open = { ...plan, verification: { ...plan.verification, securityGroupIds: ['sg-other'] } };
    expect(await inContext(act.prepareCopy, { plan: open, temporary, untilMs: soon() })).toMatchObject({
      outcome: 'couldNotPrepare',
      reasonCode: 'notIsolated',
      reason: expect.stringMatching(/security groups: expected sg-other, found sg-0123456789/),
    });
    const other = { ...temporary, run: 'run-99' };
    expect(await inContext(act.prepareCopy, { plan, temporary: other, untilMs: soon() })).toMatchObject({
      reasonCode: 'notOurs',
    });
    expect(suite.calls).toEqual([]);
    expect(aws.log.list({ operation: 'ModifyDBInstance' })).toHaveLength(0);
    await inContext(act.deleteTemporary, { temporary });
    await inContext(act.proveGone, { temporary, untilMs: soon(), pollMs: 20 });
    expect(await clients.rds(HERE).findInstance(temporary.identifier)).toBeUndefined();
    expect(await inContext(act.prepareCopy, { plan, temporary, untilMs: soon() })).toMatchObject({
      reasonCode: 'gone',
    });
  });
  it('tells what the suite found armed, and lets the suite judge', async () => {
    const { act, plan, temporary, suite, soon } = await restored();
    suite.prepareCopy = async () => ({ disarmed: [], lacking: [], refused: 'a subscription was enabled' });
    expect(await inContext(act.prepareCopy, { plan, temporary, untilMs: soon() })).toMatchObject({
      outcome: 'prepared',
      lacking: ['not isolated: a subscription was enabled'],
    });
  });
});

describe('runRestoreSuite', () => {
  const endpoint = { host: '127.0.0.1', port: 5 };
  const check = (object: string, state: CheckResult['state'] = 'pass'): CheckResult => ({
    kind: 'digest',
    object,
    state,
    says: 'x'.repeat(1000),
    ms: 1,
  });

  it('runs as the verifier, with the manifest, and stores the whole report', async () => {
    const { act, plan, temporary, suite, clients, s3 } = await openAwsLab();
    const manifest = await stored(clients);
    const { reference } = manifest;
    suite.report = {
      ...suite.report,
      verdict: 'FAIL',
      reasons: Array.from({ length: 50 }, (_, at) => `FAIL digest t${at}: ${'y'.repeat(500)}`),
      checks: [check('good'), check('bad', 'fail'), ...Array.from({ length: 40 }, (_, at) => check(`w${at}`, 'warn'))],
    };
    const ran = await inContext(act.runRestoreSuite, { plan, temporary, endpoint, manifest: reference, asOfMs: 77 });
    expect(ran).toMatchObject({
      verdict: 'FAIL',
      checks: { pass: 1, fail: 1, warn: 40 },
      warnings: [],
      resumed: 0,
      notable: expect.arrayContaining([expect.objectContaining({ object: 'bad', state: 'fail' })]),
    });
    expect(ran.reasons).toHaveLength(20);
    expect(ran.notable).toHaveLength(20);
    expect(JSON.stringify(ran).length).toBeLessThan(20_000);
    const [options] = suite.verified;
    expect(options).toMatchObject({
      manifest: MANIFEST,
      nowMs: 77,
      physical: true,
      expectedSettings: { max_logical_replication_workers: '0' },
      finished: [],
    });
    expect(options?.url).toMatch(/^postgres:\/\/mainstay_verifier:[-\w]{43}@127\.0\.0\.1:5\/crm\?sslmode=require$/);
    const whole = s3.objects.get(`${ran.report?.bucket}/${ran.report?.key}`);
    expect(JSON.parse(whole?.body.toString() ?? '{}')).toMatchObject({ verdict: 'FAIL', startedAtMs: ran.startedAtMs });
  });
  it('goes on where a killed worker was', async () => {
    const { act, plan, temporary, suite, clients } = await openAwsLab();
    const { reference } = await stored(clients);
    const finished = [check('done-before')];
    const details = { identifier: temporary.identifier, startedAtMs: 5, done: 1, total: 2, doing: 'x', finished };
    const beats: unknown[] = [];
    const context = contextOf(details);
    context.on('heartbeat', (beat: unknown) => beats.push(beat));
    const input = { plan, temporary, endpoint, manifest: reference, asOfMs: 1 };
    expect(await inContext(act.runRestoreSuite, input, context)).toMatchObject({ startedAtMs: 5, resumed: 1 });
    expect(suite.verified[0]?.finished).toEqual(finished);
    expect(beats[0]).toEqual(details);
    // Of another instance: nothing of it is true here.
    const foreign = contextOf({ ...details, identifier: 'mainstay-verify-shop-1' });
    expect(await inContext(act.runRestoreSuite, input, foreign)).toMatchObject({ resumed: 0 });
  });
  it.each([
    { when: 'names none', manifest: undefined, says: /names no manifest/ },
    { when: 'names one that is gone', manifest: { key: 'gone.json', sha256: 'ab'.repeat(32) }, says: /NoSuchKey/ },
    {
      when: 'names one that was changed',
      manifest: { key: 'm.json', sha256: 'ab'.repeat(32) },
      says: /it was changed/,
    },
  ])('runs without a manifest when the backup $when', async ({ manifest, says }) => {
    const { act, plan, temporary, suite, clients } = await openAwsLab();
    await stored(clients);
    const reference = manifest && { region: HERE, bucket: 'crm-backups', ...manifest };
    const ran = await inContext(act.runRestoreSuite, {
      plan,
      temporary,
      endpoint,
      ...(reference && { manifest: reference }),
      asOfMs: 1,
    });
    expect(ran.warnings.join()).toMatch(says);
    expect(suite.verified[0]).not.toHaveProperty('manifest');
  });
  it('is no pass when the password is wrong, and is tried again when the copy cannot be reached', async () => {
    const { act, plan, temporary, suite } = await openAwsLab();
    suite.failures.push(new CodedError('Forbidden', 'password authentication failed'));
    const input = { plan, temporary, endpoint, asOfMs: 1 };
    expect(await inContext(act.runRestoreSuite, input)).toMatchObject({
      verdict: 'COULD-NOT-VERIFY',
      reasons: [expect.stringMatching(/MAINSTAY_TEMPORARY_SECRET/)],
    });
    suite.failures.push(new CodedError('Unavailable', 'connection refused'));
    expect(await failureOf(inContext(act.runRestoreSuite, input))).toMatchObject({
      type: 'Unavailable',
      nonRetryable: false,
    });
  });
  it('keeps its verdict when the report can never be stored, and tries again when it can later', async () => {
    const { act, plan, temporary, aws } = await openAwsLab();
    const nowhere = { ...plan, backup: { ...plan.backup, manifests: { bucket: 'nowhere', prefix: '' } } };
    const ran = await inContext(act.runRestoreSuite, { plan: nowhere, temporary, endpoint, asOfMs: 1 });
    expect(ran.verdict).toBe('PASS');
    expect(ran).not.toHaveProperty('report');
    expect(ran.warnings.join()).toMatch(/the report was not stored: .*NoSuchBucket/);
    aws.faults.add({ service: 's3', operation: 'PutObject', mode: 'throttle', count: 1 });
    expect(await failureOf(inContext(act.runRestoreSuite, { plan, temporary, endpoint, asOfMs: 1 }))).toMatchObject({
      type: 'Throttled',
    });
  });
});

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

async function seedLike(
  { aws, temporary }: AwsLab,
  tags: Readonly<Record<string, string>>,
  identifier = temporary.identifier,
  region = HERE,
): Promise<void> {
  await aws.seedDatabase({
    region,
    identifier,
    engineVersion: '18.4',
    databaseName: 'crm',
    masterUsername: 'crm_admin',
    masterPassword: 'correct-horse-battery',
    tags,
  });
}

async function stored(clients: AwsLab['clients']) {
  const body = Buffer.from(JSON.stringify(MANIFEST));
  const object = { bucket: 'crm-backups', key: 'm.json' };
  const { sha256 } = await clients
    .objects(HERE)
    .put({ ...object, body, contentType: 'application/json', encryption: {} });
  return { reference: { region: HERE, ...object, sha256 } };
}

/** As a person does it in the console. */
async function modify(endpoint: string, identifier: string, change: object): Promise<void> {
  const { ModifyDBInstanceCommand, RDSClient } = await import('@aws-sdk/client-rds');
  const credentials = { accessKeyId: 'PERSON', secretAccessKey: 'anything' };
  const sdk = new RDSClient({ endpoint, region: HERE, credentials });
  await sdk.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: identifier, ApplyImmediately: true, ...change }));
  sdk.destroy();
}

async function remove(endpoint: string, identifier: string): Promise<void> {
  const { DeleteDBInstanceCommand, RDSClient } = await import('@aws-sdk/client-rds');
  const credentials = { accessKeyId: 'PERSON', secretAccessKey: 'anything' };
  const sdk = new RDSClient({ endpoint, region: HERE, credentials });
  const keep = { SkipFinalSnapshot: true, DeleteAutomatedBackups: false };
  await sdk.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: identifier, ...keep }));
  sdk.destroy();
}
