/** The server's schedules in the shape of plans. Knows the server's ways of writing ranges and policies; no policy of its own. */
import {
  type CalendarSpec,
  type Client,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type ScheduleOptions,
  type ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { CalendarPlan, FieldRange } from '../../core/schedules/cron.ts';
import type { ObservedSchedule, ScheduleMark, SchedulePlan } from '../../core/schedules/schedule-plan.ts';

/** Key in the memo of a schedule of ours. */
const MARK = 'mainstaySchedule';
const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
const OVERLAPS = {
  skip: 'SKIP',
  bufferOne: 'BUFFER_ONE',
  bufferAll: 'BUFFER_ALL',
  allowAll: 'ALLOW_ALL',
} as const satisfies Record<SchedulePlan['overlap'], ScheduleOverlapPolicy>;

/** All that could be ours or in our way: those with our mark, and those whose id is wanted. */
export async function readSchedules(
  client: Client,
  wantedIds: readonly string[],
): Promise<readonly ObservedSchedule[]> {
  const ids = new Set(wantedIds);
  // The list is eventually consistent; each one that matters is asked for itself.
  for await (const { scheduleId, memo } of client.schedule.list()) if (memo?.[MARK] !== undefined) ids.add(scheduleId);
  const found = await Promise.all([...ids].map((id) => readSchedule(client, id)));
  return found.filter((each) => each !== undefined);
}

async function readSchedule(client: Client, id: string): Promise<ObservedSchedule | undefined> {
  try {
    const description = await client.schedule.getHandle(id).describe();
    const mark = description.memo?.[MARK] as ScheduleMark | undefined;
    const plan = planOf(description);
    return { id, ...(mark && { mark }), ...(plan && { plan }) };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

export async function createSchedule(client: Client, plan: SchedulePlan, owner: string): Promise<void> {
  const mark: ScheduleMark = { managedBy: 'mainstay', owner };
  const paused = plan.paused ?? false;
  await client.schedule.create({
    ...optionsOf(plan),
    scheduleId: plan.id,
    memo: { [MARK]: mark },
    state: { paused, note: NOTE },
  });
}

/** Keeps the mark, and a pause that the catalogue does not speak of. */
export async function updateSchedule(client: Client, plan: SchedulePlan): Promise<void> {
  await client.schedule.getHandle(plan.id).update(({ state }) => ({
    ...optionsOf(plan),
    state: { paused: plan.paused ?? state.paused, note: state.note ?? NOTE },
  }));
}

export async function deleteSchedule(client: Client, id: string): Promise<void> {
  try {
    await client.schedule.getHandle(id).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

const NOTE = 'made by mainstay schedules apply';

function optionsOf(plan: SchedulePlan): Pick<ScheduleOptions, 'spec' | 'action' | 'policies'> {
  return {
    spec: {
      calendars: plan.calendars.map(specOf),
      intervals: plan.everyMs === undefined ? [] : [{ every: plan.everyMs }],
      jitter: plan.jitterMs,
      timezone: plan.timeZone,
    },
    action: {
      type: 'startWorkflow',
      workflowType: plan.workflowType,
      workflowId: plan.workflowId,
      taskQueue: plan.taskQueue,
      args: [...plan.args],
    },
    policies: { overlap: OVERLAPS[plan.overlap], catchupWindow: plan.catchUpMs, pauseOnFailure: false },
  };
}

function specOf({ minute, hour, dayOfMonth, month, dayOfWeek }: CalendarPlan): CalendarSpec {
  return {
    second: 0,
    minute: [...minute],
    hour: [...hour],
    dayOfMonth: [...dayOfMonth],
    month: month.map((range) => named(range, MONTHS, 1)),
    dayOfWeek: dayOfWeek.map((range) => named(range, DAYS, 0)),
  };
}

function named<Name extends string>({ start, end, step }: FieldRange, names: readonly Name[], least: number) {
  const nameOf = (value: number): Name => {
    const name = names[value - least];
    if (name === undefined) throw new Error(`${value} is no number of ${names.join(', ')}`);
    return name;
  };
  return { start: nameOf(start), end: nameOf(end), step };
}

/** Undefined for one that does what no plan of ours does: several actions, seconds, years. */
function planOf(description: ScheduleDescription): (SchedulePlan & { readonly paused: boolean }) | undefined {
  const { spec, action, policies, state, scheduleId } = description;
  const overlap = (Object.keys(OVERLAPS) as (keyof typeof OVERLAPS)[]).find(
    (name) => OVERLAPS[name] === policies.overlap,
  );
  const [interval, ...more] = spec.intervals ?? [];
  const isOdd = (spec.skip ?? []).length > 0 || more.length > 0 || (interval?.offset ?? 0) !== 0;
  if (action.type !== 'startWorkflow' || overlap === undefined || isOdd) return undefined;
  return {
    id: scheduleId,
    workflowType: action.workflowType,
    workflowId: action.workflowId,
    taskQueue: action.taskQueue,
    args: action.args ?? [],
    calendars: (spec.calendars ?? []).map((calendar) => ({
      minute: calendar.minute,
      hour: calendar.hour,
      dayOfMonth: calendar.dayOfMonth,
      month: calendar.month.map((range) => numbered(range, MONTHS, 1)),
      dayOfWeek: calendar.dayOfWeek.map((range) => numbered(range, DAYS, 0)),
    })),
    ...(interval && { everyMs: interval.every }),
    timeZone: spec.timezone === undefined || spec.timezone === '' ? 'UTC' : spec.timezone,
    jitterMs: spec.jitter ?? 0,
    overlap,
    catchUpMs: policies.catchupWindow,
    paused: state.paused,
  };
}

function numbered<Name extends string>(
  { start, end, step }: { readonly start: Name; readonly end: Name; readonly step: number },
  names: readonly Name[],
  least: number,
): FieldRange {
  return { start: names.indexOf(start) + least, end: names.indexOf(end) + least, step };
}
