import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetention, type RetentionRules } from '../../../src/core/backup/plan-retention.ts';
import type { BackupFacts } from '../../../src/core/model/backup.ts';
import { DAY, NOW, someBackup } from './some-facts.ts';

const RULES: RetentionRules = {
  tiers: [
    { name: 'daily', keepMs: 7 * DAY, everyMs: DAY },
    { name: 'weekly', keepMs: 28 * DAY, everyMs: 7 * DAY },
  ],
  verifiedFloor: 1,
  nowMs: NOW,
  beingRestored: [],
};
const verified = { verifiedAtMs: NOW };

function decided(backups: readonly BackupFacts[], changes: Partial<RetentionRules> = {}) {
  const decisions = planRetention(backups, { ...RULES, ...changes });
  return Object.fromEntries(
    decisions.map(({ backup, action, reasons }) => [backup.identifier, `${action}: ${reasons.join('; ')}`]),
  );
}

describe('planRetention', () => {
  it('keeps by tier and prunes what no tier keeps, once a newer one is verified', () => {
    const backups = [0, 1, 2, 9, 10, 40].map((age) => someBackup(`day-${age}`, age, age === 1 ? verified : {}));
    const says = decided(backups);
    expect(says['day-0']).toMatch(/^keep: the newest in its region; kept by the daily tier/);
    expect(says['day-1']).toMatch(/^keep: the newest verified one; kept by the daily tier/);
    expect(says['day-2']).toMatch(/^keep: kept by the daily tier/);
    expect(says['day-40']).toBe('prune: no tier keeps it; day-1, which is newer, is verified');
    const weeks = [says['day-9'], says['day-10']].map((text) => text?.slice(0, 4));
    expect(weeks).toContain('keep');
  });
  it('deletes nothing by age alone while nothing newer is verified', () => {
    const says = decided([someBackup('new', 0), someBackup('old', 400), someBackup('older', 500)]);
    expect(says.old).toBe('keep: no newer backup is verified');
    expect(says.older).toBe('keep: no newer backup is verified');
  });
  it('keeps the last verified one however old it is, and as many as the floor says', () => {
    const backups = [
      someBackup('new', 0),
      someBackup('proof', 400, verified),
      someBackup('proof-2', 500, verified),
      someBackup('proof-3', 600, verified),
    ];
    expect(decided(backups).proof).toMatch(/^keep: the newest verified one/);
    expect(decided(backups)['proof-2']).toMatch(/^prune/);
    expect(decided(backups, { verifiedFloor: 2 })['proof-2']).toMatch(/^keep: among the newest 2 verified/);
    expect(decided(backups, { verifiedFloor: 0 }).proof).toMatch(/^keep/);
  });
  it('looks at each region by itself, and keeps the newest copy', () => {
    const there = { region: 'eu-west-1', isCopy: true };
    const backups = [
      someBackup('here', 0, verified),
      someBackup('copy', 300, { ...there }),
      someBackup('copy-2', 400, { ...there, ...verified }),
      someBackup('copy-3', 500, { ...there }),
    ];
    const says = decided(backups);
    expect(says.copy).toMatch(/^keep: the newest in its region; the newest copy in its region/);
    expect(says['copy-2']).toMatch(/^keep: the newest verified one/);
    expect(says['copy-3']).toMatch(/^prune/);
  });
  it('leaves alone what is not ours, being made, or being restored', () => {
    const backups = [
      someBackup('new', 0, verified),
      someBackup('foreign', 900, { ours: false }),
      someBackup('making', 900, { status: 'creating' }),
      someBackup('busy', 900),
      someBackup('failed', 900, { status: 'failed' }),
      someBackup('failed-now', 0.5, { status: 'failed' }),
    ];
    const says = decided(backups, { beingRestored: [backups[3]?.arn ?? ''] });
    expect(says.foreign).toMatch(/^keep: not ours/);
    expect(says.making).toMatch(/^keep: its status is creating/);
    expect(says.busy).toMatch(/^keep: it is being restored/);
    expect(says.failed).toMatch(/^prune: it failed/);
    expect(says['failed-now']).toMatch(/^keep: it failed less than a day ago/);
  });
  it('does not let a verified backup that is not whole, or not ours, fill the floor', () => {
    const backups = [
      someBackup('new', 0),
      someBackup('deleting', 1, { ...verified, status: 'deleting' }),
      someBackup('theirs', 2, { ...verified, ours: false }),
      someBackup('proof', 300, verified),
    ];
    expect(decided(backups).proof).toMatch(/^keep: the newest verified one/);
  });
});

