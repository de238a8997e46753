/** Schedules in words, for terminals. */
import { formatDuration } from '../model/duration.ts';
import type { CalendarPlan, FieldRange } from './cron.ts';
import type { SchedulePlan } from './schedule-plan.ts';

/** `0 2 * * * (Europe/Berlin)`, `every 6h (UTC)` */
export function timeInWords({ calendars, everyMs, timeZone, jitterMs }: SchedulePlan): string {
  const times = [...calendars.map(cronText), ...(everyMs === undefined ? [] : [`every ${formatDuration(everyMs)}`])];
  const jitter = jitterMs === 0 ? '' : `, up to ${formatDuration(jitterMs)} later`;
  return `${times.join(' and ')} (${timeZone}${jitter})`;
}

const WIDE = { minute: [0, 59], hour: [0, 23], dayOfMonth: [1, 31], month: [1, 12], dayOfWeek: [0, 6] } as const;

function cronText(calendar: CalendarPlan): string {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = calendar;
  return [
    fieldText(minute, WIDE.minute),
    fieldText(hour, WIDE.hour),
    fieldText(dayOfMonth, WIDE.dayOfMonth),
    fieldText(month, WIDE.month),
    fieldText(dayOfWeek, WIDE.dayOfWeek),
  ].join(' ');
}

function fieldText(ranges: readonly FieldRange[], [least, most]: readonly [number, number]): string {
  return ranges
    .map(({ start, end, step }) => {
      const all = start === least && end >= most;
      const base = all ? '*' : end <= start ? `${start}` : `${start}-${end}`;
      return step > 1 ? `${base}/${step}` : base;
    })
    .join(',');
}
