import { describe, expect, it } from 'vitest';
import { assessDetection } from '../../../src/core/analysis/detection.ts';
import { assessTally } from '../../../src/core/analysis/assess-tally.ts';
import { planRecord, type ReleaseRecords } from '../../../src/core/analysis/sequential/record.ts';
import { ERROR_DEFAULTS } from '../../../src/core/analysis/sequential/constants.ts';
import { assessWatch, holdingText } from '../../../src/core/analysis/assess-watch.ts';
import { tallyOf } from '../../../src/core/analysis/tally.ts';
import type { WatchState } from '../../../src/core/analysis/watch-state.ts';
import type { ObserveStepInput } from '../../../src/core/model/observe.ts';
import { endingOfWatch } from '../../../src/core/rollout/ending-of-watch.ts';
import { counted, deployPlan, errorRatio, MINUTE, observeInput, SECOND } from './fixtures.ts';
import { endOf, play, START } from './play-watch.ts';

const METRIC = errorRatio({ fail: { op: '>', limit: 0.01 } }, { sequential: { options: ERROR_DEFAULTS } });
const LADDER = [10, 25, 50, 75, 100].map((weightPercent, index) => ({
  index,
  weightPercent,
  durationMs: 10 * MINUTE,
  approval: false,
}));

/** 4 h of a stable arm with 0.2 % errors. */
function recordAt(rps: number): ReleaseRecords {
  const bins = Array.from({ length: 240 }, () => ({ n: 60 * rps, e: 0.12 * rps }));
  return { 'error ratio': planRecord(bins, ERROR_DEFAULTS, '240 min kept') };
}

/** Counters of both arms, `rps` in all, that grow evenly. */
function traffic(rps: number, weight: number, canary: number, stable = 0.002) {
  return (sinceMs: number) => {
    const seconds = sinceMs / SECOND;
    const [nS, nC] = [rps * (1 - weight) * seconds, rps * weight * seconds].map(Math.floor) as [number, number];
    return counted([1_000 + nS, Math.floor(nS * stable)], [nC, Math.floor(nC * canary)]);
  };
}

function inputAt(step: number, records: ReleaseRecords | undefined, wish: Partial<ObserveStepInput> = {}) {
  const base = observeInput([METRIC]);
  const weightPercent = LADDER[step]?.weightPercent ?? 100;
  const plan = { ...base.plan, steps: LADDER, bakeMs: 10 * MINUTE };
  return { ...base, plan, step, weightPercent, ...(records && { records }), ...wish };
}

const last = (states: readonly WatchState[]): WatchState => states.at(-1) as WatchState;

describe('a canary that is compared', () => {
  it('passes its step by time where both arms are the same', () => {
    const input = inputAt(0, recordAt(100));
    const states = play(input, { metrics: traffic(100, 0.1, 0.002) }, 20 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 10 * MINUTE });
    const verdict = assessTally(input.plan, tallyOf(input, last(states), 'timeOver', START), input.records);
    expect(verdict.phase).toBe('passed');
    expect(verdict.metrics[0]?.evidence).toMatchObject({ kind: 'comparison', missing: 0, askedShare: 0.1 });
  });

  it('is rolled back at 100 requests/s where its errors are doubled, long before an absolute limit sees it', () => {
    const input = inputAt(1, recordAt(100));
    const states = play(input, { metrics: traffic(100, 0.25, 0.004) }, 40 * MINUTE);
    const { ended, after } = endOf(states) as { ended: string; after: number };
    expect(ended).toBe('verdict');
    expect(after).toBeLessThan(10 * MINUTE);
    const tally = tallyOf(input, last(states), 'verdict', START);
    const verdict = assessTally(input.plan, tally, input.records);
    expect(verdict.phase).toBe('failed');
    expect(verdict.reason).toMatch(
      /canary 0\.40 % \(\d+\/[\d,]+\) against stable 0\.20 % .* evidence 4\.\d of 4\.6 needed; record 240 min/,
    );
    expect(endingOfWatch(tally, verdict, input.plan)).toMatchObject({
      outcome: 'rolledBack',
      reasonCode: 'AnalysisFailed',
    });
  });

  it('carries its evidence from step to step', () => {
    const first = inputAt(0, recordAt(100));
    const before = last(play(first, { metrics: traffic(100, 0.1, 0.0026) }, 20 * MINUTE));
    const tally = tallyOf(first, before, 'timeOver', START);
    const second = inputAt(1, recordAt(100), { evidence: tally.evidence });
    const after = last(play(second, { metrics: traffic(100, 0.25, 0.0026) }, MINUTE));
    expect(after.metrics['error ratio']?.evidence?.state.release.nC).toBeGreaterThan(
      before.metrics['error ratio']?.evidence?.state.release.nC ?? 0,
    );
  });

  it('holds while both arms break the objective, and says so', () => {
    const input = inputAt(0, recordAt(100));
    const states = play(input, { metrics: traffic(100, 0.1, 0.1, 0.1) }, 15 * MINUTE);
    expect(endOf(states).ended).toBeUndefined();
    expect(holdingText(input, last(states))).toContain('both arms break the objective');
    expect(last(states).held).toBe(true);
  });

  it('takes the safe side after the deadline when data stop', () => {
    const input = inputAt(0, recordAt(100));
    const nothing = { listed: [], answered: [], failed: [], without: [] };
    const metrics = (sinceMs: number) =>
      sinceMs < 3 * MINUTE ? traffic(100, 0.1, 0.002)(sinceMs) : { stable: nothing, canary: nothing };
    const states = play(input, { metrics }, 20 * MINUTE);
    expect(endOf(states)).toMatchObject({ ended: 'noDataDeadline' });
    expect(assessWatch(input, last(states)).phase).toBe('no-data');
  });
});