const anyBackup = fc
  .record({
    region: fc.constantFrom('eu-central-1', 'eu-west-1'),
    age: fc.double({ min: -1, max: 800, noNaN: true }),
    status: fc.constantFrom('available', 'available', 'available', 'creating', 'failed', 'deleting'),
    ours: fc.boolean(),
    verified: fc.boolean(),
    isCopy: fc.boolean(),
  })
  .map(({ age, verified: isVerified, ...rest }) => ({ age, rest: { ...rest, ...(isVerified && verified) } }));
const anyBackups = fc
  .array(anyBackup, { maxLength: 40 })
  .map((all) => all.map(({ age, rest }, index) => someBackup(`b-${index}`, age, rest)));
const anyRules = fc.record({
  tiers: fc.array(
    fc.record({
      name: fc.constantFrom('daily', 'weekly'),
      keepMs: fc.integer({ min: 0, max: 400 * DAY }),
      everyMs: fc.integer({ min: 1, max: 40 * DAY }),
    }),
    { maxLength: 3 },
  ),
  verifiedFloor: fc.integer({ min: -1, max: 4 }),
  nowMs: fc.constant(NOW),
  beingRestored: fc.constant([] as readonly string[]),
});

/** S7, for any backups and any rules, in one round of pruning and in many. */
describe('the last verified backup', () => {
  const regions = ['eu-central-1', 'eu-west-1'];
  const good = (all: readonly BackupFacts[], region: string) =>
    all
      .filter((each) => each.region === region && each.ours && each.status === 'available' && each.verifiedAtMs)
      .toSorted((a, b) => b.takenAtMs - a.takenAtMs);

  it('is never pruned, nor are there fewer than the floor, and the newest copy stays', () => {
    fc.assert(
      fc.property(anyBackups, anyRules, (backups, rules) => {
        const decisions = planRetention(backups, rules);
        expect(decisions).toHaveLength(backups.length);
        const left = decisions.filter(({ action }) => action === 'keep').map(({ backup }) => backup);
        for (const region of regions) {
          const before = good(backups, region);
          const after = good(left, region);
          expect(after.length).toBeGreaterThanOrEqual(Math.min(before.length, Math.max(1, rules.verifiedFloor)));
          expect(after[0]?.takenAtMs).toBe(before[0]?.takenAtMs);
          const copies = backups.filter(
            (each) => each.region === region && each.isCopy && each.ours && each.status === 'available',
          );
          const newest = Math.max(...copies.map(({ takenAtMs }) => takenAtMs));
          if (copies.length > 0) expect(left.some((each) => each.isCopy && each.takenAtMs === newest)).toBe(true);
        }
        for (const { backup, action, reasons } of decisions) {
          expect(reasons.length).toBeGreaterThan(0);
          if (!backup.ours) expect(action).toBe('keep');
        }
      }),
    );
  });

  it('is not pruned either when only one is deleted at a time and everything is looked at again', () => {
    fc.assert(
      fc.property(anyBackups, anyRules, fc.nat(), (backups, rules, pick) => {
        let left: readonly BackupFacts[] = backups;
        for (let round = 0; round < 60; round += 1) {
          const prunable = planRetention(left, rules).filter(({ action }) => action === 'prune');
          const victim = prunable[(pick + round) % Math.max(1, prunable.length)]?.backup;
          if (victim === undefined) break;
          left = left.filter((each) => each !== victim);
        }
        for (const region of regions) {
          expect(good(left, region)[0]?.takenAtMs).toBe(good(backups, region)[0]?.takenAtMs);
        }
      }),
      { numRuns: 40 },
    );
  });
});
