import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  type CopyDBSnapshotCommandInput,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBSnapshotsCommand,
  DescribeEventsCommand,
  ListTagsForResourceCommand,
  PromoteReadReplicaCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../harness/until.ts';
import { codeOf, HERE, type RdsLab, startRdsLab, THERE } from './rds-lab.ts';

let lab: RdsLab;
beforeAll(async () => {
  lab = await startRdsLab({ quotas: { manualSnapshots: 12 } });
  await lab.seed('crm', { tags: { env: 'prod', team: 'crm' }, backupRetentionDays: 1 });
});
afterAll(() => lab?.close());

const take = (DBSnapshotIdentifier: string, more: object = {}) =>
  lab.rds.send(new CreateDBSnapshotCommand({ DBSnapshotIdentifier, DBInstanceIdentifier: 'crm', ...more }));
const find = async (DBSnapshotIdentifier: string, client = lab.rds) =>
  (await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }))).DBSnapshots?.[0];
const arn = (name: string, region = HERE) => `arn:aws:rds:${region}:123456789012:snapshot:${name}`;

describe('a manual snapshot', () => {
  it('locks the instance for a while and says its times when it is there', async () => {
    const held = lab.holdAt('crm', 'backing-up');
    const heldSnapshot = lab.holdAt('first', 'creating');
    const { DBSnapshot: answer } = await take('first', { Tags: [{ Key: 'mainstay:purpose', Value: 'backup' }] });
    expect(answer).toMatchObject({ Status: 'creating', PercentProgress: 0, SnapshotType: 'manual' });
    expect(answer?.SnapshotCreateTime).toBeUndefined();
    await held.seen();
    expect(await codeOf(take('second'))).toBe('InvalidDBInstanceState');
    expect(await codeOf(lab.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'first' })))).toBe(
      'InvalidDBSnapshotState',
    );
    held.release();
    heldSnapshot.release();
    await lab.snapshotReady('first');
    const ready = await find('first');
    expect(ready).toMatchObject({ PercentProgress: 100, Engine: 'postgres', EngineVersion: '18.4', Encrypted: true });
    expect(ready?.SnapshotCreateTime).toBeInstanceOf(Date);
    expect(ready?.SnapshotDatabaseTime).toBeInstanceOf(Date);
    expect(ready?.DbiResourceId).toBe((await lab.instance('crm')).DbiResourceId);
    // What the instance carries and what was given.
    expect(new Set(ready?.TagList?.map(({ Key }) => Key))).toEqual(new Set(['env', 'team', 'mainstay:purpose']));
  });

  it('has a name of its own and a source that exists', async () => {
    await lab.ready('crm');
    expect(await codeOf(take('first'))).toBe('DBSnapshotAlreadyExists');
    expect(await codeOf(take('other', { DBInstanceIdentifier: 'nobody' }))).toBe('DBInstanceNotFound');
    expect(await codeOf(find('other'))).toBe('DBSnapshotNotFound');
    const none = await lab.rds.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: 'nobody' }));
    expect(none.DBSnapshots).toEqual([]);
  });

  it('fails when its data cannot be read; the instance goes on', async () => {
    lab.engine.hold('snapshot', Promise.reject(new Error('the disk is gone')));
    await take('broken');
    await until('failed', async () => ((await find('broken'))?.Status === 'failed' ? true : undefined));
    await lab.ready('crm');
    await lab.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'broken' }));
    expect(lab.problems.join()).toContain('the disk is gone');
  });

  it('is deleted at once; an automated one cannot be', async () => {
    await take('short-lived');
    await lab.snapshotReady('short-lived');
    const folders = lab.engine.snapshots.size;
    const { DBSnapshot } = await lab.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'short-lived' }));
    expect(DBSnapshot?.Status).toBe('deleted');
    expect(lab.engine.snapshots.size).toBe(folders - 1);
    const automated = await lab.rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'automated' }));
    const name = automated.DBSnapshots?.[0]?.DBSnapshotIdentifier ?? '';
    expect(name).toMatch(/^rds:crm-/);
    const refused = lab.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: name }));
    expect(await codeOf(refused)).toBe('InvalidDBSnapshotState');
  });
});

