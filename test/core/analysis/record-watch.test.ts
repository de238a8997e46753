import { describe, expect, it } from 'vitest';
import {
  afterRecordLook,
  beginRecord,
  collectedRecords,
  isRecordLong,
  joinRecords,
  type RecordState,
} from '../../../src/core/analysis/record-watch.ts';
import { ERROR_DEFAULTS, SLOW_REQUEST_DEFAULTS } from '../../../src/core/analysis/sequential/constants.ts';
import type { MetricReading } from '../../../src/core/analysis/reading.ts';
import type { MetricPlan } from '../../../src/core/model/analysis.ts';
import {
  arm,
  counted,
  deployPlan,
  errorRatio,
  histogram,
  instance,
  latency,
  MINUTE,
  SECOND,
  silent,
} from './fixtures.ts';

const ERRORS = errorRatio({}, { sequential: { options: ERROR_DEFAULTS } });
const SLOW: MetricPlan = {
  ...latency(),
  name: 'slow',
  query: { kind: 'slowRatio', histogram: { name: 'seconds', labels: {} } },
  sequential: { options: SLOW_REQUEST_DEFAULTS },
};

/** Looks every 10 s at a stable arm. */
function watch(metric: MetricPlan, read: (sinceMs: number) => MetricReading, forMs: number): RecordState {
  const plan = deployPlan([metric]);
  let state = beginRecord(plan, {}, 0);
  for (let atMs = 0; atMs <= forMs; atMs += 10 * SECOND) {
    state = afterRecordLook(plan, state, { [metric.name]: read(atMs) }, atMs);
  }
  return state;
}

describe('the record of the stable arm', () => {
  it('is gathered in bins of a minute, with what was counted since the last look', () => {
    const state = watch(ERRORS, (ms) => counted([5_000 + ms / 10, Math.floor(ms / 5_000)], [0, 0]), 3 * MINUTE);
    const { bins, from } = collectedRecords(deployPlan([ERRORS]), state)[ERRORS.name] ?? { bins: [], from: '' };
    expect(bins.map(({ n, e }) => [n, e])).toEqual([
      [6_000, 12],
      [6_000, 12],
      [6_000, 12],
    ]);
    expect(from).toBe('3 min collected while preparing');
  });

  it('loses nothing where a look brings nothing', () => {
    const nothing: MetricReading = { stable: silent('timeout', 'pod s') };
    const read = (ms: number) => (ms === 20 * SECOND ? nothing : counted([ms / 10, 0], [0, 0]));
    const state = watch(ERRORS, read, 2 * MINUTE);
    const total = (state.metrics[ERRORS.name]?.collected ?? []).reduce((sum, { n }) => sum + n, 0);
    expect(total + (state.metrics[ERRORS.name]?.open.n ?? 0)).toBe(12_000);
  });

  it('chooses from which time on a request is slow before it counts', () => {
    const buckets = (ms: number) => ({ '0.1': 900 + ms / 20, '0.5': 990 + ms / 12, '+Inf': 1_000 + ms / 10 });
    const read = (ms: number): MetricReading => ({ stable: arm(instance('pod s', histogram(buckets(ms)))) });
    const state = watch(SLOW, read, MINUTE);
    expect(state.metrics.slow?.slow).toEqual({ le: '0.5', bound: 0.5 });
    expect(state.metrics.slow?.collected).toMatchObject([{ n: 6_000, e: 1_000 }]);
  });

  it('puts what is kept before what was watched', () => {
    const kept = { [ERRORS.name]: { bins: [{ n: 1, e: 0 }], from: '1 min kept' } };
    const watched = { [ERRORS.name]: { bins: [{ n: 2, e: 0 }], from: '1 min collected' } };
    expect(joinRecords(kept, watched)[ERRORS.name]).toEqual({
      bins: [
        { n: 1, e: 0 },
        { n: 2, e: 0 },
      ],
      from: '1 min kept and 1 min collected',
    });
    expect(joinRecords({}, watched)).toEqual(watched);
    expect(joinRecords(kept, {})).toEqual(kept);
  });

  it('does not mix requests that are slow by different bounds', () => {
    const kept = { slow: { bins: [{ n: 1, e: 0 }], from: 'kept', slow: { le: '0.5', bound: 0.5 } } };
    const watched = { slow: { bins: [{ n: 2, e: 0 }], from: 'seen', slow: { le: '0.1', bound: 0.1 } } };
    expect(joinRecords(kept, watched).slow).toEqual(kept.slow);
  });

  it('is long enough with four hours', () => {
    const bins = Array.from({ length: 240 }, () => ({ n: 1, e: 0 }));
    const plan = deployPlan([ERRORS]);
    expect(isRecordLong(plan, { [ERRORS.name]: { bins, from: '' } })).toBe(true);
    expect(isRecordLong(plan, { [ERRORS.name]: { bins: bins.slice(1), from: '' } })).toBe(false);
  });
});
