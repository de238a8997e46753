import { type ApiObject, type Json, listAt, numberAt, objectAt, textAt } from '../json.ts';
import type { Column } from './kind.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration the way kubectl prints ages: `45s`, `3m20s`, `12m`, `2h5m`, `3d4h`, `45d`, `2y30d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  const minutes = Math.floor(seconds / MINUTE);
  if (minutes < 10) return withRest(minutes, 'm', seconds % MINUTE, 's');
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.floor(seconds / HOUR);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(seconds / DAY);
  if (hours < 8 * 24) return withRest(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`;
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
}

export function since(timestamp: string | undefined, nowMs: number): string {
  const then = timestamp ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(then) ? '<unknown>' : humanDuration(nowMs - then);
}

export const NAME: Column = { name: 'Name', cell: (object) => object.metadata.name ?? '' };
export const AGE: Column = { name: 'Age', cell: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs) };

export function column(name: string, cell: (object: ApiObject, nowMs: number) => Json): Column {
  return { name, cell };
}

export function wide(name: string, cell: (object: ApiObject, nowMs: number) => Json): Column {
  return { name, cell, wide: true };
}

export function count(name: string, ...path: string[]): Column {
  return { name, type: 'integer', cell: (object) => numberAt(object, ...path) ?? 0 };
}

/** Wide columns that list the containers of a pod template. */
export const TEMPLATE_COLUMNS: readonly Column[] = [
  wide('Containers', (object) => joined(listAt(object, 'spec', 'template', 'spec', 'containers'), 'name')),
  wide('Images', (object) => joined(listAt(object, 'spec', 'template', 'spec', 'containers'), 'image')),
  wide('Selector', (object) => selectorText(objectAt(object, 'spec', 'selector'))),
];

export function joined(items: readonly Json[], key: string): string {
  return items.map((item) => textAt(item, key) ?? '').join(',');
}

/** A LabelSelector or a plain map as one line, `<none>` when empty. */
export function selectorText(selector: Json): string {
  const structured = objectAt(selector, 'matchLabels');
  const hasShape = Object.keys(structured).length > 0 || listAt(selector, 'matchExpressions').length > 0;
  const labels = hasShape ? structured : objectAt(selector);
  const parts = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  for (const item of hasShape ? listAt(selector, 'matchExpressions') : []) {
    const values = Array.isArray(item.values) ? item.values.join(',') : '';
    const key = textAt(item, 'key') ?? '';
    const operator = textAt(item, 'operator') ?? '';
    if (operator === 'Exists') parts.push(key);
    else if (operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${operator.toLowerCase()} (${values})`);
  }
  return parts.length > 0 ? parts.sort().join(',') : '<none>';
}
