import { describe, expect, it } from 'vitest';
import { type MetricUnit, describeBound, parseBound } from '../../../src/core/model/bound.ts';

describe('bounds', () => {
  it.each<{ text: string; unit: MetricUnit; op: string; limit: number; says: string }>([
    { text: '> 5%', unit: '%', op: '>', limit: 0.05, says: '> 5 %' },
    { text: '<=7%', unit: '%', op: '<=', limit: 0.07, says: '<= 7 %' },
    { text: '< 0.1%', unit: '%', op: '<', limit: 0.001, says: '< 0.1 %' },
    { text: '> 2s', unit: 's', op: '>', limit: 2, says: '> 2 s' },
    { text: '<= 250ms', unit: 's', op: '<=', limit: 0.25, says: '<= 0.25 s' },
    { text: '> 2s', unit: 'ms', op: '>', limit: 2000, says: '> 2000 ms' },
    { text: '>= 3', unit: '', op: '>=', limit: 3, says: '>= 3' },
    { text: '> -1.5', unit: '', op: '>', limit: -1.5, says: '> -1.5' },
  ])('$text of a metric in "$unit" is $says', ({ text, unit, op, limit, says }) => {
    const bound = parseBound(text, unit);
    expect(bound).toEqual({ op, limit });
    expect(bound && describeBound(bound, unit)).toBe(says);
  });

  it.each<{ text: string; unit: MetricUnit }>([
    { text: '> 0.05', unit: '%' },
    { text: '> 5%', unit: '' },
    { text: '> 5%', unit: 's' },
    { text: '> 5', unit: 's' },
    { text: '> 5s', unit: '' },
    { text: '5%', unit: '%' },
    { text: '= 5%', unit: '%' },
    { text: '> NaN', unit: '' },
    { text: '> 1e999', unit: '' },
    { text: '', unit: '' },
  ])('$text of a metric in "$unit" is refused', ({ text, unit }) => {
    expect(parseBound(text, unit)).toBeUndefined();
  });
});
