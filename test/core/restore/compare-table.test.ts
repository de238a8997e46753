import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableDigest } from '../../../src/core/model/restore.ts';
import {
  compareTable,
  needsOldRows,
  type TableContext,
  type TableSeen,
} from '../../../src/core/restore/compare-table.ts';

const WRITING: TableContext = { physical: true, quiet: false, comparable: true };
const QUIET: TableContext = { ...WRITING, quiet: true };
const LOADED: TableContext = { ...WRITING, physical: false };

const open: TableDigest = { schema: 'public', table: 'orders', rows: 100, digest: '7', closed: false, sampled: 1 };
const closed: TableDigest = { ...open, closed: true };
const ranged: TableDigest = { ...closed, where: 'id < 50', rangeRows: 49, digest: '3', wholeDigest: '7' };
const seenOf = (rows: number, digest: string): TableSeen => ({ rows, hashed: { rows, digest } });
const rangedSeen = (inRange: readonly [number, string], all: readonly [number, string]): TableSeen => ({
  rows: all[0],
  hashed: { rows: inRange[0], digest: inRange[1] },
  whole: { rows: all[0], digest: all[1] },
});
const old = (rows: number, digest: string) => ({ old: { rows, digest } });

interface Row {
  readonly when: string;
  readonly expected: TableDigest;
  readonly seen: TableSeen;
  readonly context: TableContext;
  readonly counts: string;
  readonly digest: string;
}

const ROWS: readonly Row[] = [
  { when: 'all is equal', expected: open, seen: seenOf(100, '7'), context: WRITING, counts: 'pass', digest: 'pass' },
  {
    when: 'a closed table has another value',
    expected: closed,
    seen: seenOf(100, '8'),
    context: WRITING,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'a closed table lost a row',
    expected: closed,
    seen: seenOf(99, '6'),
    context: WRITING,
    counts: 'fail',
    digest: 'fail',
  },
  {
    when: 'a closed table has a row more',
    expected: closed,
    seen: seenOf(101, '9'),
    context: WRITING,
    counts: 'fail',
    digest: 'fail',
  },
  {
    when: 'a closed table lost a row where losses are allowed',
    expected: closed,
    seen: seenOf(99, '6'),
    context: { ...WRITING, allowedLoss: 5 },
    counts: 'fail',
    digest: 'fail',
  },
  {
    when: 'a closed range is equal and the rest was written to',
    expected: ranged,
    seen: { ...rangedSeen([49, '3'], [120, '9']), ...old(100, '7') },
    context: WRITING,
    counts: 'pass',
    digest: 'pass',
  },
  {
    when: 'a closed range has another value',
    expected: ranged,
    seen: rangedSeen([49, '4'], [100, '8']),
    context: WRITING,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'a closed range lost rows and newer ones hide it',
    expected: ranged,
    seen: rangedSeen([40, '2'], [100, '8']),
    context: WRITING,
    counts: 'fail',
    digest: 'fail',
  },
  {
    when: 'the closed range is equal and an open row outside has another value',
    expected: ranged,
    seen: { ...rangedSeen([49, '3'], [100, '8']), ...old(100, '8') },
    context: WRITING,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'a quiet source and another value',
    expected: open,
    seen: seenOf(100, '8'),
    context: QUIET,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'a quiet source and a row less',
    expected: open,
    seen: seenOf(99, '6'),
    context: QUIET,
    counts: 'fail',
    digest: 'fail',
  },
  {
    when: 'a quiet source and a row less where losses are allowed',
    expected: open,
    seen: seenOf(99, '6'),
    context: { ...QUIET, allowedLoss: 5 },
    counts: 'fail',
    digest: 'fail',
  },
  {
    when: 'all old rows are there and another value',
    expected: open,
    seen: { ...seenOf(100, '8'), ...old(100, '8') },
    context: WRITING,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'rows were added, the old ones are equal',
    expected: open,
    seen: { ...seenOf(130, '9'), ...old(100, '7') },
    context: WRITING,
    counts: 'pass',
    digest: 'pass',
  },
  {
    when: 'rows were added, an old one has another value',
    expected: open,
    seen: { ...seenOf(130, '9'), ...old(100, '6') },
    context: WRITING,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'old rows came from nowhere',
    expected: open,
    seen: { ...seenOf(130, '9'), ...old(101, '8') },
    context: WRITING,
    counts: 'fail',
    digest: 'fail',
  },
  {
    when: 'rows were updated',
    expected: open,
    seen: { ...seenOf(100, '9'), ...old(90, '5') },
    context: WRITING,
    counts: 'pass',
    digest: 'unproven',
  },
  {
    when: 'rows are gone and nobody said how many may be',
    expected: open,
    seen: { ...seenOf(95, '5'), ...old(95, '5') },
    context: WRITING,
    counts: 'unproven',
    digest: 'unproven',
  },
  {
    when: 'fewer rows are gone than may be',
    expected: open,
    seen: { ...seenOf(95, '5'), ...old(95, '5') },
    context: { ...WRITING, allowedLoss: 5 },
    counts: 'pass',
    digest: 'unproven',
  },
  {
    when: 'more rows are gone than may be',
    expected: open,
    seen: { ...seenOf(94, '5'), ...old(94, '5') },
    context: { ...WRITING, allowedLoss: 5 },
    counts: 'fail',
    digest: 'unproven',
  },
  {
    when: 'no row may be missing and one is',
    expected: open,
    seen: { ...seenOf(99, '5'), ...old(99, '5') },
    context: { ...WRITING, allowedLoss: 0 },
    counts: 'fail',
    digest: 'unproven',
  },
  {
    when: 'a loaded copy has another value',
    expected: open,
    seen: seenOf(100, '8'),
    context: LOADED,
    counts: 'pass',
    digest: 'unproven',
  },
  {
    when: 'a loaded copy of a closed table has another value',
    expected: closed,
    seen: seenOf(100, '8'),
    context: LOADED,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'hashes of two majors differ',
    expected: closed,
    seen: seenOf(100, '8'),
    context: { ...LOADED, comparable: false },
    counts: 'pass',
    digest: 'couldNotVerify',
  },
  {
    when: 'hashes of two majors are equal',
    expected: closed,
    seen: seenOf(100, '7'),
    context: { ...LOADED, comparable: false },
    counts: 'pass',
    digest: 'pass',
  },
  {
    when: 'the manifest has no digest',
    expected: { ...open, digest: null, note: 'no right' },
    seen: seenOf(100, '8'),
    context: WRITING,
    counts: 'couldNotVerify',
    digest: 'couldNotVerify',
  },
  {
    when: 'a sample of a closed table differs',
    expected: { ...closed, sampled: 0.1, rangeRows: 10 },
    seen: { rows: 100, hashed: { rows: 10, digest: '8' } },
    context: WRITING,
    counts: 'pass',
    digest: 'fail',
  },
  {
    when: 'a sample of a loaded copy differs',
    expected: { ...closed, sampled: 0.1, rangeRows: 10 },
    seen: { rows: 100, hashed: { rows: 10, digest: '8' } },
    context: LOADED,
    counts: 'pass',
    digest: 'unproven',
  },
];

