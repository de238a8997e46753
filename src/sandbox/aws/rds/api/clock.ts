import { setTimeout as delay } from 'node:timers/promises';

/**
 * How long RDS takes for each of its steps, in seconds of the real one, rounded. A restore that sits in `backing-up` for
 * an hour is what a retention above 0 brings.
 */
export const SECONDS = {
  create: 300,
  restore: 480,
  restoreToTime: 600,
  replica: 600,
  /** First backup of a new instance; of a restored one. */
  firstBackup: 150,
  baselineBackup: 3600,
  snapshot: 150,
  copy: 90,
  copyAcrossRegions: 300,
  deleteInstance: 240,
  deleteSnapshot: 30,
  /** Between the answer of a change and its status: the trap of asking too early. */
  beforeChange: 10,
  modify: 120,
  changeClass: 480,
  optimizeStorage: 1200,
  loadStorage: 900,
  resetCredentials: 60,
  rename: 120,
  reboot: 60,
  start: 300,
  stop: 300,
  promote: 120,
  applyGroup: 30,
  exportStart: 900,
  logUpload: 300,
  day: 86_400,
  nightlyBackup: 60,
} as const;

/** Time of the sandbox: seconds of RDS, shortened. */
export class RdsClock {
  readonly factor: number;
  readonly #ending = new AbortController();

  constructor(factor: number) {
    if (!(factor > 0 && factor <= 10))
      throw new Error(`clock factor: expected more than 0 and at most 10, got ${factor}`);
    this.factor = factor;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Rejects when the sandbox ends, or by the signal. */
  async wait(seconds: number, signal?: AbortSignal): Promise<void> {
    const ms = seconds * 1000 * this.factor;
    await delay(ms, undefined, { signal: signal ? AbortSignal.any([this.signal, signal]) : this.signal });
  }

  end(): void {
    this.#ending.abort(new Error('the sandbox ends'));
  }
}
