import { describe, expect, it } from 'vitest';
import { afterLook, holdingText, nextAction, remainingMs, type Look } from '../../../src/core/analysis/step-watch.ts';
import { beginWatch, cursorFrom, type WatchState } from '../../../src/core/analysis/watch-state.ts';
import type { MetricReading } from '../../../src/core/analysis/reading.ts';
import type { ObserveStepInput, Standing } from '../../../src/core/model/observe.ts';
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
  silent,
  STANDING,
} from './fixtures.ts';

/** What the world shows at a time since the start of the watch. */
interface World {
  readonly metrics?: (sinceMs: number, metric: string) => MetricReading;
  readonly standing?: (sinceMs: number) => Standing;
}
const START = 1_000_000;
const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];

/** Plays a watch against a world by its own schedule, without any waiting; gives every state. */
function play(
  input: ObserveStepInput,
  world: World,
  untilMs: number,
  from: WatchState = beginWatch(input, START),
): WatchState[] {
  const states = [from];
  let state = from;
  for (let nowMs = state.lastLookAtMs ?? state.startedAtMs; nowMs <= START + untilMs; ) {
    const next = nextAction(input, state, nowMs);
    if (next.action === 'end' || next.action === 'refuse') break;
    if (next.action === 'sleep') {
      expect(next.untilMs).toBeGreaterThan(nowMs);
      nowMs = next.untilMs;
      continue;
    }
    state = afterLook(input, state, lookAt(input, world, nowMs));
    states.push(state);
  }
  return states;
}

function lookAt(input: ObserveStepInput, world: World, atMs: number): Look {
  const read = world.metrics ?? flowing(100, 0);
  const metrics = Object.fromEntries(
    input.plan.analysis.metrics.map((metric) => [metric.name, read(atMs - START, metric.name)]),
  );
  return { atMs, metrics, standing: (world.standing ?? (() => STANDING))(atMs - START) };
}

/** Canary requests per second, and the share of them that fail; stable has nine times as many, none fails. */
function flowing(rps: number, errorShare: number | ((sinceMs: number) => number)): (sinceMs: number) => MetricReading {
  return (sinceMs) => {
    const seconds = sinceMs / SECOND;
    const share = typeof errorShare === 'number' ? errorShare : errorShare(sinceMs);
    return counted([9 * rps * seconds, 0], [rps * seconds, Math.round(rps * seconds * share)]);
  };
}
const endOf = (states: readonly WatchState[]) => {
  const last = states.at(-1) as WatchState;
  return { ended: last.ended, after: (last.lastLookAtMs ?? 0) - START };
};
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

describe('missing data', () => {
  const silence = (from: number, to: number, reading: () => MetricReading) => (since: number) =>
    since >= from && since < to ? reading() : flowing(100, 0)(since);
  const noMetrics = () => ({
    ...counted([0, 0], [0, 0]),
    canary: { listed: ['pod c'], answered: [], failed: [], without: ['pod c'] },
  });
  const refused = () => ({ ...counted([0, 0], [0, 0]), canary: silent('connection refused') });

  it('from the beginning ends at the deadline, never by time', () => {
    const states = play(INPUT, { metrics: noMetrics }, 30 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'noDataDeadline', after: 5 * MINUTE });
    expect(states.every((state) => state.ended !== 'timeOver')).toBe(true);
  });
  it('holds, says what is missing and for how long, and stops the clock', () => {
    const states = play(INPUT, { metrics: silence(2 * MINUTE, 4 * MINUTE, noMetrics) }, 20 * MINUTE);
    const held = states.find((state) => state.lastLookAtMs === START + 3 * MINUTE) as WatchState;
    expect(holdingText(INPUT, held)).toBe('error ratio: no data: no metrics: pod c answers 404; 90 s of at most 5 min');
    // Held from the sample at 120 s to the one at 240 s.
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 12 * MINUTE });
  });
  it('after a pass holds the end of the step until data are back', () => {
    const input = observeInput([errorRatio({ count: 5 })]);
    const states = play(input, { metrics: silence(9 * MINUTE, 12 * MINUTE, noMetrics) }, 30 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 13 * MINUTE });
  });
  it('of one of two metrics holds both', () => {
    const input = observeInput([errorRatio(), gauge(false)]);
    const half = (since: number, metric: string) => (metric === 'error ratio' ? flowing(100, 0)(since) : noMetrics());
    expect(endOf(play(input, { metrics: half }, 30 * MINUTE))).toEqual({ ended: 'noDataDeadline', after: 5 * MINUTE });
  });
  it('requests that never reach the minimum are no pass', () => {
    const input = observeInput([errorRatio({ minRequests: 1_000_000 })]);
    expect(endOf(play(input, {}, 30 * MINUTE))).toEqual({ ended: 'noDataDeadline', after: 5 * MINUTE });
  });
  it('a little traffic reaches the minimum over several intervals', () => {
    const input = observeInput([errorRatio({ minRequests: 100, count: 4, failureLimit: 0 })]);
    const states = play(input, { metrics: flowing(1, 0) }, 60 * MINUTE);
    expect(endOf(states).ended).toBe('timeOver');
    const values = states.at(-1)?.metrics['error ratio']?.samples.filter((sample) => sample.outcome === 'pass') ?? [];
    expect(values.every((sample) => sample.requests === 120)).toBe(true);
  });
  it('errors have their own budget: the fifth in a row ends the step', () => {
    const states = play(INPUT, { metrics: silence(2 * MINUTE, 60 * MINUTE, refused) }, 60 * MINUTE);
    // Sample at 120 s fails, then again every 10 s.
    expect(endOf(states)).toEqual({ ended: 'verdict', after: 160 * SECOND });
  });
  it('four errors in a row are survived', () => {
    const states = play(INPUT, { metrics: silence(2 * MINUTE, 155 * SECOND, refused) }, 60 * MINUTE);
    expect(endOf(states).ended).toBe('timeOver');
  });
  it('with no metric that decides ends at the deadline', () => {
    const input = observeInput([errorRatio({}, { dryRun: true })]);
    expect(endOf(play(input, {}, 30 * MINUTE))).toEqual({ ended: 'noDataDeadline', after: 5 * MINUTE });
  });
  it('NaN is missing in the slot and no-data in the sample', () => {
    const nan = (): MetricReading => ({
      ...counted([10, 0], [0, 0]),
      canary: arm(instance('pod c', selector({ a: Number.NaN }), selector({}))),
    });
    const states = play(INPUT, { metrics: nan }, MINUTE);
    expect(states.at(-1)?.slots.every((slot) => slot.nC === null && slot.nS !== null)).toBe(true);
    expect(states.at(-1)?.metrics['error ratio']?.samples.every((sample) => sample.outcome === 'no-data')).toBe(true);
  });
});

