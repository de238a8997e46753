import { describe, expect, it } from 'vitest';
import { holdingText, remainingMs } from '../../../src/core/analysis/assess-watch.ts';
import { afterLook, nextAction } from '../../../src/core/analysis/step-watch.ts';
import { beginWatch, cursorFrom, type WatchState } from '../../../src/core/analysis/watch-state.ts';
import type { MetricReading } from '../../../src/core/analysis/reading.ts';
import {
  arm,
  counted,
  deployPlan,
  errorRatio,
  gauge,
  histogram,
  instance,
  latency,
  MINUTE,
  observeInput,
  SECOND,
  selector,
} from './fixtures.ts';
import { endOf, flowing, lookAt, play, START } from './play-watch.ts';

const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];
const INPUT = observeInput([errorRatio()]);

describe('a step', () => {
  it('passes on its time when its samples passed', () => {
    const states = play(INPUT, {}, 20 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 10 * MINUTE });
    expect(states.at(-1)?.slots).toHaveLength(61);
    expect(states.at(-1)?.totals).toEqual({ nC: 60_000, eC: 0, nS: 540_000, eS: 0 });
  });
  it('ends at once with a verdict when the canary is bad', () => {
    // Samples at 30, 60, 90 and 120 s: the fourth failure is above the limit of three.
    expect(endOf(play(INPUT, { metrics: flowing(100, 0.1) }, 20 * MINUTE))).toEqual({
      ended: 'verdict',
      after: 120 * SECOND,
    });
  });
  it('is judged on its last samples after it has what it needs', () => {
    const turning = flowing(100, (since) => (since < 8 * MINUTE ? 0 : (0.2 * (since - 8 * MINUTE)) / since));
    expect(endOf(play(INPUT, { metrics: turning }, 20 * MINUTE))).toEqual({ ended: 'verdict', after: 10 * MINUTE });
  });
  it('ends by its own time when that is not a multiple of the looks', () => {
    const input = observeInput([errorRatio({ count: 2, failureLimit: 0 })], { remainingMs: 64_500 });
    expect(endOf(play(input, {}, MINUTE * 5))).toEqual({ ended: 'timeOver', after: 64_500 });
  });
  it('takes samples when they are due, also between looks', () => {
    const input = observeInput([errorRatio({ intervalMs: 7 * SECOND })]);
    const samples = play(input, {}, MINUTE).at(-1)?.metrics['error ratio']?.samples ?? [];
    expect(samples.map((sample) => (sample.atMs - START) / SECOND)).toEqual([7, 14, 21, 28, 35, 42, 49, 56]);
  });
  it('goes on watching when its time is over and samples are missing, and says so', () => {
    const input = observeInput([errorRatio({ count: 25 })]);
    const states = play(input, {}, 30 * MINUTE);
    const over = states.find((state) => remainingMs(state) === 0) as WatchState;
    expect(holdingText(input, over)).toBe('time is over, samples are missing: error ratio 20 of 25 samples');
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 12.5 * MINUTE });
  });
  it('shows dry runs and never decides by them', () => {
    const input = observeInput([
      errorRatio(),
      errorRatio({}, { name: 'trial', dryRun: true, judge: errorRatio({ fail: { op: '>=', limit: 0 } }).judge }),
    ]);
    expect(endOf(play(input, {}, 20 * MINUTE)).ended).toBe('timeOver');
  });
  it('gives no sample to the judge before the warm-up is over, but records slots', () => {
    const input = observeInput([errorRatio({ warmUpMs: 2 * MINUTE })]);
    const burst = flowing(100, (since) => (since < MINUTE ? 0.5 : (0.5 * MINUTE) / since));
    const states = play(input, { metrics: burst }, 3 * MINUTE);
    const samples = states.at(-1)?.metrics['error ratio']?.samples ?? [];
    expect(samples.map((one) => [one.atMs - START, one.outcome])).toEqual([
      [150 * SECOND, 'pass'],
      [180 * SECOND, 'pass'],
    ]);
    expect(states.at(-1)?.totals.eC).toBeGreaterThan(2_900);
  });
});

describe('a hold', () => {
  const hold = observeInput([errorRatio()], { mode: 'hold' });
  it('never ends by time, and still catches a bad canary', () => {
    expect(endOf(play(hold, {}, 60 * MINUTE)).ended).toBeUndefined();
    expect(endOf(play(hold, { metrics: flowing(100, 0.2) }, 60 * MINUTE))).toEqual({
      ended: 'verdict',
      after: 120 * SECOND,
    });
  });
  it('keeps its state small over hours of looks', () => {
    const several = observeInput([errorRatio(), latency(), errorRatio({}, { name: 'second' })], { mode: 'hold' });
    const buckets = (since: number) => Object.fromEntries(BOUNDS.map((bound) => [bound, Math.round(since / 10)]));
    const pods = (since: number) =>
      arm(...Array.from({ length: 5 }, (_, at) => instance(`pod crm-api-${at}`, histogram(buckets(since)))));
    const read = (since: number, metric: string) =>
      metric === 'p99' ? { stable: pods(since), canary: pods(since) } : flowing(100, 0)(since);
    const day = play(several, { metrics: read }, 75 * MINUTE).at(-1);
    expect(JSON.stringify(day).length).toBeLessThan(100_000);
    expect(day?.metrics['error ratio']?.samples).toHaveLength(60);
  });
});

