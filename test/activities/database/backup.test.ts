import { describe, expect, it } from 'vitest';
import { snapshotName } from '../../../src/core/backup/names.ts';
import { planRetention } from '../../../src/core/backup/plan-retention.ts';
import { AWS_TAGS } from '../../../src/core/model/temporary.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';
import { contextOf, DAY, failureOf, HERE, inContext, MARK, openAwsLab, THERE } from './aws-lab.ts';

const NOMINAL = Date.parse('2026-11-21T02:00:00Z');

describe('takeManifest', () => {
  it('stores the manifest under its digest, locked, and answers a reference', async () => {
    const { act, plan, s3, suite, clients } = await openAwsLab();
    const taken = await inContext(act.takeManifest, { plan, nominalAtMs: NOMINAL, lockUntilMs: Date.now() + DAY });
    expect(taken).toMatchObject({ locked: true, tables: 1, rows: 3, schemaHash: 'ab' });
    const { bucket, key, sha256, region, bytes } = taken.manifest;
    expect(key).toBe(`mainstay/production/crm/manifests/20261121t0200z-${sha256}.json`);
    const stored = s3.objects.get(`${bucket}/${key}`);
    expect(stored?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-object-lock-mode': 'GOVERNANCE',
    });
    expect((await clients.objects(region).get({ bucket, key, sha256 })).length).toBe(bytes);
    expect(suite.calls).toEqual(['takeManifest postgres://backup:secret@crm.example.com:5432/crm?sslmode=require']);
    // Taken again by a retry: another object would stand beside it, the same one is the same.
    await inContext(act.takeManifest, { plan, nominalAtMs: NOMINAL });
    expect(s3.objects.size).toBe(1);
  });
  it('goes on without a lock where the bucket has none, and says so', async () => {
    const { act, plan, s3 } = await openAwsLab();
    s3.buckets.set('crm-backups', { objectLock: false });
    const taken = await inContext(act.takeManifest, { plan, nominalAtMs: NOMINAL, lockUntilMs: Date.now() + DAY });
    expect(taken.locked).toBe(false);
    expect(s3.objects.size).toBe(1);
  });
  it('refuses what is wrong before it connects, and shows no secret', async () => {
    const { act, plan, suite } = await openAwsLab();
    process.env.CRM_TEST_WRONG = 'hunter2 is no URL';
    const wrong = { ...plan, connection: 'env:CRM_TEST_WRONG' };
    const failure = await failureOf(inContext(act.takeManifest, { plan: wrong, nominalAtMs: NOMINAL }));
    expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
    expect(failure.message).not.toContain('hunter2');
    const manifests = { bucket: 'crm-backups', prefix: 'p'.repeat(200) };
    const long = { ...plan, backup: { ...plan.backup, manifests } };
    expect((await failureOf(inContext(act.takeManifest, { plan: long, nominalAtMs: NOMINAL }))).message).toMatch(
      /a shorter prefix helps/,
    );
    const nowhere = { ...plan, backup: { ...plan.backup, manifests: { bucket: 'nowhere', prefix: '' } } };
    expect(await failureOf(inContext(act.takeManifest, { plan: nowhere, nominalAtMs: NOMINAL }))).toMatchObject({
      type: 'NotFound',
    });
    expect(suite.calls).toHaveLength(1);
  });
});