describe('the gate before 100 %', () => {
  it('opens at 100 requests/s', () => {
    const input = inputAt(3, recordAt(100));
    const states = play(input, { metrics: traffic(100, 0.75, 0.002) }, 20 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 10 * MINUTE });
  });

  it('stays shut at 0.15 requests/s until its deadline, and says what is missing', () => {
    const input = inputAt(3, recordAt(0.15));
    const states = play(input, { metrics: traffic(0.15, 0.75, 0) }, 60 * MINUTE);
    const end = endOf(states) as { ended: string; after: number };
    expect(end.ended).toBe('lowTraffic');
    expect(end.after).toBeGreaterThanOrEqual(40 * MINUTE);
    const tally = tallyOf(input, last(states), 'lowTraffic', START);
    expect(tally.holding).toMatch(
      /not enough evidence .* gate evidence \d\.\d of 2\.3 needed after \d+ canary requests/,
    );
    const verdict = assessTally(input.plan, tally, input.records);
    const ending = (onLowTraffic: 'approval' | 'threshold' | 'rollback') =>
      endingOfWatch(tally, verdict, { ...input.plan, analysis: { ...input.plan.analysis, onLowTraffic } });
    expect(ending('approval')).toBeUndefined();
    expect(ending('threshold')).toBeUndefined();
    expect(ending('rollback')).toMatchObject({ outcome: 'rolledBack', reasonCode: 'LowTraffic' });
  });
});

describe('where the new version serves alone', () => {
  const bake = { mode: 'bake', arms: { stable: observeInput([METRIC]).arms.stable } } as const;

  it('passes the bake with what its predecessor had', () => {
    const input = inputAt(5, recordAt(100), bake);
    const states = play(input, { metrics: traffic(100, 0, 0, 0.002) }, 20 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'timeOver', after: 10 * MINUTE });
  });

  it('is rolled back by three bad windows, and says that nothing was compared', () => {
    const input = inputAt(5, recordAt(100), bake);
    const states = play(input, { metrics: traffic(100, 0, 0, 0.03) }, 20 * MINUTE);
    expect(endOf(states)).toMatchObject({ ended: 'verdict' });
    expect(assessWatch(input, last(states)).reason).toMatch(
      /3 of the last 3 windows of 60 s above 1\.00 %.*no comparison was possible/,
    );
  });
});

describe('without a record', () => {
  it('lets the threshold decide, and says so', () => {
    const input = inputAt(0, { 'error ratio': planRecord([], ERROR_DEFAULTS, 'none') });
    const states = play(input, { metrics: traffic(100, 0.1, 0.05) }, 20 * MINUTE);
    expect(endOf(states)).toEqual({ ended: 'verdict', after: 120 * SECOND });
    expect(assessWatch(input, last(states)).reason).toContain('record too short (0 of 10 min): the threshold decides');
  });
});

describe('before the release', () => {
  const plan = { ...deployPlan([METRIC]), steps: LADDER };
  const bins = (rps: number) => ({
    'error ratio': { bins: Array.from({ length: 240 }, () => ({ n: 60 * rps, e: 0.12 * rps })), from: 'kept' },
  });

  it('says what it can see at 100 requests/s', () => {
    const found = assessDetection(plan, bins(100));
    expect(found?.lowTraffic).toBeUndefined();
    expect(found?.results).toMatchObject([{ name: 'detection', result: 'pass' }]);
    expect(found?.results[0]?.reason).toContain('2 times: half of the time within 12.5 min');
  });

  it('says at 2 requests/s that it cannot decide', () => {
    const found = assessDetection(plan, bins(2));
    expect(found?.lowTraffic).toMatch(/low traffic: about [\d,]+ canary requests are needed, this ladder brings 1,920/);
    expect(found?.results).toMatchObject([{ name: 'detection', result: 'fail' }]);
  });

  it('lets the threshold decide at 2 requests/s where the catalogue wants it', () => {
    const found = assessDetection({ ...plan, analysis: { ...plan.analysis, onLowTraffic: 'threshold' } }, bins(2));
    expect(found?.records['error ratio']?.standIn).toBe('low traffic');
  });

  it('is silent in a plan that compares nothing', () => {
    expect(assessDetection(deployPlan([errorRatio()]), {})).toBeUndefined();
  });
});
