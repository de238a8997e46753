/** A bound of a threshold as people write it: an operator and a number in the metric's unit. */
import type { Bound, Comparison } from './analysis.ts';

export const METRIC_UNITS = ['%', 's', 'ms', ''] as const;
export type MetricUnit = (typeof METRIC_UNITS)[number];

export const BOUND_PATTERN = /^(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(%|ms|s)?$/;

/**
 * Undefined when the text is no bound of that unit. Per cent become ratios; seconds and milliseconds are converted into
 * the metric's unit. A unit must be written exactly when the metric has one: `> 5` on a ratio could mean 5 or 500 %.
 *
 * `parseBound('> 5%', '%')` -> `{ op: '>', limit: 0.05 }`; `parseBound('<= 250ms', 's')` -> `{ op: '<=', limit: 0.25 }`.
 */
export function parseBound(text: string, unit: MetricUnit): Bound | undefined {
  const match = BOUND_PATTERN.exec(text.trim());
  if (!match) return undefined;
  const [, op, amount, written = ''] = match;
  const limit = inUnit(Number(amount), written, unit);
  return limit === undefined || !Number.isFinite(limit) ? undefined : { op: op as Comparison, limit };
}

function inUnit(amount: number, written: string, unit: MetricUnit): number | undefined {
  // toPrecision takes away what binary division adds: 7 % is 0.07, not 0.07000000000000001.
  if (written === unit) return unit === '%' ? Number((amount / 100).toPrecision(12)) : amount;
  if (written === 'ms' && unit === 's') return Number((amount / 1000).toPrecision(12));
  if (written === 's' && unit === 'ms') return Number((amount * 1000).toPrecision(12));
  return undefined;
}

/** What a problem says was expected of a bound in this unit. */
export function boundExpected(unit: MetricUnit): string {
  const example = {
    '%': `"> 5%" or "<= 1%"`,
    s: `"> 2s" or "<= 500ms"`,
    ms: `"> 2s" or "<= 500ms"`,
    '': `"> 5" or "<= 0.5"`,
  };
  const how = unit === '' ? 'a number without unit' : `a number in ${unit === '%' ? '%' : 's or ms'}`;
  return `a bound: <, <=, > or >= and ${how}, such as ${example[unit]}`;
}

/** `> 5 %`, `<= 0.25 s`: a limit in the unit people read. */
export function describeBound(bound: Bound, unit: MetricUnit): string {
  const amount = unit === '%' ? Number((bound.limit * 100).toPrecision(12)) : bound.limit;
  return `${bound.op} ${amount}${unit === '' ? '' : ` ${unit}`}`;
}
