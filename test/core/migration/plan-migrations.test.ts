import { describe, expect, it } from 'vitest';
import { parseMigration } from '../../../src/core/migration/parse-file.ts';
import { folderDigest, planMigrations, readChecksums } from '../../../src/core/migration/plan-migrations.ts';
import type { MigrationFile, RecordedMigration } from '../../../src/core/model/migration.ts';

const sum = (letter: string) => letter.repeat(64);
const file = (name: string, letter = 'a', text = 'select 1'): MigrationFile =>
  parseMigration({ name, checksum: sum(letter) }, text).file;
const row = (name: string, letter = 'a', finished = true): RecordedMigration => ({
  name,
  checksum: sum(letter),
  finished,
  operation: 'deploy/1',
});
const [ONE, TWO, THREE] = ['0001_a.expand.sql', '0002_b.expand.sql', '0003_c.expand.sql'] as const;
const names = (files: readonly { readonly name: string }[]) => files.map(({ name }) => name);

describe('planMigrations', () => {
  it('runs what is new, in the order of the numbers', () => {
    const planned = planMigrations(
      [file('0010_z.expand.sql'), file(TWO), file('9_y.expand.sql'), file(ONE)],
      [row(ONE)],
    );
    expect(names(planned.pending)).toEqual([TWO, '9_y.expand.sql', '0010_z.expand.sql']);
    expect(planned).toMatchObject({ applied: 1, problems: [], missing: [] });
  });

  it('lists contract files and never runs them', () => {
    const planned = planMigrations([file(ONE), file('0002_drop.contract.sql'), file(THREE)], [row(ONE)]);
    expect(names(planned.pending)).toEqual([THREE]);
    expect(names(planned.contract)).toEqual(['0002_drop.contract.sql']);
  });

  it('goes on with one that was begun outside a transaction', () => {
    expect(names(planMigrations([file(ONE), file(TWO)], [row(ONE), row(TWO, 'a', false)]).pending)).toEqual([TWO]);
  });

  it('tells of missing files, and goes on when nothing is new', () => {
    expect(planMigrations([file(ONE)], [row(ONE), row(TWO)])).toMatchObject({
      missing: [TWO],
      problems: [],
      pending: [],
    });
  });

  it.each([
    {
      when: 'an applied file was changed',
      files: [file(ONE, 'b'), file(TWO)],
      rows: [row(ONE)],
      says: [ONE, sum('a'), sum('b'), 'changed after it was applied'],
    },
    {
      when: 'a begun file was changed',
      files: [file(ONE, 'b')],
      rows: [row(ONE, 'a', false)],
      says: [ONE, 'begun outside a transaction'],
    },
    {
      when: 'a new file comes before an applied one',
      files: [file(ONE), file(TWO)],
      rows: [row(TWO)],
      says: [ONE, TWO, 'allow out-of-order'],
    },
    {
      when: 'two files have one number',
      files: [file(ONE), file('1_b.expand.sql')],
      rows: [],
      says: ['1_b.expand.sql', ONE, 'a number of its own'],
    },
    {
      when: 'applied files are missing and others are new',
      files: [file(TWO)],
      rows: [row(ONE)],
      says: [ONE, TWO, 'older than the database'],
    },
    { when: 'a file is unusable', files: [file(ONE, 'a', 'commit')], rows: [], says: [ONE, 'transaction control'] },
  ])('refuses when $when', ({ files, rows, says }) => {
    const { problems } = planMigrations(files, rows);
    expect(problems).toHaveLength(1);
    for (const part of says) expect(problems[0]).toContain(part);
  });

  it('lets a file in before an applied one when it says why', () => {
    const late = file(ONE, 'a', '-- mainstay: allow out-of-order: merged late\nselect 1');
    expect(planMigrations([late, file(TWO)], [row(TWO)])).toMatchObject({ problems: [], pending: [{ name: ONE }] });
  });
});

describe('folderDigest', () => {
  it('is the same for the same files in any order, and another for any change', () => {
    const [a, b] = [file(ONE), file(TWO)];
    expect(folderDigest([a, b])).toBe(folderDigest([b, a]));
    for (const other of [[a], [a, file(TWO, 'b')], [a, file(THREE)]])
      expect(folderDigest(other)).not.toBe(folderDigest([a, b]));
  });
});

it('reads what sha256sum writes', () => {
  const text = `# reviewed by the platform team\n${sum('a')}  ${ONE}\n${sum('b')} *./${TWO}\nabc  short.sql\n`;
  expect(readChecksums(text)).toEqual([
    { name: ONE, checksum: sum('a') },
    { name: TWO, checksum: sum('b') },
  ]);
});