describe('a bake', () => {
  const bake = observeInput([errorRatio(), gauge(true)], {
    mode: 'bake',
    arms: { stable: { labelSelector: 'a=b', backend: 'crm-api' } },
  });
  const serving =
    (share: number) =>
    (since: number): MetricReading => ({
      stable: counted([100 * (since / SECOND), Math.round(100 * (since / SECOND) * share)], [0, 0]).stable,
    });
  it('judges the stable arm, where the new version serves, and compares nothing', () => {
    expect(endOf(play(bake, { metrics: serving(0) }, 30 * MINUTE))).toEqual({ ended: 'timeOver', after: 10 * MINUTE });
    expect(endOf(play(bake, { metrics: serving(0.2) }, 30 * MINUTE))).toEqual({
      ended: 'verdict',
      after: 120 * SECOND,
    });
  });
  it('judges the stable arm also while a canary still stands beside it', () => {
    const both = observeInput([errorRatio()], { mode: 'bake' });
    expect(endOf(play(both, { metrics: flowing(100, 0.5) }, 30 * MINUTE))).toEqual({
      ended: 'timeOver',
      after: 10 * MINUTE,
    });
  });
  it('records slots in which the canary has no requests', () => {
    expect(
      play(bake, { metrics: serving(0) }, MINUTE)
        .at(-1)
        ?.slots.at(-1),
    ).toMatchObject({ nC: 0, eC: 0, nS: 1_000, eS: 0 });
  });
});

describe('a gap', () => {
  it('after a worker death becomes one long slot, and no request is lost', () => {
    const before = play(INPUT, {}, 60 * SECOND).at(-1) as WatchState;
    const resumed = JSON.parse(JSON.stringify(before)) as WatchState;
    const after = afterLook(INPUT, resumed, lookAt(INPUT, {}, START + 85 * SECOND));
    expect(after.slots.at(-1)).toMatchObject({ nC: 2_500, nS: 22_500 });
    expect(after.servedMs).toBe(85 * SECOND);
  });
  it('of hours does not pass a step unwatched', () => {
    const before = play(INPUT, {}, 60 * SECOND).at(-1) as WatchState;
    const after = afterLook(INPUT, before, lookAt(INPUT, {}, START + 180 * MINUTE));
    expect(after.servedMs).toBe(90 * SECOND);
    expect(after.ended).toBeUndefined();
  });
  it('between two watches is counted by the cursor', () => {
    const first = play(INPUT, {}, 30 * MINUTE).at(-1) as WatchState;
    const next = observeInput([errorRatio()], { step: 1, cursor: JSON.parse(JSON.stringify(cursorFrom(first))) });
    const begun = beginWatch(next, START + 11 * MINUTE);
    const look = afterLook(next, begun, lookAt(next, {}, START + 11 * MINUTE));
    expect(look.slots).toMatchObject([{ step: 1, nC: 6_000, nS: 54_000 }]);
    expect(begun.releaseStartedAtMs).toBe(START);
  });
  it('without a cursor a stable pod begins at 0, a canary pod counts in full', () => {
    const begun = beginWatch(INPUT, START);
    const look = afterLook(INPUT, begun, { ...lookAt(INPUT, {}, START + SECOND), atMs: START });
    expect(look.slots).toMatchObject([{ nC: 100, nS: 0 }]);
  });
  it('a clock that steps back serves no time', () => {
    const before = play(INPUT, {}, 60 * SECOND).at(-1) as WatchState;
    expect(afterLook(INPUT, before, lookAt(INPUT, {}, START + 30 * SECOND)).servedMs).toBe(60 * SECOND);
  });
});

describe('an ambiguous metric', () => {
  it('is refused at once', () => {
    const input = observeInput([gauge(false)]);
    const two = (): MetricReading => ({ canary: arm(instance('pod c', selector({ a: 1, b: 1 }))) });
    const state = play(input, { metrics: two }, MINUTE).at(-1) as WatchState;
    expect(nextAction(input, state, START)).toMatchObject({ action: 'refuse' });
  });
});

describe('short intervals of a demonstration', () => {
  it('pass a step of 10 s', () => {
    const metrics = [errorRatio({ intervalMs: 2 * SECOND, count: 4, failureLimit: 1 })];
    const input = observeInput(metrics, {
      plan: deployPlan(metrics, {
        steps: [{ index: 0, weightPercent: 10, durationMs: 10 * SECOND, approval: false }],
        intervals: {
          lookMs: SECOND,
          observerHeartbeatMs: 3 * SECOND,
          mutatorHeartbeatMs: SECOND,
          ownershipQuestionMs: MINUTE,
        },
      }),
    });
    expect(endOf(play(input, {}, MINUTE))).toEqual({ ended: 'timeOver', after: 10 * SECOND });
  });
});
