/** Defaults of the ladder and of a threshold's sampling, in numbers. */
import type { DurationText, SamplingEntry, StepEntry } from '../model/catalogue.ts';
import { durationMs } from '../model/duration.ts';

export const DEFAULT_STEPS: readonly StepEntry[] = [10, 25, 50, 75, 100].map((weight) => ({ weight, duration: '10m' }));
export const DEFAULT_BAKE: DurationText = '10m';
export const DEFAULT_APPROVAL_DEADLINES = { start: '30d', step: '1h' } as const;

const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_COUNT = 10;
/** 3 of 10, and the same share of any other count: 3 of 5 would let a version pass that fails most of its samples. */
const DEFAULT_FAILURES_OF_TEN = 3;

export interface Sampling {
  readonly intervalMs: number;
  readonly count: number;
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  readonly consecutiveSuccessLimit: number;
  readonly warmUpMs: number;
  readonly minRequests: number;
}

/**
 * The judge's own value, else the analysis's, else the default. Count is by default the smaller of 10 and the samples
 * that fit into the shortest step after the warm-up, at least 1; failureLimit floor(count x 3 / 10), and no more than
 * count - consecutiveSuccessLimit.
 *
 * Step 10m, nothing written: interval 30 s, count 10, failureLimit 3. Step 12s, interval 2s: count 6, failureLimit 1.
 */
export function resolveSampling(judge: SamplingEntry, shared: SamplingEntry, shortestStepMs: number): Sampling {
  const interval = judge.interval ?? shared.interval;
  const intervalMs = interval === undefined ? DEFAULT_INTERVAL_MS : durationMs(interval);
  const warmUpMs = durationMs(judge.warmUp ?? shared.warmUp ?? '0s');
  const fitting = Math.floor((shortestStepMs - warmUpMs) / intervalMs);
  const count = judge.count ?? shared.count ?? Math.max(1, Math.min(DEFAULT_COUNT, fitting));
  const consecutiveSuccessLimit = judge.consecutiveSuccessLimit ?? shared.consecutiveSuccessLimit ?? 0;
  const usualLimit = Math.min(Math.floor((count * DEFAULT_FAILURES_OF_TEN) / 10), count - consecutiveSuccessLimit);
  return {
    intervalMs,
    count,
    failureLimit: judge.failureLimit ?? shared.failureLimit ?? Math.max(0, usualLimit),
    inconclusiveLimit: judge.inconclusiveLimit ?? shared.inconclusiveLimit ?? 0,
    consecutiveErrorLimit: judge.consecutiveErrorLimit ?? shared.consecutiveErrorLimit ?? 4,
    consecutiveSuccessLimit,
    warmUpMs,
    minRequests: judge.minRequests ?? shared.minRequests ?? 10,
  };
}

/** Undefined for no steps. */
export function shortestStep(steps: readonly StepEntry[]): { readonly index: number; readonly ms: number } | undefined {
  let shortest: { index: number; ms: number } | undefined;
  for (const [index, step] of steps.entries()) {
    const ms = durationMs(step.duration);
    if (shortest === undefined || ms < shortest.ms) shortest = { index, ms };
  }
  return shortest;
}
