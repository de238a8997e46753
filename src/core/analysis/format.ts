/** Numbers as people read them in reasons and on screens. */
import type { Bound, ThresholdPlan } from '../model/analysis.ts';
import { holds } from './threshold.ts';

/** `1,204`; `0.0312`; `643`. Four significant digits at most below 1,000. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : Number.isNaN(value) ? 'not a number' : '-infinite';
  const short = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
  const [whole = '0', fraction] = String(short).split('.');
  const grouped = whole.includes('e') ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A value with its unit: a ratio 0.081 with unit `%` is `8.10 %`. */
export function valueText(value: number, unit: string): string {
  if (unit === '%') return Number.isFinite(value) ? `${(value * 100).toFixed(2)} %` : numberText(value);
  return unit === '' ? numberText(value) : `${numberText(value)} ${unit}`;
}

/** A limit as it was written: 0.05 with unit `%` is `5 %`. */
export function limitText(bound: Bound, unit: string): string {
  const shown = unit === '%' ? `${numberText(bound.limit * 100)} %` : valueText(bound.limit, unit);
  return `${bound.op} ${shown}`;
}

/** Both bounds in words: `passes < 1 %, fails > 5 %`. */
export function boundsText(plan: ThresholdPlan, unit: string): string {
  const parts = [
    ...(plan.pass ? [`passes ${limitText(plan.pass, unit)}`] : []),
    ...(plan.fail ? [`fails ${limitText(plan.fail, unit)}`] : []),
  ];
  return parts.join(', ');
}

const OPPOSITE = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

/** The relation that a failing value has to its limit: `> 5 %`, also where only the pass bound `<= 5 %` is given. */
export function breachText(plan: ThresholdPlan, unit: string, value: number): string {
  if (plan.fail && (holds(plan.fail, value) || !plan.pass)) return limitText(plan.fail, unit);
  return plan.pass ? limitText({ op: OPPOSITE[plan.pass.op], limit: plan.pass.limit }, unit) : '';
}

/** `40 s`, `5 min`, `2.5 h`. */
export function durationText(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${numberText(Math.round(ms / 6000) / 10)} min`;
  return `${numberText(Math.round(ms / 360_000) / 10)} h`;
}

/** `1 failure`, `2 failures`. */
export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}
