/** Cron texts as calendars of ranges: what the server keeps of a schedule, so that both can be compared. */

/** A range of one field, as the server writes it: `step` 1 and `end` = `start` where nothing else is meant. */
export interface FieldRange {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Every field has to match. Days of the week count from 0, Sunday. */
export interface CalendarPlan {
  readonly minute: readonly FieldRange[];
  readonly hour: readonly FieldRange[];
  readonly dayOfMonth: readonly FieldRange[];
  readonly month: readonly FieldRange[];
  readonly dayOfWeek: readonly FieldRange[];
}

const FIELDS = [
  { name: 'minute', least: 0, most: 59, words: [] },
  { name: 'hour', least: 0, most: 23, words: [] },
  { name: 'dayOfMonth', least: 1, most: 31, words: [] },
  {
    name: 'month',
    least: 1,
    most: 12,
    words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'dayOfWeek', least: 0, most: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const;

type Field = (typeof FIELDS)[number];

export type ParsedCron = { readonly calendar: CalendarPlan } | { readonly problem: string };

/**
 * `0 2 * * *` -> minute 0, hour 2, every day; `0 4 1 * *` -> the 1st at 04:00. A text that restricts both the day of
 * the month and the day of the week is refused: cron means *either* of them, a calendar *both*.
 */
export function parseCron(text: string): ParsedCron {
  const written = text.trim().split(/\s+/);
  if (written.length !== FIELDS.length) return { problem: `five fields, found ${written.length}` };
  const calendar: Partial<Record<Field['name'], readonly FieldRange[]>> = {};
  for (const [index, field] of FIELDS.entries()) {
    const ranges = parseField(written[index] ?? '', field);
    if (typeof ranges === 'string') return { problem: ranges };
    calendar[field.name] = ranges;
  }
  if (written[2] !== '*' && written[4] !== '*') {
    return { problem: 'a day of the month or a day of the week, not both: one would be read as "either of them"' };
  }
  return { calendar: calendar as CalendarPlan };
}

function parseField(text: string, field: Field): readonly FieldRange[] | string {
  const { name, least, most } = field;
  const ranges: FieldRange[] = [];
  for (const part of text.split(',')) {
    const match = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(part);
    const bad = `${name} from ${least} to ${most} (*, a number, a range, */n, or a list of them), found ${JSON.stringify(part)}`;
    if (!match) return bad;
    const [, first = '', last, every] = match;
    const step = every === undefined ? 1 : Number(every);
    const isAll = first === '*';
    if (isAll && last !== undefined) return bad;
    const top = name === 'dayOfWeek' ? 6 : most;
    const start = isAll ? least : numberOf(first, field);
    // `5/15` means from 5 on, every 15.
    const end = isAll || (last === undefined && every !== undefined) ? top : numberOf(last ?? first, field);
    if (start === undefined || end === undefined || step < 1 || start > end || end > most) return bad;
    ranges.push(...(name === 'dayOfWeek' ? daysFromSunday({ start, end, step }) : [{ start, end, step }]));
  }
  return ranges.map(tidy);
}

/** Cron's second Sunday, 7, is 0. */
function daysFromSunday({ start, end, step }: FieldRange): readonly FieldRange[] {
  if (end < 7) return [{ start, end, step }];
  const days: number[] = [];
  for (let day = start; day <= end; day += step) days.push(day % 7);
  return [...new Set(days)].sort((a, b) => a - b).map((day) => ({ start: day, end: day, step: 1 }));
}

/** A step that reaches nothing else is none. */
function tidy({ start, end, step }: FieldRange): FieldRange {
  return start + step > end && step > 1 ? { start, end: start, step: 1 } : { start, end, step };
}

function numberOf(text: string, { least, most, words }: Field): number | undefined {
  const word = (words as readonly string[]).indexOf(text.toLowerCase());
  const value = word >= 0 ? word + (least === 1 ? 1 : 0) : Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

/** `true` for a name that the platform's time-zone data knows. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
