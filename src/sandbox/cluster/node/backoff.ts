/** How waits between attempts grow. Units: milliseconds. */
export interface BackoffOptions {
  readonly baseMs: number;
  /** Longest wait. An attempt that held for twice as long starts the series anew. */
  readonly capMs: number;
}

/** Waits that double from attempt to attempt up to a cap, as the kubelet's do. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The wait before the next attempt: base, twice base, ... */
  next(): number {
    const { baseMs, capMs } = this.#options;
    const waitMs = Math.min(baseMs * 2 ** this.#failures, capMs);
    this.#failures += 1;
    return waitMs;
  }

  /**
   * The wait before a container that ended is started again: none the first time, as a single end is often an
   * ordinary one, then base, twice base, ...
   */
  nextRestart(ranForMs: number): number {
    const { baseMs, capMs } = this.#options;
    if (ranForMs >= 2 * capMs) this.#failures = 0;
    const waitMs = this.#failures === 0 ? 0 : Math.min(baseMs * 2 ** (this.#failures - 1), capMs);
    this.#failures += 1;
    return waitMs;
  }

  reset(): void {
    this.#failures = 0;
  }
}
