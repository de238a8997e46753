import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_DURATION_MS, formatDuration, parseDurationMs } from '../../../src/core/model/duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('durations', () => {
  it.each([
    { text: '10s', ms: 10 * SECOND },
    { text: '5m', ms: 5 * MINUTE },
    { text: '1h30m', ms: 90 * MINUTE },
    { text: '24h', ms: 24 * HOUR },
    { text: '500ms', ms: 500 },
    { text: '1.5s', ms: 1500 },
    { text: '30d', ms: 30 * 24 * HOUR },
    { text: '0s', ms: 0 },
    { text: '1d2h3m4s5ms', ms: 26 * HOUR + 3 * MINUTE + 4 * SECOND + 5 },
  ])('reads $text as $ms ms', ({ text, ms }) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each([
    '',
    '10',
    's',
    '10 s',
    '-10s',
    '30m1h',
    '1h1h',
    '10S',
    '10sec',
    'P1D',
    '1.5h',
    '400d',
    '1e3s',
    ' 10s',
    '10s\n',
  ])('refuses %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LONGEST_DURATION_MS }), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
