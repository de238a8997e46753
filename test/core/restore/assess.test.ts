import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/core/model/restore.ts';
import { assessFreshness } from '../../../src/core/restore/assess-freshness.ts';
import { assessLineage, type LineageSeen } from '../../../src/core/restore/assess-lineage.ts';
import { assessSequence } from '../../../src/core/restore/assess-sequence.ts';
import { assessRule, parseExpectation } from '../../../src/core/restore/expectation.ts';
import { assessSqlError, isLostConnection } from '../../../src/core/restore/sql-state.ts';

describe('assessSequence', () => {
  it.each([
    { when: 'no row', seen: { last: '0', extreme: null, increment: '1' }, mark: false, state: 'pass' },
    { when: 'at its column', seen: { last: '9', extreme: '9', increment: '1' }, mark: false, state: 'pass' },
    { when: 'ahead, as after a crash', seen: { last: '33', extreme: '2', increment: '1' }, mark: false, state: 'pass' },
    { when: 'behind', seen: { last: '8', extreme: '9', increment: '1' }, mark: false, state: 'fail' },
    {
      when: 'behind already at the source',
      seen: { last: '8', extreme: '9', increment: '1' },
      mark: true,
      state: 'warn',
    },
    {
      when: 'behind, and no manifest',
      seen: { last: '8', extreme: '9', increment: '1' },
      mark: undefined,
      state: 'couldNotVerify',
    },
    { when: 'descending and behind', seen: { last: '-8', extreme: '-9', increment: '-1' }, mark: false, state: 'fail' },
    { when: 'descending and well', seen: { last: '-9', extreme: '-8', increment: '-1' }, mark: false, state: 'pass' },
    {
      when: 'the largest bigint',
      seen: { last: '9223372036854775806', extreme: '9223372036854775807', increment: '1' },
      mark: false,
      state: 'fail',
    },
  ])('$state when $when', ({ seen, mark, state }) => {
    expect(assessSequence('public.t.id', seen, mark).state).toBe(state);
  });
});

describe('assessFreshness', () => {
  const NOW = Date.UTC(2026, 10, 21, 12);
  it.each([
    { when: 'nothing tells', newestAtMs: undefined, rpoMs: 60_000, state: 'couldNotVerify' },
    { when: 'exactly as old as the RPO', newestAtMs: NOW - 60_000, rpoMs: 60_000, state: 'pass' },
    { when: 'older than the RPO', newestAtMs: NOW - 60_001, rpoMs: 60_000, state: 'fail' },
    { when: 'nobody has set an RPO', newestAtMs: NOW - 9e9, rpoMs: undefined, state: 'pass' },
    { when: 'a minute ahead', newestAtMs: NOW + 60_000, rpoMs: 60_000, state: 'pass' },
    { when: 'an hour ahead', newestAtMs: NOW + 3_600_000, rpoMs: 60_000, state: 'warn' },
  ])('$state when $when', ({ newestAtMs, rpoMs, state }) => {
    expect(assessFreshness({ newestAtMs, nowMs: NOW, rpoMs }).state).toBe(state);
  });
});