describe('createSnapshot', () => {
  const identifier = snapshotName({ environment: 'production', database: 'crm' }, NOMINAL, MARK);

  it('is made once, though its reply is lost and it is asked for again', async () => {
    const { act, plan, aws, clients } = await openAwsLab();
    aws.faults.add({ service: 'rds', operation: 'CreateDBSnapshot', mode: 'lostReply', count: 1 });
    const manifest = { region: HERE, bucket: 'crm-backups', key: 'm.json', sha256: 'ab', bytes: 1 };
    const first = await inContext(act.createSnapshot, { plan, identifier, mark: MARK, manifest });
    expect(first).toMatchObject({ outcome: 'started', adopted: true, snapshot: { identifier, region: HERE } });
    const again = await inContext(act.createSnapshot, { plan, identifier, mark: MARK, manifest });
    expect(again).toMatchObject({ outcome: 'started', adopted: true });
    const all = await clients.rds(HERE).listSnapshots('crm-production');
    expect(all).toHaveLength(1);
    expect(all[0]?.tags).toMatchObject({
      'mainstay:managed-by': 'mainstay',
      'mainstay:purpose': 'backup',
      'mainstay:database': 'production/crm',
      'mainstay:operation': MARK.operation,
      'mainstay:run': MARK.run,
      'mainstay:manifest': 'crm-backups/m.json',
    });
    expect(aws.log.list({ operation: 'CreateDBSnapshot' })).toHaveLength(1);
  });
  it("refuses a name that is somebody else's, and touches nothing", async () => {
    const { act, plan, clients, aws } = await openAwsLab();
    await clients.rds(HERE).createSnapshot({ identifier, instance: 'crm-production', tags: { team: 'shop' } });
    const started = await inContext(act.createSnapshot, { plan, identifier, mark: MARK });
    expect(started).toMatchObject({ outcome: 'couldNotStart', reasonCode: 'foreign' });
    expect(aws.log.list({ operation: 'CreateDBSnapshot' })).toHaveLength(1);
    expect(aws.log.list({ operation: 'AddTagsToResource' })).toHaveLength(0);
  });
  it('tells a full quota and a source that is gone as outcomes', async () => {
    const { act, plan } = await openAwsLab({ quotas: { manualSnapshots: 0 } });
    expect(await inContext(act.createSnapshot, { plan, identifier, mark: MARK })).toMatchObject({
      outcome: 'couldNotStart',
      reasonCode: 'quota',
      reason: expect.stringMatching(/SnapshotQuotaExceeded/),
    });
    expect(
      await inContext(act.createSnapshot, { plan: { ...plan, instance: 'crm-gone' }, identifier, mark: MARK }),
    ).toMatchObject({ outcome: 'couldNotStart', reasonCode: 'sourceGone' });
  });
  it('is to be tried again while it is throttled, or the source is busy', async () => {
    const { act, plan, aws } = await openAwsLab();
    aws.faults.add({ service: 'rds', operation: 'CreateDBSnapshot', mode: 'throttle', count: 1 });
    const input = { plan, identifier, mark: MARK };
    expect(await failureOf(inContext(act.createSnapshot, input))).toMatchObject({
      type: 'Throttled',
      nonRetryable: false,
    });
    aws.faults.add({
      service: 'rds',
      operation: 'CreateDBSnapshot',
      mode: 'error',
      code: 'InvalidDBInstanceState',
      status: 400,
      count: 1,
    });
    expect(await failureOf(inContext(act.createSnapshot, input))).toMatchObject({
      type: 'NotReady',
      nonRetryable: false,
    });
    expect(await inContext(act.createSnapshot, input)).toMatchObject({ outcome: 'started', adopted: false });
  });
  it('makes nothing once it is cancelled', async () => {
    const { act, plan, aws } = await openAwsLab();
    const context = contextOf();
    context.cancel();
    await failureOf(inContext(act.createSnapshot, { plan, identifier, mark: MARK }, context));
    expect(aws.log.list({ operation: 'CreateDBSnapshot' })).toHaveLength(0);
  });
});

