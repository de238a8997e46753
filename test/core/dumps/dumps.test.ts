import { describe, expect, it } from 'vitest';
import { choosePgTools, majorOf, pgVersionOf } from '../../../src/core/dumps/choose-pg-tools.ts';
import { dumpFolder, dumpsAmong, parseSecondsTime, secondsTime } from '../../../src/core/dumps/dump-place.ts';
import { missingFrom, parseListing, unknownIn } from '../../../src/core/dumps/listing.ts';
import { type KeptCopy, planDumpRetention } from '../../../src/core/dumps/plan-dump-retention.ts';
import type { SourceRelation } from '../../../src/core/model/dump.ts';

const DAY = 86_400_000;
const NAME = { environment: 'production', database: 'crm' };

describe('choosePgTools', () => {
  const tools = (version: string) => ({
    folder: `/pg/${version}`,
    version,
    major: Number.parseInt(version, 10),
    from: 'PATH',
  });

  it.each([
    { when: 'the same major', server: 15, found: ['18.1', '15.18', '16.2'], chosen: '15.18', note: undefined },
    {
      when: 'the lowest newer one',
      server: 14,
      found: ['18.1', '16.2'],
      chosen: '16.2',
      note: /server is version 14, pg_dump is 16\.2.*older than 16/,
    },
    { when: 'the first among equals', server: 15, found: ['15.3', '15.18'], chosen: '15.3', note: undefined },
  ])('takes $when', ({ server, found, chosen, note }) => {
    const choice = choosePgTools(server, found.map(tools));
    expect(choice).toMatchObject({ outcome: 'chosen', tools: { version: chosen } });
    if (note) expect(choice).toMatchObject({ note: expect.stringMatching(note) });
    else expect(choice).not.toHaveProperty('note');
  });

  it('refuses an older one, and says what to install', () => {
    expect(choosePgTools(18, [tools('15.18')])).toEqual({
      outcome: 'none',
      reason: expect.stringMatching(
        /expected pg_dump 18 or newer.*found 15\.18 in \/pg\/15\.18; install postgresql-client-18, or set MAINSTAY_PG_BIN_18/,
      ),
    });
    expect(choosePgTools(18, [])).toMatchObject({ reason: expect.stringContaining('found none') });
  });

  it.each([
    { text: 'pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', version: { version: '15.18', major: 15 } },
    { text: 'pg_dump (PostgreSQL) 19beta1', version: { version: '19beta1', major: 19 } },
    { text: 'something else 12', version: undefined },
  ])('reads $text', ({ text, version }) => {
    expect(pgVersionOf(text)).toEqual(version);
  });

  it('knows the major of a number', () => {
    expect([150_018, 180_004, 90_624].map(majorOf)).toEqual([15, 18, 9]);
  });
});

describe('a listing', () => {
  const text = [
    ';',
    '; Archive created at 2026-11-01 02:00:00 UTC',
    ';     Format: CUSTOM',
    ';',
    '215; 1259 16386 TABLE public orders crm',
    '216; 1259 16390 TABLE odd schema TABLE DATA of mine crm',
    '3344; 0 16386 TABLE DATA public orders crm',
    '217; 1259 16400 MATERIALIZED VIEW public totals crm',
    '3190; 2606 16399 CONSTRAINT public orders orders_pkey crm',
  ].join('\n');
  const relation = (oid: number, kind: SourceRelation['kind'], name: string, hasData: boolean) => ({
    oid,
    kind,
    name,
    hasData,
  });

  it('is told by OID, whatever the names are', () => {
    const entries = parseListing(text) ?? [];
    expect(entries.map(({ oid, kind }) => `${oid} ${kind}`)).toEqual([
      '16386 TABLE',
      '16390 TABLE',
      '16386 TABLE DATA',
      '16400 MATERIALIZED VIEW',
      '16399 CONSTRAINT',
    ]);
    expect(missingFrom(entries, [relation(16386, 'TABLE', 'public.orders', true)])).toEqual([]);
    expect(missingFrom(entries, [relation(16390, 'TABLE', 'x', true), relation(7, 'VIEW', 'v', false)])).toEqual([
      'rows of x',
      'view v',
    ]);
    expect(unknownIn(entries, [relation(16386, 'TABLE', 'public.orders', true)])).toEqual([
      'TABLE odd schema TABLE DATA of mine crm',
      'MATERIALIZED VIEW public totals crm',
    ]);
  });

  it.each(['', 'no listing', '; Format: TAR'])('is none of %j', (other) => {
    expect(parseListing(other)).toBeUndefined();
  });
});

