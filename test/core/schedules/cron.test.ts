import { describe, expect, it } from 'vitest';
import { isTimeZone, parseCron } from '../../../src/core/schedules/cron.ts';

const all = (start: number, end: number) => [{ start, end, step: 1 }];
const one = (value: number) => [{ start: value, end: value, step: 1 }];

describe('parseCron', () => {
  it.each([
    ['0 2 * * *', { minute: one(0), hour: one(2), dayOfMonth: all(1, 31), month: all(1, 12), dayOfWeek: all(0, 6) }],
    ['0 4 1 * *', { hour: one(4), dayOfMonth: one(1) }],
    ['*/15 * * * *', { minute: [{ start: 0, end: 59, step: 15 }] }],
    ['5/20 * * * *', { minute: [{ start: 5, end: 59, step: 20 }] }],
    ['0 3 * * sun', { dayOfWeek: one(0) }],
    ['0 3 * * 7', { dayOfWeek: one(0) }],
    ['0 3 * * 5-7', { dayOfWeek: [...one(0), ...one(5), ...one(6)] }],
    ['0 3 * * mon-fri', { dayOfWeek: all(1, 5) }],
    ['0 3 1 jan,jul *', { month: [...one(1), ...one(7)] }],
    ['1,2 3-4 * * *', { minute: [...one(1), ...one(2)], hour: all(3, 4) }],
  ])('reads %s', (text, expected) => {
    expect(parseCron(text)).toMatchObject({ calendar: expected });
  });

  it.each([
    ['0 2 * *', 'five fields, found 4'],
    ['60 2 * * *', 'minute from 0 to 59'],
    ['0 24 * * *', 'hour from 0 to 23'],
    ['0 2 0 * *', 'dayOfMonth from 1 to 31'],
    ['0 2 * 13 *', 'month from 1 to 12'],
    ['0 2 * * 8', 'dayOfWeek from 0 to 7'],
    ['0 5-2 * * *', 'hour from 0 to 23'],
    ['*/0 2 * * *', 'minute from 0 to 59'],
    ['a 2 * * *', 'minute from 0 to 59'],
    ['0 4 1 * mon', 'not both'],
  ])('refuses %s', (text, problem) => {
    expect(parseCron(text)).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});

it.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Europe/Atlantis', false],
])('knows of the time zone %s whether there is one: %s', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
