/** Evidence of one block for each ratio that a fault might have. */
import type { Counts } from './block.ts';
import { DELTAS, ERROR_DEFAULTS } from './constants.ts';
import type { Dispersion } from './dispersion.ts';

export interface BlockEvidence {
  /** Tempering: how many times the variance of a Poisson count these errors are taken to have. At least 1. */
  readonly phi: number;
  /** Logarithm of the likelihood ratio for each of `DELTAS`, tempered and capped. */
  readonly x: readonly number[];
}

const LOG_DELTAS = DELTAS.map((d) => Math.log(d));

/**
 * Log likelihood ratio of "the canary's errors are d times as frequent" against "as frequent (times the tolerance)",
 * given how many errors both arms had together: of independent Poisson errors the canary then has the share
 * `w d / (w d + 1 - w)`, w being its observed share of the requests. Shocks that both arms feel, swings of traffic and
 * a share that differs from the weight cancel. `phi` tempers it by the stable arm's own dispersion at the yardstick
 * `max(r, the lower of both ratios)`; one arm alone does not raise the yardstick. Undefined, which is no evidence, when
 * an arm had no requests.
 *
 * Example, v 0.01, r 0.002, cap 50: 1,000 canary requests with 8 errors beside 9,000 stable ones with 18: w = 0.1,
 * phi = 1 + 2 * 0.01 * 0.09 * 0.002 * 10,000 = 1.036, x = 1.103417, 1.906541, 2.960534, 3.907855, 3.983808, 2.740538,
 * -1.585762, -8.648431, -17.773811.
 * Example, v 1, cap 2.7: the same block has phi 4.6, and x = 0.897223 for d = 5.
 */
export function blockEvidence(
  counts: Counts,
  { v, r, cap }: Pick<Dispersion, 'v' | 'r' | 'cap'>,
  tolerance: number = ERROR_DEFAULTS.tolerance,
): BlockEvidence | undefined {
  const { nC, eC, nS, eS } = counts;
  if (nC === 0 || nS === 0) return undefined;
  const w = nC / (nC + nS);
  const yardstick = Math.max(r, Math.min(eC / nC, eS / nS));
  const phi = 1 + 2 * v * w * (1 - w) * yardstick * (nC + nS);
  const expected = toleratedShare(w, tolerance);
  // Loops here and in evidence.ts: this runs at every look, and for thousands of simulated hours in the benchmark.
  const x: number[] = [];
  for (let at = 0; at < DELTAS.length; at += 1) {
    const logRatio = eC * (LOG_DELTAS[at] ?? 0) - (eC + eS) * Math.log(expected * (DELTAS[at] ?? 1) + 1 - expected);
    x.push(Math.min(cap, logRatio / phi));
  }
  return { phi, x };
}

/** The canary's share of the errors when its ratio is `tolerance` times the stable arm's. */
export function toleratedShare(w: number, tolerance: number): number {
  return (w * tolerance) / (w * tolerance + 1 - w);
}
