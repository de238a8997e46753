import { describe, expect, it } from 'vitest';
import { assessCopy, shownKey, stableSamples } from '../../../src/core/cache-backup/assess-copy.ts';
import { copiesAmong, copiesRoot, copyFolder } from '../../../src/core/cache-backup/cache-place.ts';
import { parseRedisInfo } from '../../../src/core/cache-backup/redis-info.ts';
import type { KeySample, RedisFacts } from '../../../src/core/model/cache.ts';

const facts = (keys: number, expires = 0, index = 0): RedisFacts => ({
  version: '7.0.15',
  server: 'redis',
  role: 'master',
  isClusterNode: false,
  usedMemoryBytes: 1,
  databases: [{ index, keys, expires }],
  modules: [],
});
const KEY: KeySample = { index: 0, key: btoa('session:alice'), type: 'string', size: 3, digest: 'a' };
const copy = (seen: RedisFacts, samples: readonly KeySample[] = []) => ({
  facts: seen,
  samples,
  loadedAtMs: 1_000_000,
});

describe('assessCopy: numbers of keys', () => {
  it.each([
    {
      when: 'a quiet source and the same',
      before: facts(100, 10),
      after: facts(100, 10),
      seen: facts(100, 10),
      outcome: 'verified',
    },
    {
      when: 'some expired since',
      before: facts(100, 10),
      after: facts(100, 10),
      seen: facts(95, 5),
      outcome: 'verified',
    },
    {
      when: 'one lasting key less',
      before: facts(100, 10),
      after: facts(100, 10),
      seen: facts(99, 10),
      outcome: 'failed',
    },
    { when: 'one lasting key more', before: facts(100), after: facts(100), seen: facts(101), outcome: 'failed' },
    {
      when: 'more expiring keys than there were',
      before: facts(100, 10),
      after: facts(100, 10),
      seen: facts(101, 11),
      outcome: 'failed',
    },
    {
      when: 'a moving source, in between',
      before: facts(1000),
      after: facts(1400),
      seen: facts(1200),
      outcome: 'verified',
    },
    {
      when: 'a moving source, a little aside',
      before: facts(1000),
      after: facts(1400),
      seen: facts(960),
      outcome: 'verified',
    },
    {
      when: 'a moving source, far aside',
      before: facts(1000),
      after: facts(1400),
      seen: facts(900),
      outcome: 'failed',
    },
    { when: 'a database is missing', before: facts(5, 0, 3), after: facts(5, 0, 3), seen: facts(0), outcome: 'failed' },
    {
      when: 'an empty source',
      before: { ...facts(0), databases: [] },
      after: { ...facts(0), databases: [] },
      seen: { ...facts(0), databases: [] },
      outcome: 'verified',
    },
  ])('$when: $outcome', ({ before, after, seen, outcome }) => {
    expect(assessCopy({ before, after, stable: [] }, copy(seen)).outcome).toBe(outcome);
  });
});

describe('assessCopy: samples', () => {
  const source = (stable: readonly KeySample[]) => ({ before: facts(1), after: facts(1), stable });
  it.each([
    { when: 'the same', wanted: KEY, seen: [KEY], says: undefined },
    { when: 'lost', wanted: KEY, seen: [], says: /lost: expected a string/ },
    { when: 'another type', wanted: KEY, seen: [{ ...KEY, type: 'list' }], says: /found a list/ },
    { when: 'another size', wanted: KEY, seen: [{ ...KEY, size: 4 }], says: /expected size 3, found 4/ },
    { when: 'another value', wanted: KEY, seen: [{ ...KEY, digest: 'b' }], says: /found another/ },
    {
      when: 'a time to live that was not there',
      wanted: KEY,
      seen: [{ ...KEY, expiresAtMs: 9 }],
      says: /expected no time to live/,
    },
    {
      when: 'no time to live any more',
      wanted: { ...KEY, expiresAtMs: 9_000_000 },
      seen: [KEY],
      says: /expected a time to live/,
    },
    {
      when: 'another time to live',
      wanted: { ...KEY, expiresAtMs: 9_000_000 },
      seen: [{ ...KEY, expiresAtMs: 9_060_000 }],
      says: /found 60 s more/,
    },
    {
      when: 'a time to live within clocks',
      wanted: { ...KEY, expiresAtMs: 9_000_000 },
      seen: [{ ...KEY, expiresAtMs: 9_001_000 }],
      says: undefined,
    },
    { when: 'expired by now', wanted: { ...KEY, expiresAtMs: 1_000_500 }, seen: [], says: undefined },
  ])('$when', ({ wanted, seen, says }) => {
    const verdict = assessCopy(source([wanted]), copy(facts(1), seen));
    expect(verdict.outcome).toBe(says === undefined ? 'verified' : 'failed');
    if (says) expect(verdict.says.join()).toMatch(says);
    expect(verdict.says.join()).not.toContain('alice');
  });

  it('are those that stood unchanged', () => {
    const other = { ...KEY, key: btoa('b') };
    expect(stableSamples([KEY, other], [{ ...KEY, size: 9 }, other])).toEqual([other]);
    expect(stableSamples([KEY], [])).toEqual([]);
  });

  it.each([
    { key: 'session:alice', shown: 'key session:...(13 bytes, database 0)' },
    { key: 'a-token-without-colon', shown: 'key ...(21 bytes, database 0)' },
    { key: 'odd key:x', shown: 'key ...(9 bytes, database 0)' },
    { key: '', shown: 'key ...(0 bytes, database 0)' },
  ])('are shown as $shown', ({ key, shown }) => {
    expect(shownKey({ ...KEY, key: btoa(key) })).toBe(shown);
  });
});

describe('parseRedisInfo', () => {
  it('reads what is needed', () => {
    const text =
      '# Server\r\nredis_version:7.0.15\r\n# Replication\r\nrole:slave\r\n# Cluster\r\ncluster_enabled:1\r\nused_memory:42\r\n# Modules\r\nmodule:name=search,ver=1,api=1\r\n# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=1\r\ndb15:keys=1,expires=0\r\n';
    expect(parseRedisInfo(text)).toEqual({
      version: '7.0.15',
      server: 'redis',
      role: 'slave',
      isClusterNode: true,
      usedMemoryBytes: 42,
      modules: ['search'],
      databases: [
        { index: 0, keys: 5, expires: 2 },
        { index: 15, keys: 1, expires: 0 },
      ],
    });
    expect(parseRedisInfo('redis_version:7.2.4\nvalkey_version:8.0.1\n')).toMatchObject({
      server: 'valkey',
      version: '8.0.1',
    });
  });
});

it('copies are found by their folders, with their parts', () => {
  const root = copiesRoot('p', 'production', 'sessions');
  const folder = copyFolder(root, Date.parse('2026-11-01T03:00:00Z'), { operation: 'o', run: 'r' });
  expect(
    copiesAmong(root, [`${folder}dump.rdb`, `${folder}manifest.json`, `${root}other`, `${folder}foreign.txt`]),
  ).toMatchObject([{ folder, hasManifest: true, isVerified: false, parts: ['dump.rdb', 'manifest.json'] }]);
});
