import type { InstanceFacts } from '../../../src/core/model/backup.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessAdoption } from '../../../src/core/backup/assess-adoption.ts';
import { assessGone } from '../../../src/core/backup/assess-gone.ts';
import { assessTemporary } from '../../../src/core/backup/assess-temporary.ts';
import { backupTags, tagValue, temporaryTags } from '../../../src/core/backup/names.ts';
import { AWS_TAGS } from '../../../src/core/model/temporary.ts';
import { MARK, NAME, NOW, SNAPSHOT_ARN, someInstance, TEMPORARY } from './some-facts.ts';

describe('assessAdoption', () => {
  const found = { object: 'snapshot s', tags: backupTags(NAME, MARK), source: 'crm-production' };
  it('adopts what carries our mark and comes from the same source', () => {
    expect(assessAdoption(found, MARK, 'crm-production')).toEqual({ kind: 'adopt' });
  });
  it.each([
    { when: 'without tags', changes: { tags: {} }, says: /managed-by: expected mainstay, found none/ },
    { when: 'of another run', changes: { tags: backupTags(NAME, { ...MARK, run: 'run-9' }) }, says: /found run-9/ },
    {
      when: 'of another operation',
      changes: { tags: backupTags(NAME, { ...MARK, operation: 'backup/other' }) },
      says: /found backup\/other/,
    },
    { when: 'from another source', changes: { source: 'shop-production' }, says: /found shop-production/ },
    { when: 'from no known source', changes: { source: undefined }, says: /no source/ },
  ])('refuses one $when', ({ changes, says }) => {
    const adoption = assessAdoption({ ...found, ...changes }, MARK, 'crm-production');
    expect(adoption).toMatchObject({ kind: 'foreign', reason: expect.stringMatching(says) });
  });
  it('knows an operation whose id a tag cannot hold as it is', () => {
    const odd = { operation: `backup/#1 {${'x'.repeat(300)}}`, run: 'r' };
    expect(assessAdoption({ ...found, tags: backupTags(NAME, odd) }, odd, 'crm-production').kind).toBe('adopt');
    fc.assert(fc.property(fc.string(), (text) => tagValue(tagValue(text)) === tagValue(text)));
  });
});

describe('assessTemporary', () => {
  it('knows one of ours and its time', () => {
    expect(assessTemporary(someInstance(), NOW)).toMatchObject({ kind: 'alive', temporary: TEMPORARY });
    expect(assessTemporary(someInstance(), TEMPORARY.expiresAtMs)).toMatchObject({
      kind: 'expired',
      temporary: TEMPORARY,
    });
  });
  it.each([
    { when: 'has a similar name and no tags', changes: { tags: {} }, says: /name is like ours/ },
    {
      when: 'has a similar name and tags of another team',
      changes: { tags: { team: 'shop', 'managed-by': 'mainstay' } },
      says: /found none and none/,
    },
    {
      when: 'has our tags and another name',
      changes: { identifier: 'crm-production' },
      says: /name does not begin with mainstay-verify-/,
    },
    {
      when: 'has the purpose of a backup',
      changes: { tags: { ...someInstance().tags, [AWS_TAGS.purpose]: 'backup' } },
      says: /found mainstay and backup/,
    },
    {
      when: 'has an expiry that is no time',
      changes: { tags: { ...someInstance().tags, [AWS_TAGS.expiresAt]: 'tomorrow' } },
      says: /found tomorrow/,
    },
    {
      when: 'lacks its operation',
      changes: { tags: { ...someInstance().tags, [AWS_TAGS.operation]: '' } },
      says: /found not all/,
    },
  ])('leaves alone what $when', ({ changes, says }) => {
    const assessment = assessTemporary(someInstance(changes as Partial<InstanceFacts>), NOW + 1e12);
    expect(assessment).toMatchObject({ kind: 'suspicious', reason: expect.stringMatching(says) });
  });
  it('says nothing of what has neither name nor tags', () => {
    expect(assessTemporary(someInstance({ identifier: 'shop', tags: { env: 'production' } }), NOW).kind).toBe(
      'notOurs',
    );
  });
  it('takes nothing for ours that lacks one of name, managed-by and purpose', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(
          fc.constantFrom(...Object.values(AWS_TAGS), 'env'),
          fc.constantFrom('mainstay', 'temporary', 'x', ''),
        ),
        (identifier, tags) => {
          const { kind } = assessTemporary({ region: 'r', identifier, tags }, NOW);
          const isOurs =
            identifier.startsWith('mainstay-verify-') &&
            tags[AWS_TAGS.managedBy] === 'mainstay' &&
            tags[AWS_TAGS.purpose] === 'temporary';
          return isOurs || kind === 'suspicious' || kind === 'notOurs';
        },
      ),
    );
  });
});

describe('assessGone', () => {
  const nothing = { instance: undefined, automatedBackups: [], snapshots: [] };
  it('is gone when nothing is left', () => {
    expect(assessGone(TEMPORARY, nothing)).toEqual({ state: 'gone' });
  });
  it('names everything that is left', () => {
    const seen = {
      instance: someInstance({ status: 'deleting' }),
      automatedBackups: [{ instance: TEMPORARY.identifier, resourceId: 'db-ABC', arn: 'a', status: 'retained' }],
      snapshots: [{ identifier: 'final', status: 'available', type: 'manual' }],
    };
    const assessment = assessGone(TEMPORARY, seen);
    expect(assessment).toMatchObject({ state: 'wait' });
    expect((assessment as { reason: string }).reason).toBe(
      'still there: instance mainstay-verify-crm-0f3a9c21d7 (deleting), automated backup of db-ABC (retained), snapshot final (available)',
    );
  });
  it("says that the name is somebody else's now", () => {
    const other = { ...TEMPORARY, operation: 'verify-restore/production/crm/other' };
    const seen = { ...nothing, instance: someInstance({ tags: temporaryTags(other, SNAPSHOT_ARN) }) };
    expect(assessGone(TEMPORARY, seen).state).toBe('foreign');
  });
});
