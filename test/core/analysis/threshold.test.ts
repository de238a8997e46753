import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessSample, type SampleInput } from '../../../src/core/analysis/threshold.ts';
import type { Bound, Comparison } from '../../../src/core/model/analysis.ts';
import { threshold } from './fixtures.ts';

const bound = (op: Comparison, limit: number): Bound => ({ op, limit });
const value = (number: number): SampleInput => ({ kind: 'value', value: number });
const NONE = { pass: undefined, fail: undefined };

describe('one sample', () => {
  it.each([
    { row: 'E1', when: 'there is no bound', bounds: {}, input: value(1), outcome: 'error' },
    { row: 'E2', when: 'only pass, true', bounds: { pass: bound('<', 5) }, input: value(4), outcome: 'pass' },
    { row: 'E2', when: 'only pass, false', bounds: { pass: bound('<', 5) }, input: value(5), outcome: 'fail' },
    { row: 'E3', when: 'only fail, true', bounds: { fail: bound('>', 5) }, input: value(6), outcome: 'fail' },
    { row: 'E3', when: 'only fail, false', bounds: { fail: bound('>', 5) }, input: value(5), outcome: 'pass' },
    {
      row: 'E4',
      when: 'both true',
      bounds: { pass: bound('<', 9), fail: bound('>', 5) },
      input: value(7),
      outcome: 'fail',
    },
    {
      row: 'E5',
      when: 'pass true, fail false',
      bounds: { pass: bound('<', 3), fail: bound('>', 5) },
      input: value(2),
      outcome: 'pass',
    },
    {
      row: 'E6',
      when: 'between both',
      bounds: { pass: bound('<', 3), fail: bound('>', 5) },
      input: value(4),
      outcome: 'inconclusive',
    },
    {
      row: 'E7',
      when: 'the query failed',
      bounds: { fail: bound('>', 5) },
      input: { kind: 'error' },
      outcome: 'error',
    },
    {
      row: 'E8',
      when: 'NaN, both bounds',
      bounds: { pass: bound('>=', 0.9), fail: bound('<', 0.9) },
      input: value(NaN),
      outcome: 'no-data',
    },
    {
      row: 'E9',
      when: 'NaN, fail bound only',
      bounds: { fail: bound('<', 0.9) },
      input: value(NaN),
      outcome: 'no-data',
    },
    {
      row: 'E10',
      when: 'NaN, pass bound only',
      bounds: { pass: bound('>=', 0.9) },
      input: value(NaN),
      outcome: 'no-data',
    },
    {
      row: 'E11',
      when: 'infinite, upper limit',
      bounds: { pass: bound('<', 0.9) },
      input: value(Infinity),
      outcome: 'fail',
    },
    {
      row: 'E11',
      when: 'infinite, upper fail limit',
      bounds: { fail: bound('>=', 9) },
      input: value(Infinity),
      outcome: 'fail',
    },
    {
      row: 'E11',
      when: 'infinite, lower limit',
      bounds: { pass: bound('>=', 0.9) },
      input: value(Infinity),
      outcome: 'no-data',
    },
    {
      row: 'E11',
      when: '-infinite, upper limit',
      bounds: { pass: bound('<', 0.9) },
      input: value(-Infinity),
      outcome: 'no-data',
    },
    {
      row: 'E12',
      when: 'there are two values',
      bounds: { pass: bound('<', 5) },
      input: { kind: 'values', values: [10, 11] },
      outcome: 'ambiguous',
    },
    {
      row: 'E13',
      when: 'a scalar holds the bound',
      bounds: { pass: bound('<=', 10) },
      input: value(10),
      outcome: 'pass',
    },
    {
      row: 'E14',
      when: 'there is no value',
      bounds: { pass: bound('>=', 1) },
      input: { kind: 'values', values: [] },
      outcome: 'no-data',
    },
    {
      row: 'E15',
      when: 'there is no value to compare all of',
      bounds: { fail: bound('<', 1) },
      input: { kind: 'no-data' },
      outcome: 'no-data',
    },
    {
      row: '-',
      when: 'one value in a list',
      bounds: { pass: bound('>', 1) },
      input: { kind: 'values', values: [2] },
      outcome: 'pass',
    },
    {
      row: '-',
      when: 'a pass is only the least it can be',
      bounds: { pass: bound('<', 20) },
      input: { kind: 'value', value: 10, atLeast: true },
      outcome: 'no-data',
    },
    {
      row: '-',
      when: 'the least it can be fails',
      bounds: { pass: bound('<', 2) },
      input: { kind: 'value', value: 10, atLeast: true },
      outcome: 'fail',
    },
    {
      row: '-',
      when: 'the least it can be is enough',
      bounds: { pass: bound('>', 2) },
      input: { kind: 'value', value: 10, atLeast: true },
      outcome: 'pass',
    },
  ] satisfies readonly {
    row: string;
    when: string;
    bounds: Partial<Record<'pass' | 'fail', Bound>>;
    input: SampleInput;
    outcome: string;
  }[])('$row is $outcome when $when', ({ bounds, input, outcome }) => {
    expect(assessSample(threshold({ ...NONE, ...bounds }), input)).toBe(outcome);
  });

  const anyBound = fc.record({
    op: fc.constantFrom<Comparison>('<', '<=', '>', '>='),
    limit: fc.double({ noNaN: true }),
  });
  const bounds = fc
    .record({ pass: fc.option(anyBound, { nil: undefined }), fail: fc.option(anyBound, { nil: undefined }) })
    .filter(({ pass, fail }) => pass !== undefined || fail !== undefined);

  it('never passes nor fails NaN, whatever the bounds', () => {
    fc.assert(fc.property(bounds, (either) => assessSample(threshold(either), value(NaN)) === 'no-data'));
  });
  it('never passes an infinite value', () => {
    const infinite = fc.constantFrom(Infinity, -Infinity);
    fc.assert(
      fc.property(bounds, infinite, (either, number) => assessSample(threshold(either), value(number)) !== 'pass'),
    );
  });
  it('never passes what the fail bound catches', () => {
    fc.assert(
      fc.property(anyBound, anyBound, fc.double({ noNaN: true, noDefaultInfinity: true }), (pass, fail, number) => {
        const caught = assessSample(threshold({ pass: undefined, fail }), value(number)) === 'fail';
        return !caught || assessSample(threshold({ pass, fail }), value(number)) === 'fail';
      }),
    );
  });
});
