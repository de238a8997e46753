/** deploy/iam against every call that is really made: none is refused, and nothing is allowed that nobody needs. */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { snapshotName, temporaryTags } from '../../../src/core/backup/names.ts';
import { planRetention } from '../../../src/core/backup/plan-retention.ts';
import { type AwsAudit, startAwsAudit } from '../../harness/aws-audit.ts';
import { allowedActions, type IamPolicy, readPolicy, whyDenied } from '../../harness/iam-policy.ts';
import { DAY, HERE, inContext, MARK, openAwsLab } from './aws-lab.ts';

const VALUES = {
  ACCOUNT_ID: '123456789012',
  SOURCE_INSTANCE: 'crm-production',
  QUARANTINE_GROUP: 'crm-quarantine',
  BACKUP_BUCKET: 'crm-backups',
  EXPORT_ROLE_ARN: 'arn:aws:iam::123456789012:role/export',
  BACKUP_KEY_ARN: 'arn:aws:kms:eu-central-1:123456789012:key/1',
  RECOVERY_KEY_ARN: 'arn:aws:kms:eu-west-1:123456789012:key/2',
  EXPORT_KEY_ARN: 'arn:aws:kms:eu-central-1:123456789012:key/3',
};
/** No calls of ours: AWS asks for them along with StartExportTask, with copies and restores of encrypted snapshots, and in S3. */
const ALONG_WITH = ['iam:PassRole', 'kms:DescribeKey', 'kms:CreateGrant', 'kms:Decrypt', 'kms:GenerateDataKey*'];

const text = readFileSync(new URL('../../../deploy/iam/backup-and-restore.json', import.meta.url), 'utf8');
const policy: IamPolicy = readPolicy(text, VALUES);

/** A backup, its copy and export, a verification, pruning, and what dumps and copies of caches do with S3. */
async function everything(): Promise<AwsAudit> {
  let audit: AwsAudit | undefined;
  const lab = await openAwsLab({}, async (url) => {
    audit = await startAwsAudit(url);
    return audit.url;
  });
  if (!audit) throw new Error('the laboratory opened no door');
  onTestFinished(() => audit?.close());
  const { act, temporary, soon, clients } = lab;
  const plan = { ...lab.plan, connection: 'aws-sm:mainstay/crm#url' };
  const wait = { untilMs: soon(60_000), pollMs: 20 };
  const { manifest } = await inContext(act.takeManifest, { plan, nominalAtMs: 0, lockUntilMs: Date.now() + DAY });
  expect(lab.suite.calls[0]).toContain('backup:from-aws@');
  // Times are whole seconds: of three within one, one is neither the newest nor the verified one.
  await lab.backup();
  await lab.backup();
  const mark = { ...MARK, run: 'run-of-this-one' };
  const identifier = snapshotName(plan, Date.now(), mark);
  const made = await inContext(act.createSnapshot, { plan, identifier, mark, manifest });
  if (made.outcome !== 'started') throw new Error(made.reason);
  const { snapshot } = made;
  await inContext(act.awaitSnapshot, { snapshot, ...wait });
  await inContext(act.confirmManifest, { plan, manifest, snapshot, mark, nominalAtMs: 0 });
  const copied = await inContext(act.copySnapshot, { plan, from: snapshot, mark, manifest });
  if (copied.outcome !== 'started') throw new Error(copied.reason);
  await inContext(act.awaitSnapshot, { snapshot: copied.snapshot, ...wait });
  const exported = await inContext(act.startExport, { plan, snapshot });
  if (exported.outcome !== 'started') throw new Error(exported.reason);
  await inContext(act.awaitExport, { region: HERE, exportTask: exported.exportTask, ...wait });

  const chosen = await inContext(act.chooseSnapshot, { plan, choice: 'latest', nominalAtMs: Date.now() });
  if (chosen.outcome !== 'chosen') throw new Error(chosen.reason);
  await inContext(act.restoreInstance, { plan, temporary, snapshot });
  const ready = await inContext(act.awaitInstance, { temporary, ...wait });
  if (ready.outcome !== 'ready') throw new Error(ready.reason);
  const prepared = await inContext(act.prepareCopy, { plan, temporary, untilMs: soon(60_000) });
  expect(prepared.outcome).toBe('prepared');
  await inContext(act.runRestoreSuite, { plan, temporary, endpoint: ready.endpoint, manifest, asOfMs: 1 });
  await inContext(act.findTemporaries, { regions: [HERE] });
  await clients.rds(HERE).allowDeletion(temporary.identifier);
  await inContext(act.deleteTemporary, { temporary });
  expect(await inContext(act.proveGone, { temporary, ...wait })).toMatchObject({ outcome: 'gone' });
  await inContext(act.markVerified, { plan, snapshot, verifiedAtMs: Date.now() });
  const { backups } = await inContext(act.listBackups, { plan });
  const nowMs = Date.now() + 400 * DAY;
  const rules = { tiers: plan.backup.retention, verifiedFloor: 1, nowMs, beingRestored: [] };
  const prunable = planRetention(backups, rules).find(({ action }) => action === 'prune')?.backup;
  if (!prunable) throw new Error('expected one to prune');
  const pruned = await inContext(act.deleteBackup, { plan, backup: prunable, nowMs });
  expect(pruned).toMatchObject({ outcome: 'deleted' });

  const store = clients.objects(HERE);
  const dump = { bucket: 'crm-backups', key: 'mainstay/production/crm/dumps/1/dump' };
  const big = Readable.from([Buffer.alloc(17 * 1024 * 1024)]);
  const object = { contentType: 'application/octet-stream', encryption: {}, tags: { a: 'b' } };
  await store.upload({ ...dump, body: big, ...object });
  await store.head(dump);
  await store.list({ bucket: dump.bucket, prefix: 'mainstay/' });
  await store.abortUploads(dump);
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.alloc(40 * 1024 * 1024);
    throw new Error('pg_dump ended');
  };
  await store.upload({ ...dump, body: Readable.from(broken()), ...object }).catch(() => undefined);
  await store.remove(dump);
  return audit;
}