describe('compareTable', () => {
  it.each(ROWS)('counts $counts, digest $digest when $when', ({ expected, seen, context, counts, digest }) => {
    const found = compareTable(expected, seen, context);
    expect({ counts: found.counts.state, digest: found.digest.state }).toEqual({ counts, digest });
  });

  it('names the numbers it compares', () => {
    expect(compareTable(closed, seenOf(1099, '6'), WRITING).counts.says).toBe(
      'the manifest has 100 rows, the copy 1,099: these rows never change',
    );
  });

  // Whatever was written in between: a source that only inserts and deletes never fails.
  it('never fails a healthy copy of a source that writes', () => {
    const row = fc.record({ id: fc.nat(1000), fate: fc.constantFrom('kept', 'deleted', 'updated') });
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 30 }), fc.nat(20), (rows, added) => {
        const sum = (ids: readonly number[]) => String(ids.reduce((total, id) => total + id * 7919, 0));
        const kept = rows.filter(({ fate }) => fate === 'kept').map(({ id }) => id);
        const newer = rows.filter(({ fate }) => fate === 'updated').map(({ id }) => id + 5000);
        const inserted = Array.from({ length: added }, (_, index) => 10_000 + index);
        const now = [...kept, ...newer, ...inserted];
        const expected = { ...open, rows: rows.length, digest: sum(rows.map(({ id }) => id)) };
        const seen = { ...seenOf(now.length, sum(now)), ...old(kept.length, sum(kept)) };
        const found = compareTable(expected, seen, WRITING);
        expect(['pass', 'unproven']).toContain(found.digest.state);
        expect(['pass', 'unproven']).toContain(found.counts.state);
      }),
    );
  });

  it.each([
    { when: 'open and different', expected: open, seen: seenOf(100, '8'), context: WRITING, needs: true },
    { when: 'open and equal', expected: open, seen: seenOf(100, '7'), context: WRITING, needs: false },
    { when: 'closed', expected: closed, seen: seenOf(100, '8'), context: WRITING, needs: false },
    { when: 'quiet', expected: open, seen: seenOf(100, '8'), context: QUIET, needs: false },
    { when: 'loaded', expected: open, seen: seenOf(100, '8'), context: LOADED, needs: false },
    {
      when: 'open outside its range',
      expected: ranged,
      seen: rangedSeen([49, '3'], [101, '9']),
      context: WRITING,
      needs: true,
    },
  ])('asks for the old rows: $needs when $when', ({ expected, seen, context, needs }) => {
    expect(needsOldRows(expected, seen, context)).toBe(needs);
  });
});
