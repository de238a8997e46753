/** The one word, and why. FAIL beats COULD-NOT-VERIFY beats PASS; what stays unproven is named with every one of them. */
import type { CheckResult, CheckState, SuiteVerdict } from '../model/restore.ts';

export interface Judged {
  readonly verdict: SuiteVerdict;
  readonly reasons: readonly string[];
}

/** Worst first. The one ordering of states; nothing else compares them. */
export const WORST_FIRST = [
  'fail',
  'couldNotVerify',
  'unproven',
  'warn',
  'skip',
  'pass',
] as const satisfies readonly CheckState[];

const STATE_WORDS: Readonly<Record<CheckState, string>> = {
  fail: 'FAIL',
  couldNotVerify: 'COULD NOT VERIFY',
  unproven: 'UNPROVEN',
  warn: 'WARN',
  skip: 'SKIP',
  pass: 'PASS',
};

export function stateInWords(state: CheckState): string {
  return STATE_WORDS[state];
}

export function judge(checks: readonly CheckResult[]): Judged {
  return { verdict: verdictOf(checks), reasons: reasonsOf(checks) };
}

/** Nothing that ran, or a check that was skipped without a failure before it, is no pass (S3). */
function verdictOf(checks: readonly CheckResult[]): SuiteVerdict {
  const has = (state: CheckState) => checks.some((check) => check.state === state);
  if (has('fail')) return 'FAIL';
  if (has('couldNotVerify') || has('skip') || !has('pass')) return 'COULD-NOT-VERIFY';
  return 'PASS';
}

/** `FAIL digest public.orders: as many rows ..., but with other values`. */
function reasonsOf(checks: readonly CheckResult[]): readonly string[] {
  const told = WORST_FIRST.filter((state) => state !== 'pass');
  return told.flatMap((state) => checks.filter((check) => check.state === state).map(reasonOf));
}

export function reasonOf({ kind, object, state, says }: CheckResult): string {
  return `${STATE_WORDS[state]} ${kind} ${object}: ${says}`;
}

export function sortChecks(checks: readonly CheckResult[]): readonly CheckResult[] {
  const rank = (check: CheckResult) => WORST_FIRST.indexOf(check.state);
  return checks.toSorted((one, other) => rank(one) - rank(other));
}
