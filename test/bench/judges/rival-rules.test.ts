/** Rows of the tools' own documentation, as the reference of delivery lists them. */
import { describe, expect, it } from 'vitest';
import { argoMinute, badMinutes, flaggerMinute, settingOf } from '../../../bench/judges/rules/minutes.ts';
import {
  ARGO_LIMITS,
  argoMeasurement,
  argoPhase,
  flaggerCheck,
  kayentaScore,
  valueAt,
  type Condition,
  type Outcome,
} from '../../../bench/judges/rules/no-data.ts';
import { differenceInterval, judgeRise } from '../../../bench/judges/rules/rank-test.ts';
import { hourAt, Stream } from '../../../bench/judges/streams/stream.ts';

const atLeast: Condition = (result) => valueAt(result, 0) >= 0.9;
const below: Condition = (result) => valueAt(result, 0) < 0.9;
const always = (answer: boolean) => (): boolean => answer;

describe('one measurement of Argo Rollouts', () => {
  it.each<{ row: string; given: number[]; success?: Condition; failure?: Condition; is: Outcome }>([
    { row: 'E1', given: [1], is: 'successful' },
    { row: 'E2', given: [1], success: always(true), is: 'successful' },
    { row: 'E2', given: [1], success: always(false), is: 'failed' },
    { row: 'E3', given: [1], failure: always(true), is: 'failed' },
    { row: 'E3', given: [1], failure: always(false), is: 'successful' },
    { row: 'E4', given: [1], success: always(true), failure: always(true), is: 'failed' },
    { row: 'E5', given: [1], success: always(true), failure: always(false), is: 'successful' },
    { row: 'E6', given: [1], success: always(false), failure: always(false), is: 'inconclusive' },
    { row: 'E8', given: [Number.NaN], success: atLeast, failure: below, is: 'inconclusive' },
    { row: 'E10', given: [Number.NaN], success: atLeast, is: 'failed' },
    { row: 'E14', given: [], success: atLeast, is: 'error' },
    { row: 'E14 and a failure', given: [], success: atLeast, failure: always(true), is: 'error' },
    { row: 'E15', given: [], success: (result) => result.every((value) => value >= 0.9), is: 'successful' },
  ])('$row: $is', ({ given, success, failure, is }) => {
    expect(argoMeasurement(given, success, failure)).toBe(is);
  });
});

describe('a metric of Argo Rollouts', () => {
  const times = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);
  it.each([
    { row: '1', outcomes: [], is: 'pending', ended: 'successful' },
    { row: '3', outcomes: times(3, 'failed'), limits: { failureLimit: 2, count: 0 }, is: 'failed', ended: 'failed' },
    {
      row: '4',
      outcomes: times(3, 'failed'),
      limits: { failureLimit: 3, count: 0 },
      is: 'running',
      ended: 'successful',
    },
    { row: '7', outcomes: times(5, 'error'), is: 'error', ended: 'error' },
    { row: '8', outcomes: times(4, 'error'), is: 'running', ended: 'successful' },
    { row: '9', outcomes: times(10, 'successful'), is: 'successful', ended: 'successful' },
    {
      row: '10',
      outcomes: [...times(5, 'successful'), ...times(5, 'inconclusive')],
      is: 'inconclusive',
      ended: 'inconclusive',
    },
  ])('row $row: $is, ended $ended', ({ outcomes, limits, is, ended }) => {
    const all = { ...ARGO_LIMITS, ...limits };
    expect([argoPhase(outcomes, all, false), argoPhase(outcomes, all, true)]).toEqual([is, ended]);
  });
});

