import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../src/core/model/restore.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';
import { contextOf, failureOf, HERE, inContext, MANIFEST, openAwsLab } from '../database/aws-lab.ts';
import { restored, stored } from './temporary-lab.ts';

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
