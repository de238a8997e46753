/** What `mainstay doctor` found about one thing. */

/** `couldNotCheck`: the question had no answer; never a pass, and no proof of a fault. */
export type CheckResult = 'ok' | 'warning' | 'failed' | 'couldNotCheck';

export interface Check {
  /** Stable, for scripts: `temporal`, `workers`, `rights/production`. */
  readonly id: string;
  readonly result: CheckResult;
  readonly says: string;
  /** What to do about it, one step a line; empty when all is well. */
  readonly todo: readonly string[];
}

export interface Diagnosis {
  readonly ok: boolean;
  readonly counts: Readonly<Record<CheckResult, number>>;
  readonly checks: readonly Check[];
}

/** Worst first: what a person reads first. */
const ORDER: readonly CheckResult[] = ['failed', 'couldNotCheck', 'warning', 'ok'];

/** Ok: nothing failed and everything could be checked. Warnings do not count. */
export function diagnose(checks: readonly Check[]): Diagnosis {
  const count = (result: CheckResult): number => checks.filter((each) => each.result === result).length;
  const counts = {
    ok: count('ok'),
    warning: count('warning'),
    failed: count('failed'),
    couldNotCheck: count('couldNotCheck'),
  };
  return { ok: counts.failed === 0 && counts.couldNotCheck === 0, counts, checks };
}

export function worstOf(results: readonly CheckResult[]): CheckResult {
  return ORDER.find((each) => results.includes(each)) ?? 'ok';
}

export function ok(id: string, says: string): Check {
  return { id, result: 'ok', says, todo: [] };
}

export function warning(id: string, says: string, ...todo: readonly string[]): Check {
  return { id, result: 'warning', says, todo };
}

export function failed(id: string, says: string, ...todo: readonly string[]): Check {
  return { id, result: 'failed', says, todo };
}

export function notChecked(id: string, says: string, ...todo: readonly string[]): Check {
  return { id, result: 'couldNotCheck', says, todo };
}
