/** Durations as people write them: `10s`, `5m`, `1h30m`, `24h`, `500ms`, `30d`. A number without a unit is refused. */

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Largest unit first, each unit at most once: `1h30m`, not `30m1h`. */
export const DURATION_PATTERN = /^(?=\d)(\d+d)?(\d+h)?(\d+m(?!s))?(\d+(?:\.\d+)?s)?(\d+ms)?$/;

/** What a problem says was expected. */
export const DURATION_EXPECTED = 'a duration with its unit (ms, s, m, h, d), such as 10s, 5m or 1h30m';

/** Longer is a typing error, and timers of years hide forgotten work. */
export const LONGEST_DURATION_MS = 366 * UNIT_MS.d;

/**
 * Milliseconds, or undefined when the text is no duration (no unit, units out of order, longer than 366 days).
 *
 * `parseDurationMs('1h30m')` -> 5,400,000; `parseDurationMs('10')` -> undefined.
 */
export function parseDurationMs(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  const rounded = Math.round(totalMs);
  return rounded <= LONGEST_DURATION_MS ? rounded : undefined;
}

/** Milliseconds of a text that a schema has already accepted; throws on any other: that is a bug. */
export function durationMs(text: string): number {
  const parsed = parseDurationMs(text);
  if (parsed === undefined) throw new Error(`duration ${JSON.stringify(text)}: expected ${DURATION_EXPECTED}`);
  return parsed;
}

/** The shortest text of a duration: `formatDuration(5_400_000)` -> `1h30m`; `formatDuration(1500)` -> `1s500ms`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  if (rest === 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / UNIT_MS[unit]);
    rest -= amount * UNIT_MS[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text;
}
