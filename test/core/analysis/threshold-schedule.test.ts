import { describe, expect, it } from 'vitest';
import {
  isSampleDue,
  nextOfAll,
  nextSampleAt,
  type SampleSchedule,
} from '../../../src/core/analysis/threshold-schedule.ts';
import { whyNotThreshold } from '../../../src/core/analysis/threshold-refusal.ts';
import { SECOND, threshold } from './fixtures.ts';

const NOW = 1_000 * SECOND;
const ago = (seconds: number) => NOW - seconds * SECOND;
const EVERY_MINUTE = threshold({ intervalMs: 60 * SECOND });
const WARM_20 = threshold({ intervalMs: 60 * SECOND, warmUpMs: 20 * SECOND });
const ONCE = threshold({ intervalMs: 0, count: 1, failureLimit: 0 });

describe('a sample', () => {
  it.each([
    { row: 'T1', when: 'the last is 50 s old, interval 60 s', plan: EVERY_MINUTE, seen: last(50), due: false },
    { row: 'T2', when: 'the last is 61 s old, interval 60 s', plan: EVERY_MINUTE, seen: last(61), due: true },
    { row: 'T3', when: 'nothing has begun', plan: WARM_20, seen: {}, due: false },
    { row: 'T4', when: '10 s of 20 s warm-up are over', plan: WARM_20, seen: { startedAtMs: ago(10) }, due: false },
    { row: 'T5', when: 'the warm-up is over', plan: WARM_20, seen: { startedAtMs: ago(20) }, due: true },
    { row: 'T7', when: 'the last is an error, no interval', plan: ONCE, seen: last(120, 'error'), due: true },
    {
      row: 'T8',
      when: 'the last is an error, interval 5 min',
      plan: threshold({ intervalMs: 300 * SECOND }),
      seen: last(120, 'error'),
      due: true,
    },
    {
      row: 'T8',
      when: 'the last is an error 9 s ago',
      plan: threshold({ intervalMs: 300 * SECOND }),
      seen: last(9, 'error'),
      due: false,
    },
    {
      row: 'T9',
      when: 'one in flight is resumed in 10 s',
      plan: EVERY_MINUTE,
      seen: { startedAtMs: 0, resumeAtMs: NOW + 10 * SECOND },
      due: false,
    },
    {
      row: 'T10',
      when: 'one in flight was to be resumed 10 s ago',
      plan: EVERY_MINUTE,
      seen: { startedAtMs: 0, resumeAtMs: ago(10) },
      due: true,
    },
    { row: '-', when: 'the one sample asked for is there', plan: ONCE, seen: last(900), due: false },
    { row: '-', when: 'the one sample asked for brought no data', plan: ONCE, seen: last(10, 'no-data'), due: true },
  ] satisfies readonly {
    row: string;
    when: string;
    plan: ReturnType<typeof threshold>;
    seen: SampleSchedule;
    due: boolean;
  }[])('$row: due is $due when $when', ({ plan, seen, due }) => {
    expect(isSampleDue(plan, seen, NOW)).toBe(due);
  });

  it('T6: a warm-up that is no duration is refused before', () => {
    expect(whyNotThreshold(threshold({ warmUpMs: Number.NaN }))).toEqual([
      'warmUpMs must be a duration from 0, is NaN',
    ]);
  });
  it('T11: of two metrics the earliest is next, in 10 s', () => {
    expect(nextOfAll([nextSampleAt(EVERY_MINUTE, last(30)), nextSampleAt(EVERY_MINUTE, last(50))])).toBe(
      NOW + 10 * SECOND,
    );
  });
  it('T12: after a warm-up of 40 s begun 30 s ago the next is in 10 s', () => {
    expect(nextSampleAt(threshold({ warmUpMs: 40 * SECOND }), { startedAtMs: ago(30) })).toBe(NOW + 10 * SECOND);
  });
});

function last(seconds: number, outcome: 'pass' | 'error' | 'no-data' = 'pass'): SampleSchedule {
  return { startedAtMs: 0, last: { atMs: ago(seconds), outcome } };
}