describe('assessLineage', () => {
  const manifest: Manifest = {
    format: 1,
    algorithm: 'x',
    takenAtMs: 0,
    database: 'shop',
    serverVersion: 180004,
    serverMajor: 18,
    systemIdentifier: '7',
    timelineId: 2,
    xid: '1000',
    tables: [],
    fingerprint: [],
    schemaHash: '',
    extensions: [],
    settings: {},
    sequences: [],
    notCovered: [],
  };
  const seen: LineageSeen = {
    database: 'shop',
    systemIdentifier: '7',
    timelineId: 2,
    nextXid: '1000',
    inRecovery: false,
  };
  it.each([
    { when: 'all is equal', seen, state: 'pass', isComparable: true },
    {
      when: 'restored to a point in time',
      seen: { ...seen, timelineId: 3, nextXid: '1010' },
      state: 'pass',
      isComparable: true,
    },
    { when: 'another cluster', seen: { ...seen, systemIdentifier: '8' }, state: 'fail', isComparable: false },
    { when: 'another database', seen: { ...seen, database: 'shop_staging' }, state: 'fail', isComparable: false },
    { when: 'an earlier timeline', seen: { ...seen, timelineId: 1 }, state: 'fail', isComparable: true },
    { when: 'older than the manifest', seen: { ...seen, nextXid: '999' }, state: 'fail', isComparable: true },
    { when: 'a standby', seen: { ...seen, inRecovery: true }, state: 'warn', isComparable: true },
    {
      when: 'the role may not ask',
      seen: { database: 'shop', nextXid: '1000', inRecovery: false },
      state: 'couldNotVerify',
      isComparable: true,
    },
  ])('$state when $when', ({ seen: found, state, isComparable }) => {
    expect(assessLineage(manifest, found, true)).toMatchObject({ state, isComparable });
  });

  it('asks a loaded copy for nothing', () => {
    expect(assessLineage(manifest, { ...seen, systemIdentifier: '8' }, false).state).toBe('pass');
  });
});

describe('assessRule', () => {
  it.each([
    { expect: '= 0', answered: '0', state: 'pass' },
    { expect: '=0', answered: '0.00', state: 'pass' },
    { expect: '= 0', answered: '3', state: 'fail' },
    { expect: '> 0', answered: '0', state: 'fail' },
    { expect: '>= 1000', answered: '1000', state: 'pass' },
    { expect: '< 5%', answered: '0.049', state: 'pass' },
    { expect: '< 5%', answered: '0.05', state: 'fail' },
    { expect: '= 0', answered: null, state: 'couldNotVerify' },
    { expect: '= 0', answered: '', state: 'couldNotVerify' },
    { expect: '= 0', answered: 'NaN', state: 'couldNotVerify' },
    { expect: '!= 0', answered: '1', state: 'couldNotVerify' },
  ] as const)('$state when $answered is expected to be $expect', ({ expect: text, answered, state }) => {
    expect(assessRule({ expect: text, severity: 'fail' }, answered).state).toBe(state);
  });

  it('only warns where the rule says so', () => {
    expect(assessRule({ expect: '= 0', severity: 'warn' }, '1').state).toBe('warn');
  });

  it.each(['', '=', '0', '== 0', '= x', '> 5 s', '=> 1'])('%j is no expectation', (text) => {
    expect(parseExpectation(text)).toBeUndefined();
  });
});

describe('assessSqlError', () => {
  it.each([
    { code: 'XX001', what: 'a page that is not valid', state: 'fail' },
    { code: 'XX002', what: 'a damaged index', state: 'fail' },
    { code: 'XX000', what: 'an invalid length', state: 'fail' },
    { code: '58P01', what: 'a missing file', state: 'fail' },
    { code: '22021', what: 'a text that is none', state: 'fail' },
    { code: '57014', what: 'the time was over', state: 'couldNotVerify' },
    { code: '42501', what: 'no right, or row-level security', state: 'couldNotVerify' },
    { code: '42883', what: 'no such function', state: 'couldNotVerify' },
    { code: '53200', what: 'out of memory', state: 'couldNotVerify' },
    { code: '57P02', what: 'a crash of another session', state: 'couldNotVerify' },
    { code: 'ECONNRESET', what: 'a broken connection', state: 'couldNotVerify' },
    { code: undefined, what: 'a driver that gives no code', state: 'couldNotVerify' },
  ])('$state for $what ($code)', ({ code, state }) => {
    expect(assessSqlError(code, 'words').state).toBe(state);
  });

  it.each([
    { code: '57P01', isLost: true },
    { code: '08006', isLost: true },
    { code: 'EPIPE', isLost: true },
    { code: undefined, isLost: true },
    { code: '57014', isLost: false },
    { code: 'XX001', isLost: false },
  ])('$code: the connection is lost: $isLost', ({ code, isLost }) => {
    expect(isLostConnection(code)).toBe(isLost);
  });
});
