/** Before the release: how likely a fault would be seen, slot by slot. */
import { toleratedShare } from './block-evidence.ts';
import { DELTAS, START_MASS } from './constants.ts';
import type { Dispersion } from './dispersion.ts';
import { evidenceLimit } from './evidence.ts';
import { cappedNormal, normalProbability, poissonTail, type Moments } from './normal.ts';

/** A step that compares: the canary's share of the requests, 0..1 exclusive, and its length. */
export interface LadderStep {
  readonly w: number;
  readonly slots: number;
}

export interface Traffic {
  /** Requests of both arms together per second: the record's mean. */
  readonly rps: number;
  /** Stable error ratio, 0..1. */
  readonly r: number;
}

export interface ChanceInput extends Traffic, Pick<Dispersion, 'v' | 'cap' | 'block'> {
  /** Error ratio of the faulty canary, 0..1. */
  readonly canaryRatio: number;
  readonly alpha: number;
  readonly minErrors: number;
  readonly tolerance: number;
  readonly slotMs: number;
  readonly ladder: readonly LadderStep[];
}

/** The rise of evidence overshoots its limit a little at the moment it crosses. */
const OVERSHOOT = 0.3;
/** Above this exponent the second passage term is left out: it is no longer exact, and the first says it all. */
const MAX_EXPONENT = 50;

/**
 * Chance that a canary with `canaryRatio` has been rolled back by each slot, at least. The evidence for each delta is
 * taken as Brownian motion with the drift and variance of the capped block evidence (first passage time of Brownian
 * motion, inverse Gaussian law); the best delta counts, and no more than the chance that there are `minErrors`.
 *
 * Example: 100 rps, r 0.002, a doubled canary, v 0.01, cap 50, steps of 60 slots at 10, 25, 50 and 75 %: 0.289491 after
 * slot 60, 0.999951 at the end, 0.5 reached at 12.5 min.
 * Example: 2 rps and a fourfold canary: 0.003083, 0.218632, 0.5 not reached.
 */
export function detectionChances(input: ChanceInput): readonly number[] {
  const level = evidenceLimit(input) + Math.log(DELTAS.length) - Math.log(START_MASS) - OVERSHOOT;
  let drift: readonly Moments[] = DELTAS.map(() => ({ mean: 0, variance: 0 }));
  let errors = 0;
  let best = 0;
  const chances: number[] = [];
  for (const { w, slots } of input.ladder) {
    for (let left = slots; left > 0; left -= input.block) {
      const length = Math.min(input.block, left);
      for (let filled = 1; filled <= length; filled += 1) {
        const block = expectedBlock(input, w, filled);
        const now = drift.map((sum, at) => addMoments(sum, block.moments[at]));
        const crossed = Math.max(...now.map((sum) => passageChance(sum, level)));
        best = Math.max(best, Math.min(crossed, poissonTail(errors + block.canaryErrors, input.minErrors)));
        chances.push(best);
        if (filled < length) continue;
        drift = now;
        errors += block.canaryErrors;
      }
    }
  }
  return chances;
}

/** Moments of the capped evidence of a block of which `filled` slots are over, for each delta. */
function expectedBlock(input: ChanceInput, w: number, filled: number) {
  const { v, r, cap } = input;
  const requests = (input.rps * input.slotMs * filled) / 1_000;
  const canaryErrors = requests * w * Math.min(1, input.canaryRatio);
  const stableErrors = requests * (1 - w) * r;
  const phi = 1 + 2 * v * w * (1 - w) * r * requests;
  const expected = toleratedShare(w, input.tolerance);
  const moments = DELTAS.map((d) => {
    const y = -Math.log(expected * d + 1 - expected);
    const x = Math.log(d) + y;
    const mean = (canaryErrors * x + stableErrors * y) / phi;
    const spread = canaryErrors * x ** 2 * (1 + v * canaryErrors) + stableErrors * y ** 2 * (1 + v * stableErrors);
    return cappedNormal({ mean, variance: spread / phi ** 2 }, cap);
  });
  return { canaryErrors, moments };
}

function addMoments(left: Moments, right: Moments | undefined): Moments {
  return right ? { mean: left.mean + right.mean, variance: left.variance + right.variance } : left;
}

/** Chance that Brownian motion with this mean and variance at its end has reached `level` on the way. */
function passageChance({ mean, variance }: Moments, level: number): number {
  if (variance === 0) return mean >= level ? 1 : 0;
  const deviation = Math.sqrt(variance);
  const exponent = (2 * level * mean) / variance;
  const above = normalProbability((mean - level) / deviation);
  if (exponent >= MAX_EXPONENT) return Math.min(1, above);
  return Math.min(1, above + Math.exp(exponent) * normalProbability((-level - mean) / deviation));
}
