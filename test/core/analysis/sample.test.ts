import { describe, expect, it } from 'vitest';
import { gather, NOTHING_GATHERED, takeSample, type Gathered } from '../../../src/core/analysis/sample.ts';
import type { ArmReading, MetricReading } from '../../../src/core/analysis/reading.ts';
import { arm, counted, errorRatio, gauge, histogram, instance, latency, selector, silent } from './fixtures.ts';

const ratios = (canary: readonly [number, number], stable: readonly [number, number] = [0, 0]): Gathered => ({
  canary: [{ '': canary[0] }, { '': canary[1] }],
  stable: [{ '': stable[0] }, { '': stable[1] }],
});
const ANY = counted([0, 0], [0, 0]);

function sampleOf(
  metric: ReturnType<typeof errorRatio>,
  reading: MetricReading,
  gathered: Gathered = NOTHING_GATHERED,
) {
  const taken = takeSample(metric, 'canary', reading, gathered, 5_000);
  if (taken.taken !== 'sample') throw new Error(taken.problem);
  return taken.sample;
}

describe('an error ratio', () => {
  it('is errors of requests since the last sample, with stable beside it', () => {
    expect(sampleOf(errorRatio(), ANY, ratios([200, 2], [1_000, 1]))).toEqual({
      atMs: 5_000,
      outcome: 'pass',
      value: 0.01,
      requests: 200,
      events: 2,
      stableValue: 0.001,
    });
  });
  it.each([
    { when: 'there was no request', gathered: ratios([0, 0]), note: 'no canary requests' },
    { when: 'there were too few', gathered: ratios([19, 0]), note: '19 of at least 20 canary requests' },
    {
      when: 'there are more errors than requests',
      gathered: ratios([20, 21]),
      note: 'inconsistent counts: 21 errors of 20 requests',
    },
  ])('is no-data when $when, and keeps what was gathered', ({ gathered, note }) => {
    const taken = takeSample(errorRatio({ minRequests: 20 }), 'canary', ANY, gathered, 0);
    expect(taken).toMatchObject({ taken: 'sample', sample: { outcome: 'no-data', value: null, note }, gathered });
  });
  it('uses up what was gathered when it has a value', () => {
    expect(takeSample(errorRatio(), 'canary', ANY, ratios([10, 1]), 0)).toMatchObject({ gathered: NOTHING_GATHERED });
  });
  it('is an error naming the pod when no pod of the arm answers', () => {
    const sample = sampleOf(errorRatio(), { ...ANY, canary: silent('connection refused') }, ratios([50, 0]));
    expect(sample).toMatchObject({ outcome: 'error', value: null, note: 'canary: pod c: connection refused' });
  });
  it('says that it is partial when some pods do not answer', () => {
    const partial: ArmReading = {
      ...(ANY.canary as ArmReading),
      failed: [{ instance: 'pod d', problem: 'slow' }],
      without: ['pod e'],
    };
    const sample = sampleOf(errorRatio(), { ...ANY, canary: partial }, ratios([50, 0]));
    expect(sample).toMatchObject({ outcome: 'pass', note: 'partial: 1 of 3 answered, pod d: slow' });
  });
  const none = { listed: [], answered: [], failed: [], without: [] };
  it.each([
    {
      when: 'pods have no metrics page',
      canary: { ...none, without: ['pod c', 'pod d'] },
      note: 'no metrics: pod c answers 404 (and 1 more)',
    },
    { when: 'no pod runs', canary: none, note: 'canary: no running pod' },
    {
      when: 'the page has no such metric',
      canary: arm(instance('pod c', selector({}, false), selector({}, false))),
      note: 'no series http_requests_total in pod c',
    },
    {
      when: 'the label of the errors does not exist',
      canary: arm(instance('pod c', selector({ a: 9 }), selector({}, false))),
      note: 'no series http_requests_total{code=~"5.."} in pod c',
    },
    {
      when: 'a counter is NaN',
      canary: arm(instance('pod c', selector({ a: Number.NaN }), selector({}))),
      note: 'http_requests_total is no count in pod c: NaN, infinite or negative',
    },
  ])('is no-data when $when', ({ canary, note }) => {
    expect(sampleOf(errorRatio(), { ...ANY, canary }, ratios([50, 0]))).toMatchObject({
      outcome: 'no-data',
      value: null,
      note,
    });
  });
  it('adds up looks, and skips what a look misses', () => {
    const look = (n: number | null) => ({
      stable: undefined,
      canary: { bySelector: [n === null ? null : { '': n }], counters: { instances: {}, folded: false } },
    });
    const gathered = [5, null, 7].reduce<Gathered>((sum, n) => gather(sum, look(n)), NOTHING_GATHERED);
    expect(gathered.canary).toEqual([{ '': 12 }]);
  });
});

