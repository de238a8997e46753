import { describe, expect, it } from 'vitest';
import { holdingText } from '../../../src/core/analysis/assess-watch.ts';
import type { WatchState } from '../../../src/core/analysis/watch-state.ts';
import type { MetricReading } from '../../../src/core/analysis/reading.ts';
import type { Standing } from '../../../src/core/model/observe.ts';
import {
  arm,
  counted,
  errorRatio,
  gauge,
  instance,
  MINUTE,
  observeInput,
  SECOND,
  selector,
  silent,
  STANDING,
} from './fixtures.ts';
import { endOf, flowing, play, START } from './play-watch.ts';

const INPUT = observeInput([errorRatio()]);

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
  it.each([
    { metrics: [errorRatio({}, { dryRun: true })], when: 'all are dry runs' },
    { metrics: [], when: 'there is none' },
  ])('ends at the deadline when no metric decides: $when', ({ metrics }) => {
    const input = observeInput(metrics);
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
