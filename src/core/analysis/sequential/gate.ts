/** Before everything goes to the canary: would an effect that must be detected have been seen? */
import type { Block, Counts } from './block.ts';
import { GATE_LEVELS, GATE_RATIOS } from './constants.ts';
import type { MustDetect, SequentialOptions } from './constants.ts';
import type { Dispersion } from './dispersion.ts';
import { logMeanExp } from './evidence.ts';

/** Sums over closed blocks. Finite always: the level 0 is refuted by any error, which is kept as a count. */
export interface GateSums {
  /** For each of `GATE_RATIOS`. */
  readonly ratio: readonly number[];
  /** For each of `GATE_LEVELS`. */
  readonly level: readonly number[];
  /** Canary errors in closed blocks. */
  readonly errors: number;
}

export const NO_GATE_SUMS: GateSums = { ratio: GATE_RATIOS.map(() => 0), level: GATE_LEVELS.map(() => 0), errors: 0 };

/** Sums after one more block. */
export function addToGate(sums: GateSums, counts: Counts, dispersion: Dispersion, must: MustDetect): GateSums {
  const ratio = ratioTerms(counts, dispersion, must.ratio);
  const level = levelTerms(counts, dispersion, must.objective);
  return {
    ratio: sums.ratio.map((sum, at) => sum + (ratio[at] ?? 0)),
    level: sums.level.map((sum, at) => sum + (level[at] ?? 0)),
    errors: sums.errors + counts.eC,
  };
}

/**
 * Evidence G against "the canary is as bad as `mustDetect`": at least `ratio` times the stable arm's error ratio, and at
 * least the objective. Either half may be refuted; each is a mixture of likelihood ratios (conditional Poisson for the
 * ratio, Poisson for the level), tempered as the judge's evidence is, and the average of the two is one e-value: by
 * Markov's inequality a canary that bad passes `ln(1 / beta)` with chance beta at most. Neither capped nor restarted.
 * Without an objective the first half stands alone.
 *
 * Example, v 0.01, r 0.002, ratio 2, objective 0.01: 18 slots of 20 canary and 180 stable requests without any error are
 * 360 canary requests, G = 2.167984: hold, for 2.302585 is needed at beta 0.1. After 20 slots (400 requests)
 * G = 2.499357: pass, for 1 % errors would have shown 4.
 */
export function gateEvidence(closed: GateSums, open: Block | null, dispersion: Dispersion, must: MustDetect): number {
  const sums = open ? addToGate(closed, open, dispersion, must) : closed;
  const ratio = logMeanExp(sums.ratio);
  if (must.objective === undefined) return ratio;
  const possible = sums.level.map((sum, at) =>
    GATE_LEVELS[at] === 0 && sums.errors > 0 ? Number.NEGATIVE_INFINITY : sum,
  );
  return logMeanExp([ratio, logMeanExp(possible)]);
}

/** Evidence at which the gate opens, natural logarithm. */
export function gateLimit({ beta }: Pick<SequentialOptions, 'beta'>): number {
  return Math.log(1 / beta);
}

function ratioTerms({ nC, eC, nS, eS }: Counts, { v, r }: Dispersion, m: number): readonly number[] {
  if (nS === 0 || nC === 0) return [];
  const w = nC / (nC + nS);
  const bad = w * m + 1 - w;
  const wm = (w * m) / bad;
  const phi = 1 + 2 * v * wm * (1 - wm) * r * (m * nC + nS);
  return GATE_RATIOS.map((g) => (eC * Math.log(g / m) - (eC + eS) * Math.log((w * g + 1 - w) / bad)) / phi);
}

function levelTerms({ nC, eC }: Counts, { v }: Dispersion, q: number | undefined): readonly number[] {
  if (q === undefined) return [];
  const phi = 1 + v * q * nC;
  return GATE_LEVELS.map((f) => ((f === 0 ? 0 : eC * Math.log(f)) + nC * q * (1 - f)) / phi);
}
