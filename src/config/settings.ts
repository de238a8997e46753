/** Settings of the process, from its environment: addresses, queues, limits. What operations do stands in the catalogue. */
import { z } from 'zod';
import { problemsOf } from '../contracts/problems.ts';
import { duration, oneOf } from '../contracts/schema.ts';
import { durationMs } from '../core/model/duration.ts';
import { TASK_QUEUES } from '../core/model/names.ts';
import type { Problem } from '../core/model/problem.ts';
import { DEFAULT_CATALOGUE } from './load-catalogue.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export interface Settings {
  /** Path of the catalogue. */
  readonly cataloguePath: string;
  readonly taskQueue: string;
  /** Queue of the observing activities, polled by the same process. */
  readonly watchTaskQueue: string;
  /** Observing activities at once: at least the deployments in flight. */
  readonly watchSlots: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Activities get this long to finish when the process is asked to stop. */
  readonly shutdownGraceMs: number;
  readonly stickyTimeoutMs: number;
  /** The longest wait for the Temporal server at the start. */
  readonly connectTimeoutMs: number;
  /** Folder of builds in flight, logs and the sandbox. */
  readonly stateDir: string;
}

/** One row a variable: what it means, what is expected, its default. The reference page is made from it. */
export const SETTINGS = {
  MAINSTAY_CONFIG: { says: 'Path of the catalogue.', fallback: DEFAULT_CATALOGUE },
  MAINSTAY_TASK_QUEUE: { says: 'Task queue of workflows and acting activities.', fallback: TASK_QUEUES.main },
  MAINSTAY_WATCH_TASK_QUEUE: { says: 'Task queue of the observing activities.', fallback: TASK_QUEUES.watch },
  MAINSTAY_WATCH_SLOTS: { says: 'Observing activities at once in this process (1 to 10000).', fallback: '1000' },
  MAINSTAY_LOG_LEVEL: { says: `One of ${LOG_LEVELS.join(', ')}.`, fallback: 'info' },
  MAINSTAY_SHUTDOWN_GRACE: { says: 'Time for activities to finish at a graceful stop.', fallback: '3s' },
  MAINSTAY_STICKY_TIMEOUT: { says: 'After this a killed worker is given no more workflow tasks.', fallback: '2s' },
  MAINSTAY_CONNECT_TIMEOUT: { says: 'Longest wait for the Temporal server.', fallback: '5s' },
  MAINSTAY_STATE_DIR: { says: 'Folder of running builds, logs and the sandbox.', fallback: '.mainstay' },
} as const;

type Variable = keyof typeof SETTINGS;

const queueName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,200}$/, { error: 'the name of a task queue: letters, digits, . _ and -, at most 200' });
const slots = 'a whole number from 1 to 10000';

const schema = z.object({
  MAINSTAY_CONFIG: z.string(),
  MAINSTAY_TASK_QUEUE: queueName,
  MAINSTAY_WATCH_TASK_QUEUE: queueName,
  MAINSTAY_WATCH_SLOTS: z.string().regex(/^([1-9]\d{0,3}|10000)$/, { error: slots }),
  MAINSTAY_LOG_LEVEL: oneOf(LOG_LEVELS),
  MAINSTAY_SHUTDOWN_GRACE: duration,
  MAINSTAY_STICKY_TIMEOUT: duration,
  MAINSTAY_CONNECT_TIMEOUT: duration,
  MAINSTAY_STATE_DIR: z.string(),
}) satisfies z.ZodType<Record<Variable, string>>;

/** The settings, or everything that is wrong with them; a variable that is empty counts as not set. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly settings: Settings } | { readonly problems: readonly Problem[] } {
  const given = Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { fallback }]) => [name, environment[name] || fallback]),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) return { problems: problemsOf(parsed.error, given) };
  const { data } = parsed;
  return {
    settings: {
      cataloguePath: data.MAINSTAY_CONFIG,
      taskQueue: data.MAINSTAY_TASK_QUEUE,
      watchTaskQueue: data.MAINSTAY_WATCH_TASK_QUEUE,
      watchSlots: Number(data.MAINSTAY_WATCH_SLOTS),
      logLevel: data.MAINSTAY_LOG_LEVEL,
      shutdownGraceMs: durationMs(data.MAINSTAY_SHUTDOWN_GRACE),
      stickyTimeoutMs: durationMs(data.MAINSTAY_STICKY_TIMEOUT),
      connectTimeoutMs: durationMs(data.MAINSTAY_CONNECT_TIMEOUT),
      stateDir: data.MAINSTAY_STATE_DIR,
    },
  };
}

/** The table as a Markdown page, for docs/reference/settings.generated.md. */
export function settingsPage(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { says, fallback }]) => `| \`${name}\` | ${says} | \`${fallback}\` |`,
  );
  return [
    '# Settings of the process',
    '',
    'Temporal connections are read from the standard `TEMPORAL_*` variables and `temporal.toml`.',
    '',
    '| variable | meaning | default |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