describe('a copy', () => {
  const copy = (input: Partial<CopyDBSnapshotCommandInput>, client = lab.there) =>
    client.send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: arn('first'),
        TargetDBSnapshotIdentifier: 'copied',
        KmsKeyId: `arn:aws:kms:${THERE}:123456789012:key/other`,
        ...input,
      }),
    );

  it('is asked for in the other region and says where it comes from', async () => {
    const { DBSnapshot: answer } = await copy({ CopyTags: true });
    expect(answer?.Status).toBe('creating');
    await lab.snapshotReady('copied', THERE);
    const there = await find('copied', lab.there);
    expect(there).toMatchObject({
      SourceRegion: HERE,
      SourceDBSnapshotIdentifier: arn('first'),
      SnapshotType: 'manual',
      DBSnapshotArn: arn('copied', THERE),
    });
    const first = await find('first');
    expect(there?.OriginalSnapshotCreateTime).toEqual(first?.OriginalSnapshotCreateTime);
    expect(there?.TagList).toEqual(first?.TagList);
    expect(await codeOf(find('copied'))).toBe('DBSnapshotNotFound');
  });

  it('is refused without a key of the other region, of what is not there, and under a name that is taken', async () => {
    expect(await codeOf(copy({ KmsKeyId: undefined, TargetDBSnapshotIdentifier: 'x' }))).toBe(
      'InvalidParameterCombination',
    );
    expect(await codeOf(copy({ SourceDBSnapshotIdentifier: arn('nothing') }))).toBe('DBSnapshotNotFound');
    expect(await codeOf(copy({}))).toBe('DBSnapshotAlreadyExists');
  });

  it('of the same region needs no ARN and keeps the key; of an automated one it is manual', async () => {
    const automated = await lab.rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'automated' }));
    const SourceDBSnapshotIdentifier = automated.DBSnapshots?.[0]?.DBSnapshotIdentifier;
    await copy({ SourceDBSnapshotIdentifier, KmsKeyId: undefined, TargetDBSnapshotIdentifier: 'kept' }, lab.rds);
    await lab.snapshotReady('kept');
    expect(await find('kept')).toMatchObject({ SnapshotType: 'manual', Encrypted: true, TagList: [] });
  });
});

describe('quota, tags, events', () => {
  it('refuses one snapshot too many and tells how many there are', async () => {
    await lab.ready('crm');
    const count = async (): Promise<number> => {
      const { AccountQuotas = [] } = await lab.rds.send(new DescribeAccountAttributesCommand({}));
      return AccountQuotas.find(({ AccountQuotaName: name }) => name === 'ManualSnapshots')?.Used ?? -1;
    };
    for (let n = await count(); n < 12; n++) {
      await take(`many-${n}`);
      await lab.ready('crm');
    }
    expect(await count()).toBe(12);
    expect(await codeOf(take('too-many'))).toBe('SnapshotQuotaExceeded');
  });

  it('adds, replaces and removes tags', async () => {
    const ResourceName = arn('first');
    const Tags = [
      { Key: 'mainstay:verified-at', Value: '2026-11-21T20:00:00Z' },
      { Key: 'env', Value: 'changed' },
    ];
    await lab.rds.send(new AddTagsToResourceCommand({ ResourceName, Tags }));
    await lab.rds.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['team', 'unknown'] }));
    const { TagList = [] } = await lab.rds.send(new ListTagsForResourceCommand({ ResourceName }));
    expect(Object.fromEntries(TagList.map(({ Key, Value }) => [Key, Value]))).toEqual({
      env: 'changed',
      'mainstay:purpose': 'backup',
      'mainstay:verified-at': '2026-11-21T20:00:00Z',
    });
    const unknown = lab.rds.send(new ListTagsForResourceCommand({ ResourceName: arn('nothing') }));
    expect(await codeOf(unknown)).toBe('DBSnapshotNotFound');
    const elsewhere = lab.there.send(new ListTagsForResourceCommand({ ResourceName }));
    expect(await codeOf(elsewhere)).toBe('InvalidParameterValue');
  });

  it('tells what happened', async () => {
    const asked = new DescribeEventsCommand({ SourceType: 'db-snapshot', SourceIdentifier: 'first', Duration: 5 });
    const { Events = [] } = await lab.rds.send(asked);
    expect(Events.map(({ Message }) => Message)).toEqual(['Creating manual snapshot', 'Manual snapshot created']);
    expect(await codeOf(lab.rds.send(new DescribeEventsCommand({ SourceIdentifier: 'first' })))).toBe(
      'InvalidParameterCombination',
    );
  });

  it('promotes nothing that is no replica', async () => {
    const refused = lab.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'crm' }));
    expect(await codeOf(refused)).toBe('InvalidDBInstanceState');
  });
});
