import type { Operation } from './context.ts';
import { RdsError } from './errors.ts';
import { page } from './paging.ts';
import { list } from './xml.ts';

const MINUTE_MS = 60_000;
const KEPT_MINUTES = 14 * 24 * 60;

/** Of the last hour unless asked otherwise, as RDS has it. */
export const describeEvents: Operation = ({ region, input }) => {
  const source = input.text('SourceIdentifier')?.toLowerCase();
  const type = input.text('SourceType');
  if (source !== undefined && type === undefined) {
    throw new RdsError('InvalidParameterCombination', 'SourceType must be given with SourceIdentifier.');
  }
  const minutes = input.whole('Duration', { min: 1, max: KEPT_MINUTES }) ?? 60;
  const endMs = input.time('EndTime') ?? Number.POSITIVE_INFINITY;
  const startMs = input.time('StartTime') ?? Math.min(Date.now(), endMs) - minutes * MINUTE_MS;
  const categories = new Set(input.list('EventCategories'));
  const found = region.events.filter(
    (event) =>
      (source === undefined || source === event.sourceIdentifier) &&
      (type === undefined || type === event.sourceType) &&
      (categories.size === 0 || event.categories.some((category) => categories.has(category))) &&
      event.atMs >= startMs &&
      event.atMs <= endMs,
  );
  const { items, marker } = page(input, found);
  return {
    Marker: marker,
    Events: list(
      'Event',
      items.map((event) => ({
        SourceIdentifier: event.sourceIdentifier,
        SourceType: event.sourceType,
        Message: event.message,
        EventCategories: list('EventCategory', event.categories),
        Date: new Date(event.atMs),
        SourceArn: event.sourceArn,
      })),
    ),
  };
};
