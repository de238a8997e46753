/** The ratio of the two arms for people: it never decides. */
import type { Counts } from './block.ts';

export interface RatioEstimate {
  /** `(eC / nC) / (eS / nS)`. */
  readonly ratio: number;
  /** 95 % interval for one look; it is not corrected for looking often, as the evidence is. */
  readonly low: number;
  readonly high: number;
}

const TWO_SIDED_95 = 1.959964;

/**
 * Ratio with the usual interval on the logarithm (half an event added to each arm, so that an arm without errors has
 * one too), widened by the dispersion `v` of each arm over the blocks seen. Undefined while the stable arm has no error
 * or an arm no request.
 *
 * Example: 48 of 6,000 against 108 of 54,000, v 0.25, 10 blocks: 4.0, interval 2.31 to 7.00.
 * Example: the same with v 0: 2.87 to 5.64.
 */
export function estimateRatio({ nC, eC, nS, eS }: Counts, v: number, blocks: number): RatioEstimate | undefined {
  if (nC === 0 || nS === 0 || eS === 0) return undefined;
  const middle = Math.log((eC + 0.5) / nC) - Math.log((eS + 0.5) / nS);
  const deviation = Math.sqrt(1 / (eC + 0.5) + 1 / (eS + 0.5) + (2 * v) / Math.max(1, blocks));
  return {
    ratio: eC / nC / (eS / nS),
    low: Math.exp(middle - TWO_SIDED_95 * deviation),
    high: Math.exp(middle + TWO_SIDED_95 * deviation),
  };
}
