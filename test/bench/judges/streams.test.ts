/** The streams have the moments that they are said to have, and are the same again from the same seed. */
import { describe, expect, it } from 'vitest';
import { fillBursts, type Bursts } from '../../../bench/judges/streams/bursts.ts';
import { Random } from '../../../bench/judges/streams/random.ts';
import { hourAt, Stream, type StreamSpec } from '../../../bench/judges/streams/stream.ts';

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance, error: Math.sqrt(variance / values.length) };
}

function draws(count: number, draw: (random: Random) => number, seed = 1): number[] {
  const random = new Random(seed, 'test');
  return Array.from({ length: count }, () => draw(random));
}

describe('random numbers', () => {
  it('are the same from the same seed and labels, and others from others', () => {
    const first = (...labels: (string | number)[]) => new Random(7, ...labels).uniform();
    expect(first('a', 1)).toBe(first('a', 1));
    expect(new Set([first('a', 1), first('a', 2), first('b', 1), new Random(8, 'a', 1).uniform()]).size).toBe(4);
  });

  it.each([
    { of: 'uniform', draw: (random: Random) => random.uniform(), mean: 1 / 2, variance: 1 / 12 },
    { of: 'normal', draw: (random: Random) => random.normal(), mean: 0, variance: 1 },
    { of: 'gamma of shape 0.25', draw: (random: Random) => random.gamma(0.25), mean: 0.25, variance: 0.25 },
    { of: 'gamma of shape 4', draw: (random: Random) => random.gamma(4), mean: 4, variance: 4 },
    ...[0.02, 3, 9.9, 10, 36, 20_000].map((mean) => ({
      of: `Poisson of mean ${mean}`,
      draw: (random: Random) => random.poisson(mean),
      mean,
      variance: mean,
    })),
  ])('$of: mean $mean, variance $variance', ({ draw, mean, variance }) => {
    const found = moments(draws(40_000, draw));
    expect(Math.abs(found.mean - mean)).toBeLessThan(4.5 * found.error);
    expect(found.variance / variance).toBeGreaterThan(0.93);
    expect(found.variance / variance).toBeLessThan(1.07);
  });

  it.each([4, 12])('Poisson of mean %d: each count as often as its probability says', (mean) => {
    const count = 40_000;
    const seen = draws(count, (random) => random.poisson(mean));
    let chance = Math.exp(-mean);
    for (let value = 0; value <= 2 * mean; value += 1) {
      const expected = count * chance;
      const found = seen.filter((one) => one === value).length;
      expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt(expected) + 3);
      chance *= mean / (value + 1);
    }
  });

  it('no mean, no count', () => {
    expect(draws(10, (random) => random.poisson(0))).toEqual(Array.from({ length: 10 }, () => 0));
  });
});

describe('bursts', () => {
  const path = (bursts: Bursts, slots: number) => {
    const factors = new Float64Array(slots);
    fillBursts(new Random(3, 'bursts'), bursts, factors);
    return Array.from(factors);
  };

  it.each<{ bursts: Bursts; cv: number; constant: number }>([
    { bursts: { kind: 'none' }, cv: 0, constant: 6 },
    { bursts: { kind: 'gamma', cv: 0.5, minutes: 1 }, cv: 0.5, constant: 6 },
    { bursts: { kind: 'gamma', cv: 2, minutes: 1 }, cv: 2, constant: 6 },
    { bursts: { kind: 'log-normal', cv: 1, minutes: 1 }, cv: 1, constant: 6 },
    { bursts: { kind: 'gamma', cv: 1, minutes: 5 }, cv: 1, constant: 30 },
    { bursts: { kind: 'memory', cv: 0.5 }, cv: 0.5, constant: 1 },
    { bursts: { kind: 'spikes', cv: 0.5 }, cv: 0.5, constant: 6 },
    { bursts: { kind: 'spikes', cv: 1 }, cv: 1, constant: 6 },
  ])('$bursts: mean 1, cv $cv, constant over $constant slots', ({ bursts, cv, constant }) => {
    const factors = path(bursts, 300_000);
    const found = moments(factors);
    expect(found.mean).toBeGreaterThan(0.95);
    expect(found.mean).toBeLessThan(1.05);
    expect(Math.sqrt(found.variance)).toBeGreaterThan(0.92 * cv - 0.001);
    expect(Math.sqrt(found.variance)).toBeLessThan(1.08 * cv + 0.001);
    for (let at = 0; at < factors.length; at += constant) {
      expect(new Set(factors.slice(at, at + constant)).size).toBe(1);
      if (at > 3_000) break;
    }
  });

  it('with memory forget over 3 min', () => {
    const logs = path({ kind: 'memory', cv: 1 }, 200_000).map((factor) => Math.log(factor));
    const { mean, variance } = moments(logs);
    const lag = 18;
    const products = logs.slice(lag).map((value, at) => (value - mean) * ((logs[at] ?? 0) - mean));
    expect(moments(products).mean / variance).toBeCloseTo(Math.exp(-1), 1);
  });
});

describe('a stream', () => {
  const spec: StreamSpec = {
    rps: 100,
    base: 0.01,
    canary: 0.04,
    steps: hourAt(0.1),
    bursts: { kind: 'gamma', cv: 0.5, minutes: 1 },
  };
  const drawn = (one: StreamSpec, run = 1) => {
    const stream = new Stream(one);
    stream.draw(new Random(5, 'stream', run));
    return stream;
  };

  it('is the same from the same seed, whatever was drawn before', () => {
    const reused = drawn(spec, 2);
    reused.draw(new Random(5, 'stream', 1));
    const fresh = drawn(spec, 1);
    expect([reused.nC, reused.eC, reused.nS, reused.eS, reused.record]).toEqual([
      fresh.nC,
      fresh.eC,
      fresh.nS,
      fresh.eS,
      fresh.record,
    ]);
  });

  it('has requests and errors as asked for, in both arms and the record', () => {
    const { nC, eC, nS, eS, record } = drawn({ ...spec, bursts: { kind: 'none' } });
    const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
    expect(sum(nC) / 36_000).toBeCloseTo(1, 1);
    expect(sum(nS) / 324_000).toBeCloseTo(1, 1);
    expect(sum(eC) / sum(nC)).toBeCloseTo(0.04, 2);
    expect(sum(eS) / sum(nS)).toBeCloseTo(0.01, 2);
    expect(record).toHaveLength(240);
    expect(sum(record.map(({ n }) => n)) / (240 * 6_000)).toBeCloseTo(1, 2);
    expect(sum(record.map(({ e }) => e)) / (240 * 60)).toBeCloseTo(1, 1);
  });

  it('errors are binomial of the requests: their part does not depend on how many came', () => {
    const { nS, eS } = drawn({ ...spec, bursts: { kind: 'none' } });
    const residuals = Array.from(nS, (n, at) => ((eS[at] ?? 0) - 0.01 * n) / Math.sqrt(n * 0.01 * 0.99));
    expect(moments(residuals).variance).toBeGreaterThan(0.75);
    expect(moments(residuals).variance).toBeLessThan(1.25);
  });

  it('a shock is felt by both arms while it lasts', () => {
    const { eC, eS } = drawn({ ...spec, base: 0.002, canary: 0.002, shock: { from: 60, to: 90, times: 20 } });
    const mean = (values: Float64Array, from: number, to: number) =>
      moments(Array.from(values.subarray(from, to))).mean;
    expect(mean(eC, 60, 90)).toBeGreaterThan(10 * mean(eC, 0, 60));
    expect(mean(eS, 60, 90)).toBeGreaterThan(10 * mean(eS, 90, 360));
  });
});