describe('a foreign change', () => {
  const changed: Standing = { ...STANDING, stable: { seen: 'present', image: 'crm:hotfix' } };
  const unreadable: Standing = { ...STANDING, stable: { seen: 'unknown', problem: 'HTTP 500' } };
  const during = (from: number, to: number, standing: Standing) => (since: number) =>
    since >= from && since < to ? standing : STANDING;

  it('that stands ends the watch at its deadline', () => {
    const states = play(INPUT, { standing: during(MINUTE, Infinity, changed) }, 60 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'foreignChange', after: 11 * MINUTE });
  });
  it('that goes away held the clock, and no more', () => {
    const states = play(INPUT, { standing: during(MINUTE, 3 * MINUTE, changed) }, 60 * MINUTE);
    const held = states.find((state) => state.lastLookAtMs === START + 2 * MINUTE) as WatchState;
    expect(holdingText(INPUT, held)).toBe(
      'foreign change: Deployment crm/crm-api image: expected crm@sha256:old, observed crm:hotfix; stands 60 s of at most 10 min',
    );
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 12 * MINUTE });
  });
  it('still lets a bad canary end the watch', () => {
    const world = { standing: during(0, Infinity, changed), metrics: flowing(100, 0.5) };
    expect(endOf(play(INPUT, world, 60 * MINUTE))).toEqual({ ended: 'verdict', after: 120 * SECOND });
  });
  it('is not gone because it could not be read again', () => {
    const standing = (since: number) => (since < MINUTE ? changed : unreadable);
    expect(endOf(play(INPUT, { standing }, 60 * MINUTE))).toEqual({ ended: 'foreignChange', after: 10 * MINUTE });
  });
  it('is not seen where nothing can be read', () => {
    expect(endOf(play(INPUT, { standing: () => unreadable }, 60 * MINUTE)).ended).toBe('timeOver');
  });
});

describe('a hold', () => {
  const hold = observeInput([errorRatio()], { mode: 'hold' });
  it('never ends by time, and still catches a bad canary', () => {
    expect(endOf(play(hold, {}, 300 * MINUTE)).ended).toBeUndefined();
    expect(endOf(play(hold, { metrics: flowing(100, 0.2) }, 300 * MINUTE))).toEqual({
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
    const day = play(several, { metrics: read }, 5 * 60 * MINUTE).at(-1);
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
      stable: counted([100 * (since / SECOND), Math.round(100 * (since / SECOND) * share)], [0, 0]).stable as never,
    });
  it('judges the stable arm, where the new version serves, and compares nothing', () => {
    expect(endOf(play(bake, { metrics: serving(0) }, 30 * MINUTE))).toEqual({ ended: 'timeOver', after: 10 * MINUTE });
    expect(endOf(play(bake, { metrics: serving(0.2) }, 30 * MINUTE))).toEqual({
      ended: 'verdict',
      after: 120 * SECOND,
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
