/** Sizes and short spans as a report writes them. */
import { spanInWords } from '../status/words.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1536` -> `1.5 KiB`, `495_000_000` -> `472 MiB`. */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** As `spanInWords`, but below ten seconds with tenths: `740` -> `0.7 s`. */
export function shortSpan(ms: number): string {
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : spanInWords(ms);
}

/** A value of a trend. */
export function amountInWords(unit: 'span' | 'bytes', value: number): string {
  return unit === 'bytes' ? bytesInWords(value) : shortSpan(value);
}
