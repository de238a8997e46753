import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from '../../../../src/sandbox/cluster/api/label-selector.ts';
import { matchesStructuredSelector } from '../../../../src/sandbox/cluster/api/structured-selector.ts';

const LABELS = { app: 'web', tier: 'front', build: '12', 'example.com/owner': 'sre', empty: '' };

describe('parseLabelSelector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier=front', true],
    ['app = web , tier != back', true],
    ['app=api', false],
    ['app!=web', false],
    ['absent!=x', true],
    ['app in (api, web)', true],
    ['app in (api)', false],
    ['app notin (api)', true],
    ['absent notin (a)', true],
    ['absent in (a)', false],
    ['app', true],
    ['!app', false],
    ['!absent', true],
    ['example.com/owner=sre', true],
    ['build>11', true],
    ['build>12', false],
    ['build<13,build>11', true],
    ['app>1', false],
    ['empty=', true],
    ['toString', false],
  ])('%s is %s', (text, expected) => {
    expect(parseLabelSelector(text)(LABELS)).toBe(expected);
  });

  it.each(['app=web,', '=web', 'app in ()x', 'app in (a', 'a b', 'app=we b', 'build>x', 'app in (a b)', '!'])(
    'refuses %s with 400',
    (text) => {
      expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ code: 400 }));
    },
  );

  it('agrees with the structured form on every expression and every set of labels', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const value = fc.constantFrom('x', 'y', 'z');
    const expression = fc.record({
      key,
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
    });
    const asText = (item: { key: string; operator: string; values: string[] }): string => {
      if (item.operator === 'Exists') return item.key;
      if (item.operator === 'DoesNotExist') return `!${item.key}`;
      return `${item.key} ${item.operator.toLowerCase()} (${item.values.join(',')})`;
    };
    const property = fc.property(fc.array(expression, { maxLength: 4 }), fc.dictionary(key, value), (list, labels) => {
      const text = list.map(asText).join(',');
      expect(parseLabelSelector(text)(labels)).toBe(matchesStructuredSelector({ matchExpressions: list }, labels));
    });
    fc.assert(property, { numRuns: 500 });
  });
});
