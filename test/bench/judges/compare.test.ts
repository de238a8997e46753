/** When a figure counts as another one than the page's. */
import { describe, expect, it } from 'vitest';
import { checkMedian, checkSame, checkShare, failingDistance, MARKED } from '../../../bench/judges/compare.ts';
import { parseOutcome } from '../../../bench/judges/measures/delays-page.ts';
import { slowRatio } from '../../../bench/judges/measures/latency.ts';
import { verdictOf, verdictText } from '../../../bench/judges/print.ts';
import { Random } from '../../../bench/judges/streams/random.ts';

describe('a share beside a printed one', () => {
  it.each([
    { count: 8, runs: 4_000, percent: 0.2, isMarked: false },
    { count: 0, runs: 4_000, percent: 0, isMarked: false },
    { count: 5, runs: 4_000, percent: 0, isMarked: false },
    { count: 40, runs: 4_000, percent: 0.2, isMarked: true },
    { count: 0, runs: 4_000, percent: 1.5, isMarked: true },
    { count: 1_000, runs: 1_000, percent: 99.8, isMarked: false },
    { count: 900, runs: 1_000, percent: 100, isMarked: true },
    { count: 1_700, runs: 4_000, percent: 42.1, isMarked: false },
    { count: 2_000, runs: 4_000, percent: 42.1, isMarked: true },
  ])('$count of $runs beside $percent %: marked $isMarked', ({ count, runs, percent, isMarked }) => {
    expect(checkShare('x', { count, runs }, percent, 4_000).errors > MARKED).toBe(isMarked);
  });

  it('is marked by chance about as often as 3 standard errors say', () => {
    const random = new Random(11, 'false alarms');
    const marked = Array.from({ length: 4_000 }, () => {
      const page = Math.round(random.poisson(40) / 4) / 10;
      return checkShare('x', { count: random.poisson(15), runs: 1_500 }, page, 4_000).errors > MARKED;
    });
    expect(marked.filter(Boolean).length).toBeLessThan(0.006 * marked.length);
  });
});

describe('a median beside a printed one', () => {
  const minutes = (middle: number) => Array.from({ length: 1_001 }, (_, at) => middle + (at - 500) / 100);
  it.each([
    { ours: 12.5, page: 12.5, isMarked: false },
    { ours: 12.6, page: 12.5, isMarked: false },
    { ours: 14, page: 12.5, isMarked: true },
    { ours: 33.4, page: 33, isMarked: false },
  ])('$ours beside $page: marked $isMarked', ({ ours, page, isMarked }) => {
    expect(checkMedian('x', minutes(ours), page, 1_000).errors > MARKED).toBe(isMarked);
  });

  it('counts a miss as infinite', () => {
    const missed = minutes(5).map((minute, at) => (at % 3 === 0 ? minute : Number.POSITIVE_INFINITY));
    expect(checkMedian('x', missed, 5, 1_000).errors).toBeGreaterThan(MARKED);
  });
});

it('a run of many checks fails by chance once in 1,000 at most', () => {
  expect(failingDistance(1)).toBeCloseTo(3.29, 2);
  expect(failingDistance(200)).toBeCloseTo(4.56, 2);
  expect(checkSame('x', '98 %', '97 %').errors).toBe(Number.POSITIVE_INFINITY);
});

it('a run fails for a figure that chance does not explain, and for no other', () => {
  const check = (errors: number) => ({ what: 'x', ours: '1', page: '2', errors });
  const section = (checks: readonly number[]) => [{ title: '', notes: [], tables: [], checks: checks.map(check) }];
  const far = verdictOf(section([0, 3.1, 9, Number.POSITIVE_INFINITY]));
  expect([far.marked.length, far.failed.length]).toEqual([3, 2]);
  expect(verdictText(far)).toContain('FAILED x: ours 1, specified 2 (9.0 standard errors)');
  expect(verdictOf(section([0, 2.9, 3.1])).failed).toEqual([]);
});

it('reads figures as the page prints them', () => {
  expect(['78 %, 29', '14.5', '5 %', 'none', '98.6 %, 17.2'].map(parseOutcome)).toEqual([
    { percent: 78, minute: 29 },
    { percent: 100, minute: 14.5 },
    { percent: 5 },
    { percent: 0 },
    { percent: 98.6, minute: 17.2 },
  ]);
  expect(() => parseOutcome('soon')).toThrow('"soon" is no figure of the page');
});

it('slow requests: times 1.5 puts 12.8 % above the time that 5 % exceeded', () => {
  expect(slowRatio(0.95, { kind: 'times', times: 1.5 })).toBeCloseTo(0.1276, 3);
  expect(slowRatio(0.99, { kind: 'pushed' })).toBeCloseTo(0.0298, 4);
});
