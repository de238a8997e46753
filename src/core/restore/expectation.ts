/** What an integrity rule's number must be: `= 0`, `> 0`, `>= 1000`, `< 5%`. */
import type { Comparison } from '../model/analysis.ts';
import { parseBound } from '../model/bound.ts';
import { type Finding, finding } from './finding.ts';

export interface Expectation {
  readonly op: Comparison | '=';
  /** With `%` a ratio: `< 5%` is 0.05, and the query answers a ratio. */
  readonly limit: number;
}

export const EXPECTATION_EXPECTED = 'an operator (=, <, <=, >, >=) and a number, such as "= 0", ">= 1000" or "< 5%"';

/** Undefined when the text is none. */
export function parseExpectation(text: string): Expectation | undefined {
  const trimmed = text.trim();
  const bound = trimmed.startsWith('=') ? `>=${trimmed.slice(1)}` : trimmed;
  const parsed = parseBound(bound, trimmed.endsWith('%') ? '%' : '');
  if (!parsed) return undefined;
  return trimmed.startsWith('=') ? { op: '=', limit: parsed.limit } : parsed;
}

/** @param answered the number the query answered; null when it answered none: that is never a pass */
export function assessRule(
  rule: { readonly expect: string; readonly severity: 'fail' | 'warn' },
  answered: string | null,
): Finding {
  const expectation = parseExpectation(rule.expect);
  if (!expectation) return finding('couldNotVerify', `${JSON.stringify(rule.expect)} is no ${EXPECTATION_EXPECTED}`);
  const value = answered === null || answered.trim() === '' ? Number.NaN : Number(answered);
  if (Number.isNaN(value)) {
    return finding('couldNotVerify', `expected a number ${rule.expect}, the query answered ${answered ?? 'nothing'}`);
  }
  return holds(value, expectation)
    ? finding('pass', `${answered}, expected ${rule.expect}`)
    : finding(rule.severity, `${answered}, expected ${rule.expect}`);
}

function holds(value: number, { op, limit }: Expectation): boolean {
  switch (op) {
    case '=':
      return value === limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}