describe('the folder of a dump', () => {
  const atMs = Date.parse('2026-11-01T02:00:09.700Z');

  it('follows from workflow, run and moment', () => {
    const folder = dumpFolder('dumps', NAME, atMs, { operation: 'w', run: 'r' });
    expect(folder).toMatch(/^dumps\/production\/crm\/20261101T020009Z-[0-9a-f]{10}\/$/);
    expect(dumpFolder('dumps/', NAME, atMs, { operation: 'w', run: 'r' })).toBe(folder);
    expect(dumpFolder('dumps', NAME, atMs, { operation: 'w', run: 'other' })).not.toBe(folder);
  });

  it.each([0, atMs - 700, Date.parse('2028-02-29T23:59:59Z')])('holds the moment %d', (moment) => {
    expect(parseSecondsTime(secondsTime(moment))).toBe(moment);
  });

  it('is read back from keys; what is not ours is left alone', () => {
    const folder = dumpFolder('d', NAME, atMs, { operation: 'w', run: 'r' });
    const root = 'd/production/crm/';
    const keys = [
      `${folder}archive.dump`,
      `${folder}manifest.json`,
      `${folder}verified.json`,
      `${root}notes.txt`,
      `${root}20261101T020009Z-zzzzzzzzzz/archive.dump`,
      `${folder}deeper/archive.dump`,
      `d/production/crm-2/${folder.slice(root.length)}archive.dump`,
    ];
    expect(dumpsAmong(root, keys)).toEqual([
      { folder, takenAtMs: atMs - 700, hasArchive: true, hasManifest: true, isVerified: true },
    ]);
    expect(dumpsAmong(root, [`${folder}verified.json`])).toMatchObject([{ isVerified: false }]);
  });
});

describe('planDumpRetention', () => {
  const nowMs = 100 * DAY;
  const copy = (ageDays: number, state: 'verified' | 'whole' | 'broken'): KeptCopy => ({
    folder: `${ageDays}-${state}`,
    takenAtMs: nowMs - ageDays * DAY,
    hasManifest: state !== 'broken',
    isVerified: state === 'verified',
  });
  const rules = { keepMs: 30 * DAY, nowMs, own: 'own', deadlineMs: DAY / 6 };

  it.each([
    { when: 'old ones go', copies: [copy(40, 'verified'), copy(1, 'verified')], gone: ['40-verified'] },
    {
      when: 'the last verified one stays, however old',
      copies: [copy(90, 'verified'), copy(50, 'verified'), copy(1, 'whole')],
      gone: ['90-verified'],
    },
    {
      when: 'the last whole one stays while none is verified',
      copies: [copy(90, 'whole'), copy(40, 'whole')],
      gone: ['90-whole'],
    },
    { when: 'a young broken one may still be written', copies: [copy(0.2, 'broken'), copy(1, 'verified')], gone: [] },
    {
      when: 'a broken one that nobody writes goes',
      copies: [copy(2, 'broken'), copy(1, 'verified')],
      gone: ['2-broken'],
    },
    {
      when: 'the own one is never touched',
      copies: [{ ...copy(50, 'broken'), folder: 'own' }, copy(1, 'verified')],
      gone: [],
    },
    { when: 'one from the future is never touched', copies: [copy(-3, 'broken'), copy(1, 'verified')], gone: [] },
  ])('$when', ({ copies, gone }) => {
    expect(planDumpRetention(copies, rules).map(({ folder }) => folder)).toEqual(gone);
  });
});
