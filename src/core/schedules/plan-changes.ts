/** What has to be done so that the server's schedules equal the catalogue's. Pure; nobody else's schedule is touched. */
import { canonicalJson } from '../model/canonical-json.ts';
import type { CalendarPlan, FieldRange } from './cron.ts';
import type { ObservedSchedule, ScheduleMark, SchedulePlan } from './schedule-plan.ts';

export type ScheduleChange =
  | { readonly do: 'create'; readonly id: string; readonly plan: SchedulePlan }
  /** `differs`: the fields, in words. */
  | { readonly do: 'update'; readonly id: string; readonly plan: SchedulePlan; readonly differs: readonly string[] }
  | { readonly do: 'delete'; readonly id: string }
  | { readonly do: 'keep'; readonly id: string; readonly note?: string }
  /** The id is taken by a schedule without our mark: a person has to look. */
  | { readonly do: 'refuse'; readonly id: string; readonly reason: string };

export function planScheduleChanges(
  wanted: readonly SchedulePlan[],
  observed: readonly ObservedSchedule[],
  owner: string,
): readonly ScheduleChange[] {
  const seen = new Map(observed.map((each) => [each.id, each]));
  const ids = new Set(wanted.map(({ id }) => id));
  const changes = wanted.map((plan) => changeFor(plan, seen.get(plan.id), owner));
  const gone = observed
    .filter(({ id, mark }) => isOurs(mark, owner) && !ids.has(id))
    .map(({ id }): ScheduleChange => ({ do: 'delete', id }));
  return [...changes, ...gone].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function isOurs(mark: ScheduleMark | undefined, owner: string): boolean {
  return mark?.managedBy === 'mainstay' && mark.owner === owner;
}

function changeFor(plan: SchedulePlan, found: ObservedSchedule | undefined, owner: string): ScheduleChange {
  const { id } = plan;
  if (!found) return { do: 'create', id, plan };
  if (!isOurs(found.mark, owner)) {
    const whose = found.mark ? `of the catalogue ${found.mark.owner}` : "without Mainstay's mark";
    return { do: 'refuse', id, reason: `there is a schedule of that id ${whose}: it was not touched` };
  }
  const differs = found.plan ? differences(plan, found.plan) : ['action'];
  if (differs.length > 0) return { do: 'update', id, plan, differs };
  // Nobody said what it should be: a person paused it, and a person may go on.
  if (plan.paused === undefined && found.plan?.paused === true) return { do: 'keep', id, note: 'it is paused' };
  return { do: 'keep', id };
}

const WORDS: Readonly<Record<Exclude<keyof SchedulePlan, 'id'>, string>> = {
  workflowType: 'workflow',
  workflowId: 'workflow id',
  taskQueue: 'task queue',
  args: 'input',
  calendars: 'time',
  everyMs: 'interval',
  timeZone: 'time zone',
  jitterMs: 'jitter',
  overlap: 'overlap',
  catchUpMs: 'catch-up',
  paused: 'paused',
};

function differences(wanted: SchedulePlan, found: SchedulePlan): readonly string[] {
  return (Object.keys(WORDS) as (keyof typeof WORDS)[])
    .filter((key) => key !== 'paused' || wanted.paused !== undefined)
    .filter((key) => comparable(key, wanted) !== comparable(key, found))
    .map((key) => WORDS[key]);
}

function comparable(key: keyof typeof WORDS, plan: SchedulePlan): string {
  if (key === 'calendars') return canonicalJson(plan.calendars.map(calendarText).sort());
  return canonicalJson(plan[key] ?? null);
}

/** Ranges that mean the same values read the same, however they are written. */
function calendarText(calendar: CalendarPlan): string {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = calendar;
  return [minute, hour, dayOfMonth, month, dayOfWeek].map((ranges) => valuesOf(ranges).join(',')).join(' ');
}

function valuesOf(ranges: readonly FieldRange[]): readonly number[] {
  const values = new Set<number>();
  for (const { start, end, step } of ranges) {
    for (let value = start; value <= Math.max(start, end); value += Math.max(1, step)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}
