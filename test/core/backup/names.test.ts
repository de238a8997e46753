import type { AwsTags } from '../../../src/core/model/temporary.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestKey, manifestOfTags, reportKey, whyNotTaggable } from '../../../src/core/backup/manifest-key.ts';
import { backupTags, compactTime, exportName, snapshotName, temporaryName } from '../../../src/core/backup/names.ts';
import { quarantineSettings } from '../../../src/core/backup/quarantine.ts';
import { MARK, NAME } from './some-facts.ts';

const AT = Date.parse('2026-11-01T02:00:30Z');
const SHA = 'ab'.repeat(32);

describe('names at the provider', () => {
  it('follow from the operation', () => {
    expect(compactTime(AT)).toBe('20261101t0200z');
    expect(temporaryName('crm', MARK)).toMatch(/^mainstay-verify-crm-[0-9a-f]{10}$/);
    expect(temporaryName('crm', MARK)).toBe(temporaryName('crm', { ...MARK }));
    expect(temporaryName('crm', MARK)).not.toBe(temporaryName('crm', { ...MARK, run: 'run-2' }));
    expect(snapshotName(NAME, AT, MARK)).toMatch(/^mainstay-production-crm-20261101t0200z-[0-9a-f]{6}$/);
    expect(exportName('arn:1', 1)).not.toBe(exportName('arn:1', 2));
  });
  it('are names that RDS takes, whatever the database is called', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.nat(9), (database, environment, operation, attempt) => {
        const mark = { operation, run: 'r' };
        const instance = temporaryName(database, mark);
        expect(instance).toMatch(/^[a-z](?:-?[a-z0-9])*$/);
        expect(instance.length).toBeLessThanOrEqual(63);
        const snapshot = snapshotName({ database, environment }, AT, mark);
        expect(snapshot).toMatch(/^[a-z](?:-?[a-z0-9])*$/);
        expect(snapshot.length).toBeLessThanOrEqual(255);
        expect(exportName(`${database}${operation}`, attempt)).toMatch(/^[a-z](?:-?[a-z0-9]){0,59}$/);
        for (const value of Object.values(backupTags({ database: 'd', environment: 'e' }, mark))) {
          expect(value).toMatch(/^[\p{L}\p{N} _.:/=+@-]{0,256}$/u);
        }
      }),
    );
  });
});

describe('keys of manifests', () => {
  it('are found again from the tags of the backup, with the digest', () => {
    const key = manifestKey('backups', NAME, AT, SHA);
    expect(key).toBe(`backups/production/crm/manifests/20261101t0200z-${SHA}.json`);
    const tags = backupTags(NAME, MARK, { bucket: 'crm-backups', key });
    expect(manifestOfTags(tags, 'eu-central-1')).toEqual({
      region: 'eu-central-1',
      bucket: 'crm-backups',
      key,
      sha256: SHA,
    });
    expect(reportKey('', NAME, 'mainstay-verify-crm-1', SHA)).toBe(
      'production/crm/reports/mainstay-verify-crm-1-abababababababab.json',
    );
  });
  it.each<AwsTags>([
    {},
    { 'mainstay:manifest': '' },
    { 'mainstay:manifest': 'bucket/some.json' },
    { 'mainstay:manifest': `/${SHA}.json` },
  ])('are none in %j', (tags) => {
    expect(manifestOfTags(tags, 'r')).toBeUndefined();
  });
  it('must fit into a tag', () => {
    expect(whyNotTaggable('b', manifestKey('p', NAME, AT, SHA))).toBeUndefined();
    expect(whyNotTaggable('b', manifestKey('p'.repeat(200), NAME, AT, SHA))).toMatch(/a shorter prefix helps/);
    expect(whyNotTaggable('b', 'a#b')).toMatch(/found others/);
  });
});

describe('quarantineSettings', () => {
  it('asks for those of an extension only where the source had them', () => {
    expect(quarantineSettings(undefined)).toEqual({ max_logical_replication_workers: '0' });
    expect(quarantineSettings({ 'cron.launch_active_jobs': 'on' })).toEqual({
      max_logical_replication_workers: '0',
      'cron.launch_active_jobs': 'off',
    });
  });
});
