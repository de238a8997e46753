/** Defaults and rules of databases and their schedules; paths are relative to the database as one environment sees it. */
import type {
  DatabaseEntry,
  DatabaseOverride,
  DatabaseSchedulesEntry,
  RetentionEntry,
  ScheduleEntry,
  SchedulesEntry,
} from '../model/catalogue-database.ts';
import { durationMs, formatDuration } from '../model/duration.ts';
import { isTimeZone, parseCron } from '../schedules/cron.ts';
import { mergeKeys } from './merge.ts';
import type { BrokenRule } from './rules.ts';

export const DEFAULT_RETENTION: readonly RetentionEntry[] = [
  { name: 'daily', keep: '30d', every: '1d' },
  { name: 'weekly', keep: '90d', every: '7d' },
  { name: 'monthly', keep: '365d', every: '30d' },
];

export const DEFAULT_SCHEDULES = {
  backup: { cron: '0 2 * * *' },
  verification: { cron: '0 4 1 * *' },
  dump: { every: '6h' },
  sweep: { every: '15m' },
} as const satisfies Record<keyof DatabaseSchedulesEntry | 'sweep', ScheduleEntry>;

/** Durations that are written nowhere. */
export const DATABASE_DEFAULTS = {
  rto: '2h',
  rpo: '1h',
  backupDeadline: '6h',
  dumpKeep: '30d',
  dumpDeadline: '4h',
  window: '31d',
  expiry: '12h',
  readyWithin: '3h',
  goneWithin: '1h',
  poll: '15s',
  keeperQuestion: '1m',
  checkTimeout: '30m',
} as const;

/** The database as one environment sees it; undefined where it has none. */
export function databaseIn(entry: DatabaseEntry, environment: string): DatabaseOverride | undefined {
  if (!Object.hasOwn(entry.environments, environment)) return undefined;
  const { environments, ...base } = entry;
  return mergeKeys(base, environments[environment]) as DatabaseOverride;
}

/** What must be written somewhere, and what contradicts itself. `region` is the environment's. */
export function brokenDatabaseRules(database: DatabaseOverride, region: string | undefined): BrokenRule[] {
  const missing = (path: readonly string[], value: unknown, what: string): BrokenRule[] =>
    value === undefined ? [{ path, expected: `${what}, here or in the database itself`, found: 'nothing' }] : [];
  const { backup = {}, verification = {} } = database;
  const own = database.region ?? region;
  const copyRegion = typeof backup.copyTo === 'object' ? backup.copyTo.region : undefined;
  return [
    ...missing(['instance'], database.instance, 'the identifier of the RDS instance'),
    ...missing(['connection'], database.connection, 'a secret reference of the postgres:// URL'),
    ...missing(['region'], own, 'the region (or in the environment)'),
    ...missing(['backup', 'manifests'], backup.manifests, 'the bucket of manifests and reports'),
    ...missing(
      ['verification', 'parameterGroup'],
      verification.parameterGroup,
      "the parameter group of the quarantine (the source's settings with the overrides of docs/backups.md)",
    ),
    ...missing(
      ['verification', 'securityGroupIds'],
      verification.securityGroupIds,
      'the security groups of the quarantine, without egress',
    ),
    ...(own !== undefined && copyRegion === own
      ? [{ path: ['backup', 'copyTo', 'region'], expected: `another region than ${own}`, found: copyRegion }]
      : []),
    ...brokenRetention(backup.retention ?? []),
    ...brokenRanges(database),
    ...brokenTimes(database),
    ...(['backup', 'verification', 'dump'] as const).flatMap((key) => {
      const schedule = database.schedules?.[key];
      return typeof schedule === 'object' ? under(['schedules', key], brokenScheduleRules(schedule)) : [];
    }),
  ];
}

function brokenRetention(tiers: readonly RetentionEntry[]): BrokenRule[] {
  const names = tiers.map(({ name }) => name);
  return tiers.flatMap(({ name, keep, every }, index) => [
    ...(names.indexOf(name) < index
      ? [{ path: ['backup', 'retention', index, 'name'], expected: 'a name of its own', found: `${name} again` }]
      : []),
    ...(durationMs(every) > durationMs(keep)
      ? [{ path: ['backup', 'retention', index, 'keep'], expected: `at least ${every}, its every`, found: keep }]
      : []),
  ]);
}

