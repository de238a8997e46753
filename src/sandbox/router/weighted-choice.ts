/**
 * Smooth weighted round robin: after every `sum(weights)` choices (in lowest terms) each index was chosen exactly in
 * proportion, and the choices of an index are spread evenly. Random choice would be off by chance, and a canary's
 * share of a short step could not be checked.
 *
 * Example: weights 90 and 10 choose index 1 once in every 10 choices. Weights 5, 1, 1 choose 0 0 1 0 2 0 0.
 */
export class WeightedChoice {
  readonly #weights: readonly number[];
  readonly #credit: number[];
  readonly #total: number;

  /** Weights are shares of any sum, none negative. */
  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#credit = weights.map(() => 0);
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** The index of the next choice, undefined when every weight is 0. */
  next(): number | undefined {
    if (this.#total <= 0) return undefined;
    let best = -1;
    for (const [index, weight] of this.#weights.entries()) {
      if (weight <= 0) continue;
      this.#credit[index] = (this.#credit[index] ?? 0) + weight;
      if (best === -1 || (this.#credit[index] ?? 0) > (this.#credit[best] ?? 0)) best = index;
    }
    this.#credit[best] = (this.#credit[best] ?? 0) - this.#total;
    return best;
  }
}

/** Percentages 0 to 100 of the weights; all 0 when they sum to 0. */
export function weightPercents(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total > 0 ? (weight * 100) / total : 0));
}
