/** A smoke test: whether rollbacks come where they should, roughly. The figures themselves are a benchmark's matter. */
import { describe, expect, it } from 'vitest';
import { assessDispersion, type Bin } from '../../../../src/core/analysis/sequential/dispersion.ts';
import { currentEvidence, evidenceLimit } from '../../../../src/core/analysis/sequential/evidence.ts';
import { addSlot, FRESH_STATE } from '../../../../src/core/analysis/sequential/state.ts';
import { plan } from './fixtures.ts';

const BASE = 0.002;
const LADDER = [0.1, 0.25, 0.5, 0.75];
const SLOTS_PER_STEP = 60;

/** Uniform numbers in 0..1 from a seed: a linear congruential generator with mixed output bits. */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b) >>> 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b) >>> 0;
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Poisson by multiplication for small means, by the normal approximation for large ones. */
function poisson(next: () => number, mean: number): number {
  if (mean > 60) {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const floor = Math.exp(-mean);
  let product = next();
  let count = 0;
  while (product > floor) {
    product *= next();
    count += 1;
  }
  return count;
}

/** Minute of the rollback, or undefined at the end of the ladder. */
function run(seed: number, rps: number, k: number): number | undefined {
  const next = uniforms(seed);
  const bins = Array.from(
    { length: 240 },
    (): Bin => ({ n: poisson(next, rps * 60), e: poisson(next, rps * 60 * BASE) }),
  );
  const record = assessDispersion(bins);
  if (record.kind !== 'usable') throw new Error('a usable record expected');
  const judge = plan(record);
  const limit = evidenceLimit(judge.options);
  let state = FRESH_STATE;
  let looks = 0;
  for (const [step, w] of LADDER.entries()) {
    for (let at = 0; at < SLOTS_PER_STEP; at += 1) {
      const [nC, nS] = [poisson(next, rps * 10 * w), poisson(next, rps * 10 * (1 - w))];
      const eC = Math.min(nC, poisson(next, nC * BASE * k));
      const eS = Math.min(nS, poisson(next, nS * BASE));
      state = addSlot(judge, state, { step, atMs: 0, nC, eC, nS, eS }, w * 100);
      looks += 1;
      const { evidence } = currentEvidence(state.masses, state.open, record, 1);
      if (evidence >= limit && state.release.eC >= judge.options.minErrors) return looks / 6;
    }
  }
  return undefined;
}

function minutes(runs: number, rps: number, k: number): number[] {
  const found = Array.from({ length: runs }, (_, at) => run(1_000 * k + at * 7_919, rps, k));
  return found.filter((minute) => minute !== undefined).sort((a, b) => a - b);
}

describe('a ladder of 10, 25, 50 and 75 %, 10 min each', () => {
  it('hardly ever rolls back a canary without a difference', () => {
    expect(minutes(200, 100, 1).length).toBeLessThanOrEqual(4);
  }, 60_000);

  it('finds a doubled error ratio at 100 requests a second, in about a quarter of an hour', () => {
    const found = minutes(60, 100, 2);
    expect(found.length).toBeGreaterThanOrEqual(57);
    expect(found[30]).toBeGreaterThan(8);
    expect(found[30]).toBeLessThan(18);
  }, 60_000);

  it('finds a tenfold error ratio within minutes', () => {
    const found = minutes(40, 100, 10);
    expect(found).toHaveLength(40);
    expect(found[20]).toBeLessThan(2);
  }, 60_000);

  it('does not find a doubled error ratio at 2 requests a second', () => {
    expect(minutes(40, 2, 2).length).toBeLessThan(12);
  }, 60_000);
});