describe('awaitSnapshot', () => {
  it('waits through statuses that it does not know, throttling and 5xx', async () => {
    const { act, plan, aws, soon } = await openAwsLab();
    const identifier = snapshotName(plan, NOMINAL, MARK);
    const started = await inContext(act.createSnapshot, { plan, identifier, mark: MARK });
    if (started.outcome !== 'started') throw new Error(started.reason);
    aws.faults.add({ mode: 'lyingStatus', identifier, status: 'shimmering', count: 2 });
    aws.faults.add({ service: 'rds', operation: 'DescribeDBSnapshots', mode: 'throttle', count: 2, skip: 1 });
    aws.faults.add({ service: 'rds', operation: 'DescribeDBSnapshots', mode: 'error', count: 1, skip: 4 });
    const waited = await inContext(act.awaitSnapshot, { snapshot: started.snapshot, untilMs: soon(), pollMs: 20 });
    expect(waited).toMatchObject({
      outcome: 'available',
      snapshot: { identifier, status: 'available', instance: 'crm-production' },
      warnings: [expect.stringMatching(/shimmering is not known/)],
    });
  });
  it('ends at its time when the status is stuck, counted from the first attempt', async () => {
    const { act, plan, aws, soon } = await openAwsLab();
    const identifier = snapshotName(plan, NOMINAL, MARK);
    aws.faults.add({ mode: 'stuckStatus', identifier });
    const started = await inContext(act.createSnapshot, { plan, identifier, mark: MARK });
    if (started.outcome !== 'started') throw new Error(started.reason);
    const earlier = contextOf({
      object: 's',
      status: 'creating',
      says: 'x',
      sinceMs: Date.now() - 60_000,
      elapsedMs: 1,
    });
    const beats: unknown[] = [];
    earlier.on('heartbeat', (details: unknown) => beats.push(details));
    const waited = await inContext(
      act.awaitSnapshot,
      { snapshot: started.snapshot, untilMs: soon(200), pollMs: 20 },
      earlier,
    );
    expect(waited).toMatchObject({ outcome: 'deadline', status: 'creating' });
    expect((waited as { reason: string }).reason).toMatch(/after 6[0-9] s: status is creating/);
    expect(beats.at(-1)).toMatchObject({ status: 'creating', object: expect.stringContaining(identifier) });
  });
  it('tells one that is gone as failed, and leaves at once when it is cancelled', async () => {
    const { act, soon, aws, backup } = await openAwsLab();
    const gone = { region: HERE, identifier: 'mainstay-gone', arn: 'a' };
    expect(await inContext(act.awaitSnapshot, { snapshot: gone, untilMs: soon(), pollMs: 20 })).toMatchObject({
      outcome: 'failed',
      status: 'gone',
    });
    const snapshot = await backup();
    aws.faults.add({ mode: 'lyingStatus', identifier: snapshot.identifier, status: 'creating' });
    const context = contextOf();
    const waiting = failureOf(inContext(act.awaitSnapshot, { snapshot, untilMs: soon(), pollMs: 5_000 }, context));
    setTimeout(() => context.cancel(), 50);
    expect((await waiting).message).toMatch(/cancel/i);
  });
});

describe('copySnapshot and exports', () => {
  it('copies into the other region once, though the reply is lost', async () => {
    const { act, plan, aws, clients, soon, backup } = await openAwsLab();
    const from = await backup();
    aws.faults.add({ service: 'rds', operation: 'CopyDBSnapshot', mode: 'lostReply', count: 1 });
    const copied = await inContext(act.copySnapshot, { plan, from, mark: MARK });
    if (copied.outcome !== 'started') throw new Error(copied.reason);
    expect(copied).toMatchObject({ adopted: true, snapshot: { region: THERE, identifier: from.identifier } });
    const waited = await inContext(act.awaitSnapshot, { snapshot: copied.snapshot, untilMs: soon(), pollMs: 20 });
    expect(waited).toMatchObject({ outcome: 'available', snapshot: { copiedFrom: from.arn } });
    expect(await clients.rds(THERE).listSnapshots('crm-production')).toHaveLength(1);
    expect(aws.log.list({ operation: 'CopyDBSnapshot' }).map(({ region }) => region)).toEqual([THERE]);
  });
  it('says that the source of a copy is gone', async () => {
    const { act, plan } = await openAwsLab();
    const from = {
      region: HERE,
      identifier: 'mainstay-gone',
      arn: `arn:aws:rds:${HERE}:123456789012:snapshot:mainstay-gone`,
    };
    expect(await inContext(act.copySnapshot, { plan, from, mark: MARK })).toMatchObject({
      outcome: 'couldNotStart',
      reasonCode: 'sourceGone',
    });
  });
  it('exports once, though the reply is lost, and under another name after a failure', async () => {
    const { act, plan, aws, soon, backup, engine } = await openAwsLab();
    const snapshot = await backup();
    let fail = (_error: Error): void => undefined;
    engine.hold(
      'restoreSnapshot',
      new Promise((_resolve, reject) => {
        fail = reject;
      }),
    );
    aws.faults.add({ service: 'rds', operation: 'StartExportTask', mode: 'lostReply', count: 1 });
    const started = await inContext(act.startExport, { plan, snapshot });
    expect(started).toMatchObject({ outcome: 'started', adopted: true });
    expect(await inContext(act.startExport, { plan, snapshot })).toEqual(started);
    if (started.outcome !== 'started') throw new Error('unreachable');
    const { region, exportTask } = started;
    const late = await inContext(act.awaitExport, { region, exportTask, untilMs: soon(50), pollMs: 20 });
    expect(late).toMatchObject({ outcome: 'deadline', status: 'STARTING' });
    fail(new Error('the snapshot cannot be read'));
    const ended = await inContext(act.awaitExport, { region, exportTask, untilMs: soon(), pollMs: 20 });
    expect(ended).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/cannot be read/) });
    const again = await inContext(act.startExport, { plan, snapshot });
    expect(again).toMatchObject({ outcome: 'started', exportTask: `${exportTask}-2`, adopted: false });
    expect(aws.log.list({ operation: 'StartExportTask' })).toHaveLength(2);
  });
});

