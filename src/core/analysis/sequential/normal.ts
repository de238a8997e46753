/** Distribution functions that the language lacks. */

const SQRT_2_PI = Math.sqrt(2 * Math.PI);

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / SQRT_2_PI;
}

/**
 * Phi: chance that a standard normal value is at most `x`. Near 0 the series `1/2 + density * (x + x^3/3 + x^5/15 + ...)`
 * (Marsaglia, Evaluating the Normal Distribution, 2004), in the tails the continued fraction of Laplace for the Mills
 * ratio. Absolute error below 1e-14; relative error below 1e-11 also in the lower tail, where Phi is multiplied by large
 * numbers. Example: Phi(1.96) = 0.975002104851780.
 */
export function normalProbability(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 3) return 1 - lowerTail(x);
  if (x < -3) return lowerTail(-x);
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + normalDensity(x) * sum;
}

/** Phi(-z) for z > 3: `density / (z + 1/(z + 2/(z + 3/(z + ...))))`. */
function lowerTail(z: number): number {
  const density = normalDensity(z);
  if (density === 0) return 0;
  let fraction = z;
  for (let depth = 80; depth >= 1; depth -= 1) fraction = z + depth / fraction;
  return density / fraction;
}

/** Chance that a Poisson count with the mean `mean` is at least `least`. Example: mean 5, at least 5: 0.559507. */
export function poissonTail(mean: number, least: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let count = 0; count < least; count += 1) {
    below += term;
    term *= mean / (count + 1);
  }
  return Math.min(1, Math.max(0, 1 - below));
}

export interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** Mean and variance of `min(cap, X)` for a normal X. */
export function cappedNormal({ mean, variance }: Moments, cap: number): Moments {
  if (variance === 0) return { mean: Math.min(mean, cap), variance: 0 };
  const deviation = Math.sqrt(variance);
  const z = (cap - mean) / deviation;
  if (z > 8) return { mean, variance };
  const below = normalProbability(z);
  const density = normalDensity(z);
  const capped = mean * below - deviation * density + cap * (1 - below);
  const square = (mean ** 2 + variance) * below - deviation * (mean + cap) * density + cap ** 2 * (1 - below);
  return { mean: capped, variance: Math.max(0, square - capped ** 2) };
}