describe('deploy/iam/backup-and-restore.json', () => {
  it('allows every call that is made, and no action that is not', { timeout: 60_000 }, async () => {
    const audit = await everything();
    const refusals = audit.requests.flatMap((request) => whyDenied(policy, request) ?? []);
    expect(refusals).toEqual([]);
    const made = new Set([...audit.requests.map(({ action }) => action), ...ALONG_WITH]);
    expect(allowedActions(policy).filter((action) => !made.has(action))).toEqual([]);
    // The check would see a call that nobody expects.
    expect(audit.requests.length).toBeGreaterThan(30);
  });

  const ours = { 'aws:ResourceTag/mainstay:managed-by': 'mainstay', 'aws:ResourceTag/mainstay:purpose': 'temporary' };
  const db = (name: string): string => `arn:aws:rds:eu-central-1:123456789012:db:${name}`;
  const snapshot = (name: string): string => `arn:aws:rds:eu-central-1:123456789012:snapshot:${name}`;
  const temporary = temporaryTags(
    { region: HERE, identifier: 'x', operation: 'o', run: 'r', database: 'd', expiresAtMs: 0 },
    'arn',
  );
  const requested = Object.fromEntries(
    Object.entries(temporary).map(([key, value]) => [`aws:RequestTag/${key}`, value]),
  );

  it.each([
    {
      what: 'delete production',
      request: { action: 'rds:DeleteDBInstance', resources: [db('crm-production')], context: ours },
      denied: /NeverProduction/,
    },
    {
      what: "delete another team's instance with a similar name",
      request: { action: 'rds:DeleteDBInstance', resources: [db('mainstay-verify-shop-1')], context: {} },
      denied: /no statement/,
    },
    {
      what: "change another team's instance with a similar name",
      request: { action: 'rds:ModifyDBInstance', resources: [db('mainstay-verify-shop-1')], context: {} },
      denied: /no statement/,
    },
    {
      what: 'delete a snapshot that does not carry our tags',
      request: { action: 'rds:DeleteDBSnapshot', resources: [snapshot('mainstay-x')], context: {} },
      denied: /no statement/,
    },
    {
      what: 'restore over a name of production',
      request: {
        action: 'rds:RestoreDBInstanceFromDBSnapshot',
        resources: [db('crm-production-2'), snapshot('mainstay-x')],
        context: requested,
      },
      denied: /db:crm-production-2/,
    },
    {
      what: "restore with the source's tags",
      request: {
        action: 'rds:RestoreDBInstanceFromDBSnapshot',
        resources: [db('mainstay-verify-x')],
        context: { 'aws:RequestTag/env': 'production' },
      },
      denied: /no statement/,
    },
    {
      what: 'restore outside the quarantine',
      request: {
        action: 'rds:RestoreDBInstanceFromDBSnapshot',
        resources: [db('mainstay-verify-x'), 'arn:aws:rds:eu-central-1:123456789012:pg:default.postgres18'],
        context: requested,
      },
      denied: /default\.postgres18/,
    },
    {
      what: 'tag production',
      request: {
        action: 'rds:AddTagsToResource',
        resources: [db('crm-production')],
        context: { ...requested, 'aws:TagKeys': Object.keys(temporary) },
      },
      denied: /no statement/,
    },
    {
      what: 'delete a manifest',
      request: {
        action: 's3:DeleteObject',
        resources: ['arn:aws:s3:::crm-backups/mainstay/production/crm/manifests/x.json'],
        context: {},
      },
      denied: /KeepManifests/,
    },
    {
      what: 'read a secret of others',
      request: {
        action: 'secretsmanager:GetSecretValue',
        resources: ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/db-AbCdEf'],
        context: {},
      },
      denied: /no statement/,
    },
  ])('does not allow to $what', ({ request, denied }) => {
    expect(whyDenied(policy, request)).toMatch(denied);
  });

  it('refuses a policy that it cannot read whole', () => {
    const statement = (more: object) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'a:B', Resource: '*', ...more }],
      });
    expect(() => readPolicy(statement({ Principal: '*' }), {})).toThrow(/found Principal/);
    expect(() => readPolicy(statement({ Condition: { DateLessThan: { a: 'b' } } }), {})).toThrow(/DateLessThan/);
    expect(() => readPolicy(statement({ Resource: 'ACCOUNT_ID' }), {})).toThrow(/placeholder/);
  });
});