describe('chooseSnapshot', () => {
  it('chooses among what is there and reads the manifest from its tags', async () => {
    const { act, plan, backup } = await openAwsLab();
    expect(await inContext(act.chooseSnapshot, { plan, choice: 'latest', nominalAtMs: Date.now() })).toMatchObject({
      outcome: 'none',
    });
    await backup();
    const sha256 = 'cd'.repeat(32);
    const second = await backup(0, { [AWS_TAGS.manifest]: `crm-backups/mainstay/x-${sha256}.json` });
    expect(await inContext(act.chooseSnapshot, { plan, choice: 'latest', nominalAtMs: Date.now() })).toMatchObject({
      outcome: 'chosen',
      snapshot: { identifier: second.identifier },
      // What has no manifest is for when there is nothing better.
      candidates: 1,
      manifest: { bucket: 'crm-backups', sha256, region: HERE },
    });
  });
});

describe('retention', () => {
  /** All of them are older than any tier keeps; the newest is there always. */
  const LATER = Date.now() + 400 * DAY;

  async function prunable(lab: Awaited<ReturnType<typeof openAwsLab>>) {
    const listed = await inContext(lab.act.listBackups, { plan: lab.plan });
    const { retention: tiers, verifiedFloor } = lab.plan.backup;
    return planRetention(listed.backups, { tiers, verifiedFloor, nowMs: LATER, beingRestored: listed.beingRestored })
      .filter(({ action }) => action === 'prune')
      .map(({ backup }) => backup);
  }

  it('deletes what is pruned, once', async () => {
    const lab = await openAwsLab();
    const [first, , proven] = [await lab.backup(), await lab.backup(), await lab.backup()];
    await inContext(lab.act.markVerified, { plan: lab.plan, snapshot: proven, verifiedAtMs: Date.now() });
    const pruned = await prunable(lab);
    expect(pruned).toHaveLength(2);
    lab.aws.faults.add({ service: 'rds', operation: 'DeleteDBSnapshot', mode: 'lostReply', count: 1 });
    const input = { plan: lab.plan, backup: first, nowMs: LATER };
    expect(await failureOf(inContext(lab.act.deleteBackup, input))).toMatchObject({
      type: 'OutcomeUnknown',
      nonRetryable: false,
    });
    expect((await inContext(lab.act.deleteBackup, input)).outcome).toMatch(/gone|deleted|refused/);
    expect(await inContext(lab.act.deleteBackup, { ...input, backup: proven })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/newest verified one/),
    });
  });
  it('refuses what was verified, has lost our tags, or is being restored meanwhile', async () => {
    const lab = await openAwsLab();
    const [one, two, three, proven] = [await lab.backup(), await lab.backup(), await lab.backup(), await lab.backup()];
    await inContext(lab.act.markVerified, { plan: lab.plan, snapshot: proven, verifiedAtMs: Date.now() });
    expect(await prunable(lab)).toHaveLength(3);
    const rds = lab.clients.rds(HERE);
    // A floor of 2: the proof of `one` came after the plan.
    const plan = { ...lab.plan, backup: { ...lab.plan.backup, verifiedFloor: 2 } };
    await inContext(lab.act.markVerified, { plan, snapshot: one, verifiedAtMs: Date.now() });
    expect(await inContext(lab.act.deleteBackup, { plan, backup: one, nowMs: LATER })).toMatchObject({
      outcome: 'refused',
    });
    await rds.addTags(two.arn, { [AWS_TAGS.managedBy]: 'another team' });
    expect(await inContext(lab.act.deleteBackup, { plan, backup: two, nowMs: LATER })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/not ours/),
    });
    await inContext(lab.act.restoreInstance, { plan, temporary: lab.temporary, snapshot: three });
    expect(await inContext(lab.act.deleteBackup, { plan, backup: three, nowMs: LATER })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/being restored/),
    });
    expect(lab.aws.log.list({ operation: 'DeleteDBSnapshot' })).toHaveLength(0);
  });
  it('prunes nothing by half a list', async () => {
    const lab = await openAwsLab();
    await lab.backup();
    lab.aws.faults.add({ service: 'rds', region: THERE, mode: 'error', count: 10 });
    expect(await failureOf(inContext(lab.act.listBackups, { plan: lab.plan }))).toMatchObject({ type: 'Unavailable' });
  });
});

