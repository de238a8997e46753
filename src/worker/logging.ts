/** Where the worker writes: standard error, as text for a person in a terminal, else one JSON object a line. */
import { DefaultLogger, type LogEntry, type Logger } from '@temporalio/worker';
import { type Logger as Pino, pino } from 'pino';
import type { Settings } from '../config/settings.ts';

/** A worker that only watches has no workflows, and that is no reason to warn. */
const HARMLESS = /^No workflows registered/;
const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

export interface WorkerLog {
  /** What the worker itself has to say: written whatever the level. */
  readonly say: (line: string) => void;
  /** For the SDK, workflows and activities: from the level of the settings up. */
  readonly logger: Logger;
}

export interface LogTarget {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function createWorkerLog(
  { logLevel, logFormat }: Pick<Settings, 'logLevel' | 'logFormat'>,
  target: LogTarget = process.stderr,
): WorkerLog {
  const level = logLevel.toUpperCase() as Uppercase<typeof logLevel>;
  if (logFormat === 'text' || (logFormat === 'auto' && target.isTTY === true)) {
    const logger = new DefaultLogger(level, (entry) => unlessHarmless(entry, () => target.write(textOf(entry))));
    return { logger, say: (line) => target.write(`worker: ${line}\n`) };
  }
  const options = { level: 'trace', base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  const lines = pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, target);
  const logger = new DefaultLogger(level, (entry) => unlessHarmless(entry, () => writeJson(lines, entry)));
  return { logger, say: (line) => lines.info({ component: 'worker' }, line) };
}

function unlessHarmless(entry: LogEntry, write: () => void): void {
  if (!HARMLESS.test(entry.message)) write();
}

function writeJson(lines: Pino, { level, message, meta }: LogEntry): void {
  const { error, ...fields } = meta ?? {};
  lines[LEVELS[level]]({ ...withoutBigInts(fields), ...(error !== undefined && { err: error }) }, message);
}

function textOf({ level, message, meta, timestampNanos }: LogEntry): string {
  const { error, workflowId, activityType } = (meta ?? {}) as Record<string, unknown>;
  const where = [workflowId, activityType].filter((part) => typeof part === 'string').join(' ');
  const what = error instanceof Error ? `: ${error.stack ?? error.message}` : '';
  const at = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  return `${at} ${level} ${where === '' ? '' : `[${where}] `}${message}${what}\n`;
}

/** JSON has none; the SDK's metadata does. */
function withoutBigInts(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}
