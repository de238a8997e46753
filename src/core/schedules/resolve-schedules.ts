/** From the catalogue to the schedules that the server should have: every default written out. Pure. */
import { DEFAULT_COPY_SCHEDULE, cacheIn } from '../catalogue/copy-rules.ts';
import { DEFAULT_SCHEDULES, databaseIn } from '../catalogue/database-rules.ts';
import type { DatabaseSchedulesEntry, Off, ScheduleEntry, SchedulesEntry } from '../model/catalogue-database.ts';
import type { Catalogue } from '../model/catalogue.ts';
import { durationMs } from '../model/duration.ts';
import { scheduleId, TASK_QUEUES, WORKFLOWS } from '../model/names.ts';
import { type CalendarPlan, parseCron } from './cron.ts';
import type { SchedulePlan } from './schedule-plan.ts';

const DEFAULT_CATCH_UP = '12h';
export const DEFAULT_OWNER = 'mainstay';

/** Sorted by id. The catalogue has passed its contract. */
export function resolveSchedules(catalogue: Catalogue): readonly SchedulePlan[] {
  const shared = catalogue.schedules ?? {};
  const wanted = shared.environments ?? Object.keys(catalogue.environments);
  const plans = wanted.flatMap((environment) => [
    ...ofDatabases(catalogue, environment, shared),
    ...ofCaches(catalogue, environment, shared),
    ...ofCluster(catalogue, environment, shared),
  ]);
  return plans.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function ofDatabases(catalogue: Catalogue, environment: string, shared: SchedulesEntry): readonly SchedulePlan[] {
  const plans = Object.entries(catalogue.databases ?? {}).flatMap(([database, entry]) => {
    const effective = databaseIn(entry, environment);
    if (!effective) return [];
    const { schedules = {}, dump } = effective;
    const args = { database, environment };
    const has = typeof dump === 'object';
    return [
      ...one(schedules, 'backup', {
        kind: 'backup',
        type: WORKFLOWS.backUpDatabase,
        name: database,
        args,
        environment,
        shared,
      }),
      ...one(schedules, 'verification', {
        kind: 'verification',
        type: WORKFLOWS.verifyRestore,
        name: database,
        args,
        environment,
        shared,
      }),
      ...(has
        ? one(schedules, 'dump', {
            kind: 'dump',
            type: WORKFLOWS.dumpDatabase,
            name: database,
            args,
            environment,
            shared,
          })
        : []),
    ];
  });
  if (plans.length === 0 && !hasDatabases(catalogue, environment)) return [];
  const sweep = { kind: 'sweep', type: WORKFLOWS.sweepTemporaries, args: { environment }, environment, shared };
  return [...plans, ...planned(shared.sweep ?? DEFAULT_SCHEDULES.sweep, sweep)];
}

function hasDatabases({ databases = {} }: Catalogue, environment: string): boolean {
  return Object.values(databases).some(({ environments }) => Object.hasOwn(environments, environment));
}

function ofCaches(catalogue: Catalogue, environment: string, shared: SchedulesEntry): readonly SchedulePlan[] {
  return Object.entries(catalogue.caches ?? {}).flatMap(([cache, entry]) => {
    const effective = cacheIn(entry, environment);
    if (!effective) return [];
    const args = { cache, environment };
    const what = { kind: 'cache', type: WORKFLOWS.backUpCache, name: cache, args, environment, shared };
    return planned(effective.schedule ?? DEFAULT_COPY_SCHEDULE, what);
  });
}

function ofCluster(catalogue: Catalogue, environment: string, shared: SchedulesEntry): readonly SchedulePlan[] {
  const entry = catalogue.environments[environment]?.clusterBackup;
  if (!entry) return [];
  const what = { kind: 'cluster', type: WORKFLOWS.backUpCluster, args: { environment }, environment, shared };
  return planned(entry.schedule ?? DEFAULT_COPY_SCHEDULE, what);
}

interface Scheduled {
  readonly kind: string;
  readonly type: string;
  readonly name?: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly environment: string;
  readonly shared: SchedulesEntry;
}

function one(
  schedules: DatabaseSchedulesEntry,
  key: keyof DatabaseSchedulesEntry,
  what: Scheduled,
): readonly SchedulePlan[] {
  return planned(schedules[key] ?? DEFAULT_SCHEDULES[key], what);
}

function planned(entry: ScheduleEntry | Off, { kind, type, name, args, environment, shared }: Scheduled) {
  if (entry === 'off') return [];
  const { cron, every } = entry;
  const paused = entry.paused ?? shared.paused;
  const id = scheduleId(kind, environment, name);
  const plan: SchedulePlan = {
    id,
    workflowType: type,
    workflowId: id.replace(/^mainstay\//, ''),
    taskQueue: TASK_QUEUES.main,
    args: [args],
    calendars: cron === undefined ? [] : [calendarOf(cron)],
    ...(every !== undefined && { everyMs: durationMs(every) }),
    timeZone: entry.timeZone ?? shared.timeZone ?? 'UTC',
    jitterMs: durationMs(entry.jitter ?? shared.jitter ?? '0s'),
    overlap: entry.overlap ?? shared.overlap ?? 'skip',
    catchUpMs: durationMs(entry.catchUp ?? shared.catchUp ?? DEFAULT_CATCH_UP),
    ...(paused !== undefined && { paused }),
  };
  return [plan];
}

function calendarOf(cron: string): CalendarPlan {
  const parsed = parseCron(cron);
  if ('problem' in parsed) throw new Error(`cron ${JSON.stringify(cron)}: ${parsed.problem}`);
  return parsed.calendar;
}