describe('markVerified', () => {
  it('marks the backup and its copy, later proofs stand', async () => {
    const { act, plan, backup, soon, clients } = await openAwsLab();
    const snapshot = await backup();
    const copied = await inContext(act.copySnapshot, { plan, from: snapshot, mark: MARK });
    if (copied.outcome !== 'started') throw new Error(copied.reason);
    await inContext(act.awaitSnapshot, { snapshot: copied.snapshot, untilMs: soon(), pollMs: 20 });
    const at = Date.parse('2026-11-21T05:00:00Z');
    const marked = await inContext(act.markVerified, { plan, snapshot, verifiedAtMs: at });
    expect(marked.marked.map(({ region }) => region)).toEqual([HERE, THERE]);
    await inContext(act.markVerified, { plan, snapshot, verifiedAtMs: at - DAY });
    for (const region of [HERE, THERE]) {
      const found = await clients.rds(region).findSnapshot(snapshot.identifier);
      expect(found?.tags[AWS_TAGS.verifiedAt]).toBe('2026-11-21T05:00:00.000Z');
    }
    const { backups } = await inContext(act.listBackups, { plan });
    expect(backups.map(({ isCopy, verifiedAtMs, ours }) => ({ isCopy, verifiedAtMs, ours }))).toEqual([
      { isCopy: false, verifiedAtMs: at, ours: true },
      { isCopy: true, verifiedAtMs: at, ours: true },
    ]);
  });
  it('says what it could not mark, and marks nothing of another team', async () => {
    const { act, plan, backup, clients, aws } = await openAwsLab();
    const snapshot = await backup();
    expect(await inContext(act.markVerified, { plan, snapshot, verifiedAtMs: Date.now() })).toMatchObject({
      marked: [{ region: HERE }],
      notMarked: [expect.stringMatching(/eu-west-1: not there/)],
    });
    const calls = aws.log.list({ operation: 'AddTagsToResource' }).length;
    const other = { ...snapshot, arn: `${snapshot.arn}-other` };
    expect((await inContext(act.markVerified, { plan, snapshot: other, verifiedAtMs: Date.now() })).marked).toEqual([]);
    expect(aws.log.list({ operation: 'AddTagsToResource' })).toHaveLength(calls);
    expect(await clients.rds(HERE).findSnapshot('nothing')).toBeUndefined();
  });
});

it('errors of the database pass through with their code', async () => {
  const { act, plan, suite } = await openAwsLab();
  suite.failures.push(new CodedError('Unavailable', 'crm.example.com: connection refused'));
  expect(await failureOf(inContext(act.takeManifest, { plan, nominalAtMs: NOMINAL }))).toMatchObject({
    type: 'Unavailable',
    nonRetryable: false,
  });
});
