/** Evidence that the canary is worse, carried from block to block and over steps. */
import type { Block, Counts } from './block.ts';
import { blockEvidence } from './block-evidence.ts';
import { DELTAS, RESTART_PER_MINUTE, SLOTS_PER_MINUTE, START_MASS } from './constants.ts';
import type { SequentialOptions } from './constants.ts';
import type { Dispersion } from './dispersion.ts';

/** One logarithm for each of `DELTAS`: all closed blocks. Finite always, so that it survives JSON. */
export type LogMasses = readonly number[];

export const START_MASSES: LogMasses = DELTAS.map(() => Math.log(START_MASS));

export interface Evidence {
  /** L, natural logarithm: rollback at `ln(1 / alpha)` or above. */
  readonly evidence: number;
  /** The ratio that explains the errors best. */
  readonly leadingDelta: number;
}

/**
 * Masses after one more block: `R = ln(exp(R + x) + block / 1440)`. The mixture sequential probability ratio test over
 * `DELTAS`, with a mass that enters anew at every block (Shiryaev and Roberts): a fault that begins late is not held
 * against the quiet hours before it. By Ville's inequality the chance of ever crossing `1 / alpha` is at most alpha
 * times the mass that has entered, for independent errors with phi = 1.
 */
export function closeBlock(masses: LogMasses, block: Block, dispersion: Dispersion, tolerance: number): LogMasses {
  const entering = Math.log((dispersion.block * RESTART_PER_MINUTE) / SLOTS_PER_MINUTE);
  return withCounts(masses, block, dispersion, tolerance).map((mass) => addLogs(mass, entering));
}

/**
 * Evidence at this look, the open block included: `L = ln(mean over deltas of exp(R + x))`.
 *
 * Example: no closed block, v 0.01, r 0.002, cap 50, and an open block of 1,000 canary requests with 8 errors beside
 * 9,000 stable ones with 18: L = ln(0.75 * mean(exp x)) = 2.514102, leading delta 5, no verdict yet (4.605170 needed).
 * Example: no slot at all: L = ln 0.75 = -0.287682.
 */
export function currentEvidence(
  masses: LogMasses,
  open: Counts | null,
  dispersion: Dispersion,
  tolerance: number,
): Evidence {
  const now = open ? withCounts(masses, open, dispersion, tolerance) : masses;
  return { evidence: logMeanExp(now), leadingDelta: DELTAS[now.indexOf(highestOf(now))] ?? DELTAS[0] };
}

function withCounts(masses: LogMasses, counts: Counts, dispersion: Dispersion, tolerance: number): LogMasses {
  const x = blockEvidence(counts, dispersion, tolerance)?.x;
  if (!x) return masses;
  const sums: number[] = [];
  for (let at = 0; at < masses.length; at += 1) sums.push((masses[at] ?? 0) + (x[at] ?? 0));
  return sums;
}

/** Evidence at which a release is rolled back, natural logarithm. */
export function evidenceLimit({ alpha }: Pick<SequentialOptions, 'alpha'>): number {
  return Math.log(1 / alpha);
}

/** Chance of a false rollback given out so far, for independent errors: `alpha * (0.75 + t / 240 min)`. */
export function spentAlpha(alpha: number, closedBlocks: number, dispersion: Pick<Dispersion, 'block'>): number {
  return alpha * (START_MASS + (closedBlocks * dispersion.block * RESTART_PER_MINUTE) / SLOTS_PER_MINUTE);
}

/**
 * Alpha of each of several sequential metrics, any of which rolls back: their shares of the whole, by weight.
 * Example: 0.01 over weights 1, 1 is 0.005 each; over 3, 1 it is 0.0075 and 0.0025.
 */
export function shareAlpha(alpha: number, weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (alpha * weight) / total);
}

/** `ln(mean of exp)`, without overflow. */
export function logMeanExp(values: readonly number[]): number {
  const highest = highestOf(values);
  if (!Number.isFinite(highest)) return highest;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - highest);
  return highest + Math.log(sum / values.length);
}

function highestOf(values: readonly number[]): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of values) highest = Math.max(highest, value);
  return highest;
}

/** `ln(exp a + exp b)`, without overflow. */
function addLogs(a: number, b: number): number {
  const highest = Math.max(a, b);
  return highest + Math.log1p(Math.exp(Math.min(a, b) - highest));
}
