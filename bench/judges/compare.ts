/** Our figures beside the specification's: both are simulated, so that both have an error, and the page's are rounded too. */
import { normalQuantile } from './rules/rank-test.ts';

/**
 * One of our figures beside one of the page's. `errors` is the distance in standard errors of the difference; infinite
 * for a figure that must be equal and is not.
 */
export interface Check {
  readonly what: string;
  readonly ours: string;
  readonly page: string;
  readonly errors: number;
}

/** Distance from which a figure is marked. */
export const MARKED = 3;
/** Chance that a run of the checks fails although nothing is wrong. */
export const FALSE_ALARM = 0.001;

/**
 * Distance from which a check fails: at least 3, and so far that, over all checks of the run, a failure by chance alone
 * has the probability `FALSE_ALARM` (Bonferroni, which needs no independence). Example: 200 checks: 4.56.
 */
export function failingDistance(checks: number): number {
  return Math.max(MARKED, normalQuantile(1 - FALSE_ALARM / (2 * Math.max(1, checks))));
}

export interface Share {
  readonly count: number;
  readonly runs: number;
}

/** `0.45 ± 0.17`, in per cent, with the standard error (Agresti and Coull's, so that 0 has one too). */
export function shareText({ count, runs }: Share): string {
  return `${percentText(count / runs)} ± ${percentText(shareError({ count, runs }))}`;
}

export function percentText(share: number): string {
  const percent = share * 100;
  return percent >= 9.95 ? percent.toFixed(0) : percent >= 0.995 ? percent.toFixed(1) : percent.toFixed(2);
}

export function shareError({ count, runs }: Share): number {
  const share = (count + 0.5) / (runs + 1);
  return Math.sqrt((share * (1 - share)) / runs);
}

/**
 * Our share beside a printed one, `percent` of `pageRuns` rounded to `half` (in per cent). The page's count is taken to
 * be the one nearest to ours that prints so. The distance is that of the exact conditional test (given the sum of both
 * counts, ours is binomial), as a normal deviate: near 0 a normal approximation would not hold.
 */
export function checkShare(what: string, ours: Share, percent: number, pageRuns: number, half = 0.05): Check {
  const low = ((percent - half) / 100) * pageRuns;
  const high = ((percent + half) / 100) * pageRuns;
  const same = (ours.count / ours.runs) * pageRuns;
  const page = Math.min(pageRuns, Math.max(0, Math.min(Math.max(same, low), high)));
  // Rare outcomes are compared as counts; where the outcome is common, its absence is the rare one.
  const common = ours.count + page > (ours.runs + pageRuns) / 2;
  const [left, right] = common ? [ours.runs - ours.count, pageRuns - page] : [ours.count, page];
  return {
    what,
    ours: `${shareText(ours)} %`,
    page: `${percent} %`,
    errors: countDistance(left, ours.runs, Math.round(right), pageRuns),
  };
}

/** Our share beside a bound that the page gives; below it there is no distance. */
export function checkAtMost(what: string, ours: Share, percent: number, half = 0.05): Check {
  const expected = ((percent + half) / 100) * ours.runs;
  const above = Math.max(0, ours.count - expected) / Math.sqrt(expected);
  return { what, ours: `${shareText(ours)} %`, page: `<= ${percent} %`, errors: above };
}

/**
 * Our median beside a printed one, a miss being infinite: how far the shares of our runs below and up to the printed
 * minute are from one half. Needs no density, and knows of ties.
 */
export function checkMedian(what: string, minutes: readonly number[], page: number, pageRuns: number): Check {
  const half = Number.isInteger(page) && page >= 10 ? 0.5 : 0.06;
  const below = minutes.filter((minute) => minute < page - half).length / minutes.length;
  const upTo = minutes.filter((minute) => minute <= page + half).length / minutes.length;
  const distance = Math.max(0, below - 0.5, 0.5 - upTo);
  const error = Math.sqrt(0.25 / minutes.length + 0.25 / pageRuns);
  return { what, ours: medianText(minutes), page: `${page} min`, errors: distance / error };
}

/** A figure that is computed, not simulated: it must print the same. */
export function checkSame(what: string, ours: string, page: string): Check {
  return { what, ours, page, errors: ours === page ? 0 : Number.POSITIVE_INFINITY };
}

/** Median in which a miss (0 or infinite) counts as infinite; infinite when half are missed. */
export function medianOf(minutes: readonly number[]): number {
  const sorted = [...minutes].sort((left, right) => left - right);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.POSITIVE_INFINITY;
}

/** `12.5 ± 0.2`: half the distance of the order statistics one standard error beside the middle. */
export function medianText(minutes: readonly number[]): string {
  const median = medianOf(minutes);
  if (!Number.isFinite(median)) return '-';
  const sorted = [...minutes].sort((left, right) => left - right);
  const error = Math.sqrt(sorted.length) / 2;
  const at = (rank: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))] ?? 0;
  const spread = (at(sorted.length / 2 + error) - at(sorted.length / 2 - error)) / 2;
  return `${median.toFixed(1)}${Number.isFinite(spread) ? ` ± ${spread.toFixed(1)}` : ''}`;
}

/** Normal deviate of the two-sided conditional test for two counts of rare events. */
function countDistance(left: number, leftRuns: number, right: number, rightRuns: number): number {
  const total = left + right;
  const expected = (total * leftRuns) / (leftRuns + rightRuns);
  if (total === 0 || Math.abs(left - expected) < 0.5) return 0;
  if (total > 2_000 || Math.min(left, right) > 100) {
    const share = total / (leftRuns + rightRuns);
    const error = Math.sqrt(share * (1 - share) * (1 / leftRuns + 1 / rightRuns));
    return Math.abs(left / leftRuns - right / rightRuns) / error;
  }
  const tail = binomialTail(total, left, leftRuns / (leftRuns + rightRuns), left > expected);
  return normalQuantile(1 - Math.min(0.5, Math.max(1e-15, tail)));
}

/** Chance of `count` or more (or of `count` or fewer) of `total`. */
function binomialTail(total: number, count: number, chance: number, isUpper: boolean): number {
  let log = total * Math.log(1 - chance);
  let tail = 0;
  for (let at = 0; at <= total; at += 1) {
    if (isUpper ? at >= count : at <= count) tail += Math.exp(log);
    log += Math.log((total - at) / (at + 1)) + Math.log(chance / (1 - chance));
  }
  return tail;
}
