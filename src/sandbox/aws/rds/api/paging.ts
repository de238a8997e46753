import type { QueryInput } from './query-input.ts';
import { RdsError } from './errors.ts';

/** One page of a list (`MaxRecords` 20 to 100, `Marker` of the page before) and the marker of the next one. */
export function page<T>(
  input: QueryInput,
  all: readonly T[],
): { readonly items: readonly T[]; readonly marker?: string } {
  const size = input.whole('MaxRecords', { min: 20, max: 100 }) ?? 100;
  const start = input.has('Marker') ? offsetOf(input.text('Marker') ?? '') : 0;
  const items = all.slice(start, start + size);
  const next = start + items.length;
  return next < all.length ? { items, marker: Buffer.from(`sandbox:${next}`).toString('base64url') } : { items };
}

function offsetOf(marker: string): number {
  if (marker === '') return 0;
  const match = /^sandbox:(\d+)$/.exec(Buffer.from(marker, 'base64url').toString());
  if (match) return Number(match[1]);
  throw new RdsError('InvalidParameterValue', `The value ${marker} for Marker is invalid`);
}
