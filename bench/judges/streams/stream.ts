/** Requests and errors of canary and stable, slot by slot, and the stable arm's record before the release. */
import type { Bin } from '../../../src/core/analysis/sequential/dispersion.ts';
import { fillBursts, type Bursts } from './bursts.ts';
import type { Random } from './random.ts';

export interface Step {
  /** Canary's share of the requests, 0..1 exclusive. */
  readonly w: number;
  readonly slots: number;
}

export interface StreamSpec {
  /** Requests of both arms together per second. */
  readonly rps: number;
  /** Error ratio of the stable arm, 0..1. */
  readonly base: number;
  /** Error ratio of the canary, from the first slot on. */
  readonly canary: number;
  readonly steps: readonly Step[];
  readonly bursts: Bursts;
  /** Both arms' error ratios times `times`, from slot `from` up to slot `to`, exclusive. */
  readonly shock?: { readonly from: number; readonly to: number; readonly times: number };
}

const SLOT_SECONDS = 10;
const SLOTS_PER_MINUTE = 6;
export const RECORD_MINUTES = 240;
const RECORD_SLOTS = RECORD_MINUTES * SLOTS_PER_MINUTE;

/** One hour at one weight. */
export function hourAt(w: number): readonly Step[] {
  return [{ w, slots: 360 }];
}
/** The default ladder below 100 %: 10, 25, 50 and 75 %, 10 min each. */
export const LADDER: readonly Step[] = [0.1, 0.25, 0.5, 0.75].map((w) => ({ w, slots: 60 }));

/**
 * One stream, filled anew by each `draw`: memory is taken once, for thousands of runs.
 *
 * Requests of a slot are Poisson, errors binomial of the requests with the ratio `min(1, base * burst)` (the canary's own base). That is
 * drawn as two independent Poisson counts, errors and the rest: the same distribution (thinning of a Poisson process),
 * and the record's minutes can be drawn as the sum of their slots. The record is all traffic on stable, its bursts a
 * path of their own by the same process.
 */
export class Stream {
  readonly slots: number;
  /** Step of each slot, from 0. */
  readonly step: Int32Array;
  readonly nC: Float64Array;
  readonly eC: Float64Array;
  readonly nS: Float64Array;
  readonly eS: Float64Array;
  /** Minutes, oldest first. */
  readonly record: readonly Bin[];
  readonly spec: StreamSpec;
  private readonly bins: { n: number; e: number }[];
  private readonly factors: Float64Array;
  private readonly recordFactors = new Float64Array(RECORD_SLOTS);

  constructor(spec: StreamSpec) {
    this.spec = spec;
    this.slots = spec.steps.reduce((sum, step) => sum + step.slots, 0);
    this.step = Int32Array.from(spec.steps.flatMap(({ slots }, at) => Array.from({ length: slots }, () => at)));
    this.nC = new Float64Array(this.slots);
    this.eC = new Float64Array(this.slots);
    this.nS = new Float64Array(this.slots);
    this.eS = new Float64Array(this.slots);
    this.factors = new Float64Array(this.slots);
    this.bins = Array.from({ length: RECORD_MINUTES }, () => ({ n: 0, e: 0 }));
    this.record = this.bins;
  }

  draw(random: Random): void {
    this.drawRecord(random);
    this.drawArm(random, this.nC, this.eC, true);
    this.drawArm(random, this.nS, this.eS, false);
  }

  private drawRecord(random: Random): void {
    const { rps, base, bursts } = this.spec;
    const requests = rps * SLOT_SECONDS;
    fillBursts(random, bursts, this.recordFactors);
    for (let minute = 0; minute < RECORD_MINUTES; minute += 1) {
      let errors = 0;
      for (let slot = 0; slot < SLOTS_PER_MINUTE; slot += 1) {
        errors += requests * Math.min(1, base * (this.recordFactors[minute * SLOTS_PER_MINUTE + slot] ?? 0));
      }
      const bin = this.bins[minute];
      if (!bin) continue;
      bin.e = random.poisson(errors);
      bin.n = bin.e + random.poisson(requests * SLOTS_PER_MINUTE - errors);
    }
  }

  private drawArm(random: Random, n: Float64Array, e: Float64Array, isCanary: boolean): void {
    const { rps, bursts, steps, shock } = this.spec;
    const base = isCanary ? this.spec.canary : this.spec.base;
    const { factors } = this;
    fillBursts(random, bursts, factors);
    for (let at = 0; at < n.length; at += 1) {
      const w = steps[this.step[at] ?? 0]?.w ?? 0;
      const requests = rps * SLOT_SECONDS * (isCanary ? w : 1 - w);
      const times = shock && at >= shock.from && at < shock.to ? shock.times : 1;
      const ratio = Math.min(1, base * times * (factors[at] ?? 0));
      const errors = random.poisson(requests * ratio);
      e[at] = errors;
      n[at] = errors + random.poisson(requests * (1 - ratio));
    }
  }
}