describe('rules that look once a minute', () => {
  /** One hour of 600 canary requests a minute, with these errors in its first minutes. */
  function hour(errors: readonly number[]): Stream {
    const stream = new Stream({ rps: 100, base: 0, canary: 0, steps: hourAt(0.1), bursts: { kind: 'none' } });
    stream.nC.fill(100);
    for (const [minute, count] of errors.entries()) stream.eC[minute * 6] = count;
    return stream;
  }
  const onePercent = (limit: number) => settingOf(0.01, limit);

  it('fail at the failure after so many, above the limit, not at it', () => {
    const bad = badMinutes(hour([6, 7, 0, 7, 7, 7]));
    expect([0, 1, 3, 4].map((limit) => argoMinute(bad, onePercent(limit)))).toEqual([2, 4, 6, 0]);
  });

  it('roll back on the tick after (F7), unless the hour is over', () => {
    const tenth = badMinutes(hour(Array.from({ length: 10 }, () => 60)));
    expect(flaggerMinute(tenth, onePercent(9), 60)).toBe(11);
    const last = badMinutes(hour(Array.from({ length: 60 }, (_, minute) => (minute < 50 ? 0 : 60))));
    expect(flaggerMinute(last, onePercent(9), 60)).toBe(0);
  });

  it('take a minute without requests for no failure', () => {
    const stream = hour([60, 60]);
    stream.nC.fill(0, 0, 6);
    expect(argoMinute(badMinutes(stream), onePercent(0))).toBe(2);
  });
});

describe('Flagger without data (F11) and at its limit (F10)', () => {
  it.each([
    [[], false],
    [[Number.NaN], false],
    [[0.01], true],
    [[0.011], false],
  ] as const)('%j passes: %s', (given, passes) => {
    expect(flaggerCheck(given, 0.01)).toBe(passes);
  });
});

describe('Kayenta', () => {
  it('has the interval of row K14c', () => {
    const x = Float64Array.from([10, 20, 30, 40]);
    const found = differenceInterval(x, Float64Array.from([1, 2, 3, 4]), 0.95);
    expect([found.low, found.high, found.estimate].map((value) => Number(value.toFixed(3)))).toEqual([6, 39, 22.5]);
  });

  it.each([
    { row: 'K15', canary: [20, 22, 21, 25, 30], baseline: [1, 2.2, 1.1, 2.5, 3], is: 'high' },
    { row: 'K16', canary: [1, 2, 3, 4, 5], baseline: [1, 2, 3, 4, 5], is: 'pass' },
    { row: 'K18', canary: [10, 10, 10, 10, 10], baseline: [1, 1, 1, 1, 1], is: 'high' },
    { row: 'K19', canary: [10, 10, 10, 10, 10], baseline: [0, 0, 0, 0, 0], is: 'high' },
    { row: 'K20', canary: [1, 1, 1, 1, 10], baseline: [1, 1, 1, 1, 1], is: 'pass' },
    { row: 'no points', canary: [], baseline: [1], is: 'nodata' },
  ])('$row: $is', ({ canary, baseline, is }) => {
    expect(judgeRise(canary, baseline)).toBe(is);
  });

  it.each([
    [10, 8],
    [20, 14],
    [30, 20],
    [50, 23],
    [60, 27],
    [100, 41],
  ])('misses fewer than so many bad minutes: of %d, %d', (points, least) => {
    const canary = (bad: number) => Array.from({ length: points }, (_, at) => (at < bad ? 100 : 1));
    const baseline = Array.from({ length: points }, () => 1);
    expect([judgeRise(canary(least - 1), baseline), judgeRise(canary(least), baseline)]).toEqual(['pass', 'high']);
  });

  it.each([
    { row: 'K1', groups: [['pass']], is: 100 },
    { row: 'K2', groups: [['high']], is: 0 },
    { row: 'K3', groups: [['nodata']], is: 0 },
    { row: 'K4', groups: [['pass', 'pass'], ['nodata']], is: 100 },
    { row: 'K5', groups: [['pass', 'high']], is: 50 },
    { row: 'K8', groups: [['pass', 'high'], ['high']], is: 25 },
    { row: 'K9', groups: [['pass', 'nodata'], ['high']], is: 50 },
  ] as const)('$row: score $is', ({ groups, is }) => {
    expect(kayentaScore(groups)).toBe(is);
  });
});
