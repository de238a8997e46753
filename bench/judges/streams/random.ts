/**
 * Random numbers from a seed: the same seed and labels give the same numbers on every machine and in every worker.
 *
 * Written here, not taken from a library: d3-random draws Poisson and binomial counts by recursion over gamma and beta
 * variates, several times slower at the means of these streams, and generators such as pure-rand's give uniform numbers
 * only. Sources of the methods stand at each.
 */

const TWO_32 = 2 ** 32;
/** `ln(count!)` of small counts. */
const LOG_FACTORIALS = logFactorials(256);

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;
  private spare = Number.NaN;

  /** `labels` name what the numbers are for, so that cells and runs do not depend on the order in which they are made. */
  constructor(seed: number, ...labels: readonly (string | number)[]) {
    const text = labels.join('/');
    this.a = hash(text, seed);
    this.b = hash(text, seed ^ 0x9e3779b9);
    this.c = hash(text, seed ^ 0x7f4a7c15);
    for (let round = 0; round < 15; round += 1) this.uniform();
  }

  /** Above 0 and below 1, with 32 bits: `sfc32` of PractRand (Doty-Humphrey). */
  uniform(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return ((sum >>> 0) + 0.5) / TWO_32;
  }

  /** Mean 0, variance 1: the polar method (Marsaglia and Bray 1964). */
  normal(): number {
    if (!Number.isNaN(this.spare)) {
      const value = this.spare;
      this.spare = Number.NaN;
      return value;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = y * scale;
      return x * scale;
    }
  }

  /** Mean and variance `shape` (scale 1): squeeze method (Marsaglia and Tsang 2000), boosted for shapes below 1. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * this.uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      if (Math.log(this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Poisson count: search from 0 for small means, transformed rejection `PTRS` (Hörmann 1993) from 10 on. */
  poisson(mean: number): number {
    if (!(mean > 0)) return 0;
    return mean < 10 ? this.smallPoisson(mean) : this.largePoisson(mean);
  }

  private smallPoisson(mean: number): number {
    let left = this.uniform();
    let term = Math.exp(-mean);
    let count = 0;
    while (left > term) {
      left -= term;
      count += 1;
      term *= mean / count;
      if (term === 0) return count;
    }
    return count;
  }

  private largePoisson(mean: number): number {
    const logMean = Math.log(mean);
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const vr = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= vr) return count;
      if (count < 0 || (us < 0.013 && v > us)) continue;
      const height = Math.log(v) + Math.log(inverseAlpha) - Math.log(a / (us * us) + b);
      if (height <= count * logMean - mean - logFactorial(count)) return count;
    }
  }
}

function logFactorials(count: number): Float64Array {
  const logs = new Float64Array(count);
  for (let at = 2; at < count; at += 1) logs[at] = (logs[at - 1] ?? 0) + Math.log(at);
  return logs;
}

/** Stirling's series; its error is below 1e-12 from 256 on. */
function logFactorial(count: number): number {
  const known = LOG_FACTORIALS[count];
  if (known !== undefined) return known;
  const n = count + 1;
  return (n - 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3);
}

/** 32 bits of a text: FNV-1a with the finishing steps of MurmurHash3. */
function hash(text: string, seed: number): number {
  let bits = (seed ^ 0x811c9dc5) | 0;
  for (let at = 0; at < text.length; at += 1) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
