import { describe, expect, it } from 'vitest';
import { type ChooseSnapshot, chooseSnapshot } from '../../../src/core/backup/choose-snapshot.ts';
import { AWS_TAGS } from '../../../src/core/model/temporary.ts';
import { DAY, NAME, NOW, someSnapshot } from './some-facts.ts';

const RETENTION = [
  { name: 'daily', keepMs: 30 * DAY, everyMs: DAY },
  { name: 'monthly', keepMs: 90 * DAY, everyMs: 30 * DAY },
];
const daily = Array.from({ length: 40 }, (_, day) => someSnapshot(`day-${day}`, NOW - day * DAY));

function choose(changes: Partial<ChooseSnapshot>) {
  return chooseSnapshot({
    name: NAME,
    snapshots: daily,
    choice: 'latest',
    nominalAtMs: NOW,
    windowMs: 31 * DAY,
    retention: RETENTION,
    ...changes,
  });
}

function nameOf(chosen: ReturnType<typeof chooseSnapshot>): string {
  return chosen.outcome === 'chosen' ? chosen.snapshot.identifier : chosen.reason;
}

describe('chooseSnapshot', () => {
  it('takes the latest and the oldest', () => {
    expect(nameOf(choose({}))).toBe('day-0');
    expect(nameOf(choose({ choice: 'oldest' }))).toBe('day-39');
    expect(nameOf(choose({ snapshots: daily.toReversed() }))).toBe('day-0');
  });
  it('takes no one that retention may delete any moment', () => {
    const old = [...daily, someSnapshot('ancient', NOW - 91 * DAY)];
    expect(nameOf(choose({ choice: 'oldest', snapshots: old }))).toBe('day-39');
  });
  it('prefers what has a manifest: without one lost rows are not seen', () => {
    const manifest = { [AWS_TAGS.manifest]: `crm-backups/mainstay/${'a'.repeat(3)}-${'0'.repeat(64)}.json` };
    const proven = someSnapshot('with-manifest', NOW - 5 * DAY);
    const ours = { ...proven, tags: { ...proven.tags, ...manifest } };
    const automated = someSnapshot('rds:crm-2026-11-01', NOW, { type: 'automated', tags: {} });
    expect(nameOf(choose({ snapshots: [automated, ours] }))).toBe('with-manifest');
    expect(nameOf(choose({ snapshots: [automated] }))).toBe('rds:crm-2026-11-01');
    expect(nameOf(choose({ snapshots: [automated, ours], choice: 'named', identifier: automated.identifier }))).toBe(
      'rds:crm-2026-11-01',
    );
  });
  it('draws by lot within the window, the same for the same nominal time', () => {
    const names = Array.from({ length: 24 }, (_, month) => {
      const nominalAtMs = NOW + month;
      const first = choose({ choice: 'random', nominalAtMs });
      expect(choose({ choice: 'random', nominalAtMs, snapshots: daily.toReversed() })).toEqual(first);
      return nameOf(first);
    });
    expect(new Set(names).size).toBeGreaterThan(8);
    for (const name of names) expect(Number(name.slice(4))).toBeLessThanOrEqual(31);
  });
  it('says what it did not choose from when nothing is left', () => {
    const snapshots = [
      someSnapshot('a', NOW, { status: 'creating' }),
      someSnapshot('b', NOW, { tags: {} }),
      someSnapshot('c', NOW - 400 * DAY),
    ];
    expect(choose({ snapshots })).toEqual({
      outcome: 'none',
      reason: 'no backup to choose: 1 not available, 1 not ours, 1 expired',
    });
    expect(choose({ snapshots: [] })).toMatchObject({
      outcome: 'none',
      reason: expect.stringMatching(/there is none/),
    });
    expect(choose({ choice: 'random', windowMs: DAY, nominalAtMs: NOW + 10 * DAY })).toMatchObject({
      outcome: 'none',
      reason: expect.stringMatching(/no backup of the 1 days before/),
    });
  });
  it('takes automated ones of the provider, whose age is its own business', () => {
    const automated = someSnapshot('rds:crm', NOW - 200 * DAY, { type: 'automated', tags: {} });
    expect(nameOf(choose({ snapshots: [automated] }))).toBe('rds:crm');
  });
  it('takes a named one whoever made it, when it is whole', () => {
    const foreign = someSnapshot('before-upgrade', NOW - 500 * DAY, { tags: {} });
    const snapshots = [...daily, foreign, someSnapshot('new', NOW, { status: 'creating' })];
    expect(nameOf(choose({ choice: 'named', identifier: 'before-upgrade', snapshots }))).toBe('before-upgrade');
    expect(choose({ choice: 'named', identifier: 'new', snapshots })).toMatchObject({
      outcome: 'none',
      reason: 'snapshot new: expected available, found creating',
    });
    expect(nameOf(choose({ choice: 'named', identifier: 'gone' }))).toBe('snapshot gone: not there');
  });
});