describe('a quantile', () => {
  const read = { canary: arm(instance('pod c', histogram({ '1': 0, '+Inf': 0 }))) };
  const buckets = (fast: number, all: number): Gathered => ({
    stable: [],
    canary: [{ '1': fast, '5': fast, '+Inf': all }],
  });
  it('comes from the increments, with its number of observations', () => {
    expect(sampleOf(latency(), read, buckets(100, 100))).toMatchObject({
      outcome: 'pass',
      value: 0.99,
      requests: 100,
      events: null,
    });
  });
  it('above the highest bucket is a fail when that bound already fails', () => {
    expect(sampleOf(latency(), read, buckets(0, 100))).toMatchObject({
      outcome: 'fail',
      value: 5,
      note: 'above the highest bucket bound 5',
    });
  });
  it('above the highest bucket is no-data when only more would fail', () => {
    const metric = latency({ fail: { op: '>', limit: 9 } });
    expect(sampleOf(metric, read, buckets(0, 100))).toMatchObject({ outcome: 'no-data', value: null });
  });
  it('is no-data without observations, or with too few', () => {
    expect(sampleOf(latency(), read, buckets(0, 0))).toMatchObject({ outcome: 'no-data', note: 'no canary requests' });
    expect(sampleOf(latency({ minRequests: 50 }), read, buckets(10, 10)).note).toBe(
      '10 of at least 50 canary requests',
    );
  });
});

describe('a gauge', () => {
  const pods = (...values: number[]) =>
    arm(...values.map((value, at) => instance(`pod ${at}`, selector({ a: value }))));
  it.each([
    { when: 'all pods agree', canary: pods(1, 1), sample: { outcome: 'pass', value: 1 } },
    { when: 'it is the mean over pods', canary: pods(1, 0.8), sample: { outcome: 'fail', value: 0.9 } },
    { when: 'one pod says NaN', canary: pods(Number.NaN, 0.97), sample: { outcome: 'pass', value: 0.97 } },
    {
      when: 'all pods say NaN',
      canary: pods(Number.NaN),
      sample: { outcome: 'no-data', value: null, note: 'crm_checkout_success_ratio: NaN' },
    },
    {
      when: 'there is no series',
      canary: arm(instance('pod c', selector({}))),
      sample: { outcome: 'no-data', value: null, note: 'crm_checkout_success_ratio: no series' },
    },
    {
      when: 'it is infinite against a lower limit',
      canary: pods(Number.POSITIVE_INFINITY),
      sample: { outcome: 'no-data', value: null },
    },
  ])('is $sample.outcome when $when', ({ canary, sample }) => {
    expect(sampleOf(gauge(false), { canary })).toMatchObject(sample);
  });
  it.each([
    { when: 'it is a little lower', canary: pods(0.97), stable: pods(1), sample: { outcome: 'pass', value: 0.97 } },
    { when: 'it is much lower', canary: pods(0.4), stable: pods(0.8), sample: { outcome: 'fail', value: 0.5 } },
    {
      when: 'stable is 0',
      canary: pods(1),
      stable: pods(0),
      sample: {
        outcome: 'no-data',
        value: null,
        note: 'stable crm_checkout_success_ratio: 0, nothing to compare with',
      },
    },
    { when: 'stable is NaN', canary: pods(1), stable: pods(Number.NaN), sample: { outcome: 'no-data', value: null } },
    {
      when: 'stable does not answer',
      canary: pods(1),
      stable: silent('refused'),
      sample: { outcome: 'no-data', value: null },
    },
  ])('beside stable is $sample.outcome when $when', ({ canary, stable, sample }) => {
    expect(sampleOf(gauge(true), { canary, stable })).toMatchObject(sample);
  });
  it('with two series in one pod is ambiguous, which is final', () => {
    const two = arm(instance('pod c', selector({ a: 1, b: 2 })));
    expect(takeSample(gauge(false), 'canary', { canary: two }, NOTHING_GATHERED, 0)).toEqual({
      taken: 'ambiguous',
      problem: 'metric "checkout success": crm_checkout_success_ratio has 2 series in pod c, expected one: add labels',
    });
  });
  it('is not ambiguous for the stable arm when nothing is compared with it', () => {
    const two = arm(instance('pod s', selector({ a: 1, b: 2 })));
    expect(sampleOf(gauge(false), { canary: pods(1), stable: two })).toMatchObject({
      outcome: 'pass',
      stableValue: null,
    });
  });
});
