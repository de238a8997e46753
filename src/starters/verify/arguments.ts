/** Values of the commands about the restore suite. */
import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../../core/model/duration.ts';
import type { ClosedRange } from '../../core/model/restore.ts';

const GB = 1_000_000_000;
export const SAMPLE_ABOVE_BYTES = 100 * GB;

export function connectionsArgument(text: string): number {
  const count = Number(text);
  if (/^\d{1,2}$/.test(text) && count >= 1 && count <= 64) return count;
  throw new InvalidArgumentError('Expected a whole number from 1 to 64.');
}

/** Milliseconds. */
export function durationArgument(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('Expected a duration with its unit, such as 30s or 10m.');
}

/** Bytes. */
export function gigabytesArgument(text: string): number {
  const amount = text.trim() === '' ? Number.NaN : Number(text);
  if (amount > 0 && Number.isFinite(amount)) return amount * GB;
  throw new InvalidArgumentError('Expected a number of gigabytes, such as 50.');
}

export function listArgument(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

const NAME = String.raw`("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
const RANGE = new RegExp(`^${NAME}\\.${NAME}(?:\\s+where\\s+(.+))?$`, 'isu');

/** `schema.table`, or `schema.table where <condition>`. A name with other letters is written in double quotes. */
export function closedArgument(text: string, before: readonly ClosedRange[]): readonly ClosedRange[] {
  const match = RANGE.exec(text.trim());
  if (!match) throw new InvalidArgumentError('Expected schema.table, or schema.table where and a condition.');
  const [, schema = '', table = '', where] = match;
  return [...before, { schema: bare(schema), table: bare(table), ...(where === undefined ? {} : { where }) }];
}

function bare(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
