/**
 * Kayenta's judge for one metric, as `NetflixACAJudge` has it: the Mann-Whitney test with the Hodges-Lehmann interval
 * of the difference, confidence 0.98, tolerance 0.25, outliers kept, default effect sizes (mean ratio, 1). Points are
 * error ratios of a minute; points without requests are no data and are removed.
 */
import { normalProbability } from '../../../src/core/analysis/sequential/normal.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly estimate: number;
}

export interface RankOptions {
  readonly confidence: number;
  readonly tolerance: number;
}
export const KAYENTA: RankOptions = { confidence: 0.98, tolerance: 0.25 };

/** What the judge says of a metric that may only rise. `nodata`: an arm has no points; it then leaves the score. */
export type RankVerdict = 'pass' | 'high' | 'nodata';

/**
 * `high` when the interval lies above a quarter of the estimate, and the mean ratio is at least 1. Example: 20, 22, 21,
 * 25, 30 against 1, 2.2, 1.1, 2.5, 3 is `high`; 1, 1, 1, 1, 10 against five times 1 passes.
 */
export function judgeRise(
  canary: readonly number[],
  baseline: readonly number[],
  options: RankOptions = KAYENTA,
): RankVerdict {
  if (canary.length === 0 || baseline.length === 0) return 'nodata';
  const x = Float64Array.from(canary).sort();
  const y = Float64Array.from(baseline).sort();
  if (x.length === y.length && x.every((value, at) => value === y[at])) return 'pass';
  // The judge adds noise of a hundred-thousandth to two constant arms, so that the test can be made: the sign decides.
  if (isConstant(x) && isConstant(y)) return (x[0] ?? 0) > (y[0] ?? 0) ? 'high' : 'pass';
  const { low, estimate } = differenceInterval(x, y, options.confidence);
  const ratio = mean(x) / mean(y);
  const isEffect = mean(x) === 0 || mean(y) === 0 || ratio >= 1;
  return low > options.tolerance * Math.abs(estimate) && isEffect ? 'high' : 'pass';
}

/**
 * Interval and estimate of the shift between two ascending samples: roots of the standardised rank statistic at the
 * normal quantiles and at 0.
 * Example: 10, 20, 30, 40 against 1, 2, 3, 4 at 0.95: 6.0 to 39.0, estimate 22.5.
 */
export function differenceInterval(x: Float64Array, y: Float64Array, confidence: number): Interval {
  const from = (x[0] ?? 0) - (y.at(-1) ?? 0);
  const to = (x.at(-1) ?? 0) - (y[0] ?? 0);
  const z = normalQuantile(1 - (1 - confidence) / 2);
  return {
    low: root(x, y, z, from, to, true),
    high: root(x, y, -z, from, to, true),
    estimate: root(x, y, 0, from, to, false),
  };
}

/** Absolute precision of the roots; where the statistic jumps, it decides which of two equal bounds is the higher one. */
const PRECISION = 1e-4;

/** Where the statistic, which falls as the shift grows, reaches `z`; an end of the range where it does not. */
function root(x: Float64Array, y: Float64Array, z: number, from: number, to: number, corrected: boolean): number {
  const at = (shift: number) => statistic(x, y, shift, corrected) - z;
  const [first, last] = [at(from), at(to)];
  if (first <= 0) return from;
  if (last >= 0) return to;
  return findRoot(at, { x: from, y: first }, { x: to, y: last });
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Root of a function between two points of opposite sign: Brent's method (Algorithms for Minimization without
 * Derivatives, 1973, chapter 4): interpolation where it converges, else bisection.
 */
function findRoot(valueAt: (x: number) => number, from: Point, to: Point): number {
  let before = from;
  let best = to;
  let opposite = from;
  for (let round = 0; round < 1_000; round += 1) {
    const lastStep = best.x - before.x;
    if (Math.abs(opposite.y) < Math.abs(best.y)) [before, best, opposite] = [best, opposite, best];
    const tolerance = 2 * Number.EPSILON * Math.abs(best.x) + PRECISION / 2;
    const half = (opposite.x - best.x) / 2;
    if (Math.abs(half) <= tolerance || best.y === 0) return best.x;
    const mayInterpolate = Math.abs(lastStep) >= tolerance && Math.abs(before.y) > Math.abs(best.y);
    const wanted = mayInterpolate ? (interpolatedStep(before, best, opposite, lastStep, tolerance) ?? half) : half;
    const step = Math.abs(wanted) < tolerance ? (wanted > 0 ? tolerance : -tolerance) : wanted;
    before = best;
    best = { x: best.x + step, y: valueAt(best.x + step) };
    if (best.y > 0 === opposite.y > 0 && best.y !== 0) opposite = before;
  }
  return best.x;
}

/** Step by inverse quadratic (two points: linear) interpolation; undefined where it would lead too far, or too slowly. */
function interpolatedStep(
  before: Point,
  best: Point,
  opposite: Point,
  lastStep: number,
  tolerance: number,
): number | undefined {
  const width = opposite.x - best.x;
  const toBefore = best.y / before.y;
  let p: number;
  let q: number;
  if (before.x === opposite.x) {
    p = width * toBefore;
    q = 1 - toBefore;
  } else {
    const outer = before.y / opposite.y;
    const toOpposite = best.y / opposite.y;
    p = toBefore * (width * outer * (outer - toOpposite) - (best.x - before.x) * (toOpposite - 1));
    q = (outer - 1) * (toOpposite - 1) * (toBefore - 1);
  }
  if (p > 0) q = -q;
  else p = -p;
  const isWithin = p < 0.75 * width * q - Math.abs(tolerance * q) / 2;
  return isWithin && p < Math.abs((lastStep * q) / 2) ? p / q : undefined;
}

/** Standardised rank sum of `x - shift` among both, with corrections for ties and, where asked, for continuity. */
function statistic(x: Float64Array, y: Float64Array, shift: number, corrected: boolean): number {
  const m = x.length;
  const n = y.length;
  let above = 0;
  let ties = 0;
  let atX = 0;
  let atY = 0;
  // Both are ascending: one pass gives the pairs in which x - shift is above, and the sizes of ties.
  while (atX < m || atY < n) {
    const valueX = atX < m ? (x[atX] ?? 0) - shift : Number.POSITIVE_INFINITY;
    const valueY = atY < n ? (y[atY] ?? 0) : Number.POSITIVE_INFINITY;
    const value = Math.min(valueX, valueY);
    let sameX = 0;
    let sameY = 0;
    while (atX < m && (x[atX] ?? 0) - shift === value) {
      atX += 1;
      sameX += 1;
    }
    while (atY < n && (y[atY] ?? 0) === value) {
      atY += 1;
      sameY += 1;
    }
    above += sameX * (atY - sameY + sameY / 2);
    const size = sameX + sameY;
    ties += size ** 3 - size;
  }
  const centred = above - (m * n) / 2;
  const correction = corrected ? 0.5 * Math.sign(centred) : 0;
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance > 0 ? (centred - correction) / Math.sqrt(variance) : 0;
}

function isConstant(values: Float64Array): boolean {
  return values[0] === values.at(-1);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Inverse of the normal distribution function, by bisection. */
export function normalQuantile(chance: number): number {
  let low = -12;
  let high = 12;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    if (normalProbability(middle) < chance) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
