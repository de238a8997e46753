/** How the error ratio of one arm swings by itself: a factor for every slot, with mean 1. */
import type { Random } from './random.ts';

export type Bursts =
  | { readonly kind: 'none' }
  /** Constant over `minutes`, then drawn anew. `cv` is the coefficient of variation. */
  | { readonly kind: 'gamma' | 'log-normal'; readonly cv: number; readonly minutes: 1 | 5 }
  /** Log-normal, first-order autoregressive from slot to slot, with a memory of 3 min. */
  | { readonly kind: 'memory'; readonly cv: number }
  /** Two per cent of the minutes are higher than the others. */
  | { readonly kind: 'spikes'; readonly cv: number };

const SLOTS_PER_MINUTE = 6;
const MEMORY_SLOTS = 18;
const SPIKE_CHANCE = 0.02;

/** Fills `factors`, one a slot, with a new path. */
export function fillBursts(random: Random, bursts: Bursts, factors: Float64Array): void {
  switch (bursts.kind) {
    case 'none':
      factors.fill(1);
      return;
    case 'gamma': {
      const square = bursts.cv ** 2;
      fillSteps(factors, bursts.minutes * SLOTS_PER_MINUTE, () => random.gamma(1 / square) * square);
      return;
    }
    case 'log-normal': {
      const sigma = sigmaOf(bursts.cv);
      fillSteps(factors, bursts.minutes * SLOTS_PER_MINUTE, () => logNormal(random.normal(), sigma));
      return;
    }
    case 'memory': {
      const sigma = sigmaOf(bursts.cv);
      const kept = Math.exp(-1 / MEMORY_SLOTS);
      const fresh = Math.sqrt(1 - kept ** 2);
      let level = random.normal();
      for (let at = 0; at < factors.length; at += 1) {
        factors[at] = logNormal(level, sigma);
        level = kept * level + fresh * random.normal();
      }
      return;
    }
    case 'spikes': {
      const height = spikeHeight(bursts.cv);
      const quiet = 1 / (1 + SPIKE_CHANCE * height);
      fillSteps(factors, SLOTS_PER_MINUTE, () => quiet * (random.uniform() < SPIKE_CHANCE ? 1 + height : 1));
    }
  }
}

/** How much higher a spike is than the quiet level, in units of that level, so that the whole has the variation `cv`. */
export function spikeHeight(cv: number): number {
  return cv / (Math.sqrt(SPIKE_CHANCE * (1 - SPIKE_CHANCE)) - cv * SPIKE_CHANCE);
}

function fillSteps(factors: Float64Array, slots: number, draw: () => number): void {
  for (let at = 0; at < factors.length; at += slots) factors.fill(draw(), at, at + slots);
}

/** Standard deviation of the logarithm of a log-normal number with the coefficient of variation `cv`. */
function sigmaOf(cv: number): number {
  return Math.sqrt(Math.log(1 + cv ** 2));
}

function logNormal(normal: number, sigma: number): number {
  return Math.exp(sigma * normal - (sigma * sigma) / 2);
}
