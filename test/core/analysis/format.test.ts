import { describe, expect, it } from 'vitest';
import {
  breachText,
  countText,
  durationText,
  limitText,
  numberText,
  valueText,
} from '../../../src/core/analysis/format.ts';
import { threshold } from './fixtures.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [1_204, '1,204'],
    [1_234_567.8, '1,234,568'],
    [0.031_234, '0.03123'],
    [643.21, '643.2'],
    [-1_500, '-1,500'],
    [1e-7, '1e-7'],
    [Infinity, 'infinite'],
    [NaN, 'not a number'],
  ])('%d is %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });
  it.each([
    [0.081, '%', '8.10 %'],
    [2_300, 'ms', '2,300 ms'],
    [0.5, '', '0.5'],
  ])('%d in %s is %s', (value, unit, text) => {
    expect(valueText(value, unit)).toBe(text);
  });
  it.each([
    [900, '1 s'],
    [90_000, '90 s'],
    [150_000, '2.5 min'],
    [7_200_000, '2 h'],
  ])('%d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
  it('limits stand as they were written', () => {
    expect(limitText({ op: '<=', limit: 0.05 }, '%')).toBe('<= 5 %');
    expect(limitText({ op: '>', limit: 2_000 }, 'ms')).toBe('> 2,000 ms');
    expect(breachText(threshold({ fail: undefined, pass: { op: '>=', limit: 0.95 } }), '%', 0.9)).toBe('< 95 %');
    expect(countText(1, 'failure')).toBe('1 failure');
  });
});