/** It must mean the same rows when the manifest is taken and when a copy is verified, months later. */
function brokenRanges({ verification = {} }: DatabaseOverride): BrokenRule[] {
  return (verification.closedRanges ?? []).flatMap(({ where = '' }, index) => {
    const moving =
      /\b(now|clock_timestamp|statement_timestamp|random|current_date|current_timestamp|localtimestamp)\b/i.exec(
        where,
      )?.[1];
    if (moving === undefined) return [];
    const expected = "a condition that always means the same rows, such as created_at < '2026-01-01'";
    return [{ path: ['verification', 'closedRanges', index, 'where'], expected, found: `${moving}, which moves` }];
  });
}

function brokenTimes({ verification = {} }: DatabaseOverride): BrokenRule[] {
  const expiry = verification.expiry ?? DATABASE_DEFAULTS.expiry;
  const ready = verification.readyWithin ?? DATABASE_DEFAULTS.readyWithin;
  const poll = verification.poll ?? DATABASE_DEFAULTS.poll;
  const written = verification.expiry === undefined ? 'readyWithin' : 'expiry';
  const broken: BrokenRule[] = [];
  if (durationMs(expiry) <= durationMs(ready)) {
    broken.push({
      path: ['verification', written],
      expected: 'an expiry longer than readyWithin: at its expiry the copy is deleted, whatever it is doing',
      found: `expiry ${expiry}, readyWithin ${ready}`,
    });
  }
  for (const key of ['readyWithin', 'goneWithin'] as const) {
    const within = verification[key] ?? DATABASE_DEFAULTS[key];
    if (durationMs(poll) < durationMs(within)) continue;
    broken.push({ path: ['verification', 'poll'], expected: `less than ${within}, ${key}`, found: poll });
  }
  return broken;
}

/** Of one schedule, or of the values that all share. */
export function brokenScheduleRules(entry: ScheduleEntry): BrokenRule[] {
  const { cron, every } = entry;
  const both = 'either cron or every';
  const rules = [
    ...(cron === undefined && every === undefined ? [{ path: [], expected: both, found: 'neither' }] : []),
    ...(cron !== undefined && every !== undefined ? [{ path: ['every'], expected: both, found: 'both' }] : []),
    ...brokenTimeZone(entry.timeZone),
  ];
  if (cron !== undefined) {
    const parsed = parseCron(cron);
    if ('problem' in parsed) rules.push({ path: ['cron'], expected: parsed.problem, found: JSON.stringify(cron) });
  }
  if (every !== undefined && durationMs(every) < 60_000) {
    rules.push({ path: ['every'], expected: 'at least 1m', found: formatDuration(durationMs(every)) });
  }
  return rules;
}

/** Paths relative to `schedules`. */
export function brokenSchedulesRules(entry: SchedulesEntry, environments: readonly string[]): BrokenRule[] {
  const unknown = (entry.environments ?? []).flatMap((name, index) =>
    environments.includes(name)
      ? []
      : [{ path: ['environments', index], expected: `one of ${environments.join(', ')}`, found: JSON.stringify(name) }],
  );
  const sweep = typeof entry.sweep === 'object' ? under(['sweep'], brokenScheduleRules(entry.sweep)) : [];
  return [...unknown, ...brokenTimeZone(entry.timeZone), ...sweep];
}

function brokenTimeZone(name: string | undefined): BrokenRule[] {
  if (name === undefined || isTimeZone(name)) return [];
  return [
    { path: ['timeZone'], expected: 'the name of a time zone, such as Europe/Berlin', found: JSON.stringify(name) },
  ];
}

function under(prefix: readonly string[], rules: readonly BrokenRule[]): BrokenRule[] {
  return rules.map((rule) => ({ ...rule, path: [...prefix, ...rule.path] }));
}
