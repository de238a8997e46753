/**
 * Rules that look at the canary's error ratio once a minute, as the field's two best known tools do: Argo Rollouts
 * (`failureLimit`: fails at the failure after so many) and Flagger (`threshold`: so many failed checks, rolled back on
 * the tick after). Both count failures, good minutes take none away. A minute without requests is no failure here.
 */
import type { Stream } from '../streams/stream.ts';

const SLOTS_PER_MINUTE = 6;

/** Error ratios, 0..1, that a tuned rule may choose from; a minute fails above it. */
export const THRESHOLDS: readonly number[] = [
  0.1, 0.15, 0.2, 0.22, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8,
  10, 12, 15, 20, 30, 50,
].map((percent) => percent / 100);
/** Failures that a tuned rule may let pass: 0 to 9. */
export const LIMITS = 10;

/** Minutes of a stream in which a rule fails, from 1: for each of `THRESHOLDS` the first `LIMITS` bad ones, 0 where fewer. */
export type BadMinutes = ArrayLike<number>;
/** Numbers that a run has in `BadMinutes`. */
export const BAD_STRIDE = THRESHOLDS.length * LIMITS;

export function badMinutes(stream: Stream): Uint8Array {
  const found = new Uint8Array(BAD_STRIDE);
  const counted = new Uint8Array(THRESHOLDS.length);
  for (let minute = 1; minute * SLOTS_PER_MINUTE <= stream.slots; minute += 1) {
    let requests = 0;
    let errors = 0;
    for (let slot = (minute - 1) * SLOTS_PER_MINUTE; slot < minute * SLOTS_PER_MINUTE; slot += 1) {
      requests += stream.nC[slot] ?? 0;
      errors += stream.eC[slot] ?? 0;
    }
    if (requests === 0) continue;
    const ratio = errors / requests;
    for (let at = 0; at < THRESHOLDS.length; at += 1) {
      if (!(ratio > (THRESHOLDS[at] ?? 0))) break; // thresholds ascend
      const seen = counted[at] ?? 0;
      if (seen < LIMITS) found[at * LIMITS + seen] = minute;
      counted[at] = seen + 1;
    }
  }
  return found;
}

export interface Setting {
  /** Index into `THRESHOLDS`. */
  readonly threshold: number;
  /** Failures that it lets pass. */
  readonly limit: number;
}

/** Setting with the threshold `ratio`, which must stand in `THRESHOLDS`. */
export function settingOf(ratio: number, limit: number): Setting {
  const threshold = THRESHOLDS.findIndex((one) => Math.abs(one - ratio) < 1e-9);
  if (threshold < 0 || limit >= LIMITS) throw new Error(`no setting for a threshold of ${ratio} and limit ${limit}`);
  return { threshold, limit };
}

/**
 * Minute of the rollback, from 1, of a rule that fails at failure `limit + 1`; 0 when it never does. `run` picks one of
 * several runs that stand in `bad` one after the other.
 */
export function argoMinute(bad: BadMinutes, { threshold, limit }: Setting, run = 0): number {
  return bad[run * BAD_STRIDE + threshold * LIMITS + limit] ?? 0;
}

/** The same for a rule that acts on the tick after; a tick after the last of `minutes` comes too late. */
export function flaggerMinute(bad: BadMinutes, setting: Setting, minutes: number, run = 0): number {
  const last = argoMinute(bad, setting, run);
  return last === 0 || last + 1 > minutes ? 0 : last + 1;
}
