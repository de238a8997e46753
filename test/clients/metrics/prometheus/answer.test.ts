import { describe, expect, it } from 'vitest';
import { parseAnswer } from '../../../../src/clients/metrics/prometheus/answer.ts';

const ALL = ['vector', 'matrix', 'scalar'] as const;
const reply = (data: unknown, more: object = {}) => JSON.stringify({ status: 'success', data, ...more });
const vector = (...values: unknown[]) =>
  reply({ resultType: 'vector', result: values.map((value) => ({ metric: { pod: 'a' }, value: [10.5, value] })) });
const read = (body: string, allowed: readonly (typeof ALL)[number][] = ALL) =>
  parseAnswer(body, 'Prometheus: up', allowed);

describe('an answer of Prometheus', () => {
  it.each([
    { what: 'a vector', body: vector('2'), series: [{ labels: { pod: 'a' }, points: [{ atMs: 10_500, value: 2 }] }] },
    { what: 'nothing', body: reply({ resultType: 'vector', result: [] }), series: [] },
    { what: 'NaN', body: vector('NaN'), series: [{ points: [{ value: Number.NaN }] }] },
    { what: 'infinity', body: vector('+Inf'), series: [{ points: [{ value: Number.POSITIVE_INFINITY }] }] },
    { what: 'less than everything', body: vector('-Inf'), series: [{ points: [{ value: Number.NEGATIVE_INFINITY }] }] },
    { what: 'several series', body: vector('1', '2e-3'), series: [{}, { points: [{ value: 0.002 }] }] },
    {
      what: 'a scalar',
      body: reply({ resultType: 'scalar', result: [1, '3'] }),
      series: [{ labels: {}, points: [{ atMs: 1_000, value: 3 }] }],
    },
    {
      what: 'a matrix',
      body: reply({
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [1, '3'],
              [2, '4'],
            ],
          },
        ],
      }),
      series: [
        {
          points: [
            { atMs: 1_000, value: 3 },
            { atMs: 2_000, value: 4 },
          ],
        },
      ],
    },
    {
      what: 'infos, which are about how a query is written',
      body: reply({ resultType: 'vector', result: [] }, { infos: ['PromQL info: metric might not be a counter'] }),
      series: [],
    },
  ])('may be $what', ({ body, series }) => {
    expect(read(body).series).toMatchObject(series);
  });

  it.each([
    { what: 'nothing at all', body: '', code: 'BadResponse', text: 'no Prometheus reply: expected JSON, got nothing' },
    { what: 'a web page', body: '<html>\n login</html>', code: 'BadResponse', text: 'got "<html> login</html>"' },
    {
      what: 'half of it',
      body: vector('1').slice(0, 60),
      code: 'BadResponse',
      text: 'no Prometheus reply: expected JSON',
    },
    { what: 'a list', body: '[]', code: 'BadResponse', text: 'expected a JSON object' },
    {
      what: 'an error with code 200',
      body: '{"status":"error","errorType":"internal"}',
      code: 'BadResponse',
      text: 'has no status success',
    },
    { what: 'no data', body: '{"status":"success"}', code: 'BadResponse', text: 'has no data' },
    { what: 'no type', body: reply({ result: [] }), code: 'BadResponse', text: 'has no result type' },
    {
      what: 'no list',
      body: reply({ resultType: 'vector', result: {} }),
      code: 'BadResponse',
      text: 'its result is no list',
    },
    {
      what: 'a number for a text',
      body: vector(2),
      code: 'BadResponse',
      text: 'expected [time, "value"], got [10.5,2]',
    },
    { what: 'a word', body: vector('much'), code: 'BadResponse', text: 'expected [time, "value"]' },
    { what: 'an empty text', body: vector(''), code: 'BadResponse', text: 'expected [time, "value"]' },
    {
      what: 'a series without labels',
      body: reply({ resultType: 'vector', result: [{ value: [1, '2'] }] }),
      code: 'BadResponse',
      text: 'has no labels',
    },
    {
      what: 'a string',
      body: reply({ resultType: 'string', result: [1, 'x'] }),
      code: 'InvalidInput',
      text: 'wrong result type: expected vector or matrix or scalar, got string',
    },
    {
      what: 'a native histogram',
      body: reply({ resultType: 'vector', result: [{ metric: {}, histogram: [1, { count: '2' }] }] }),
      code: 'InvalidInput',
      text: 'native histogram: only numbers are read',
    },
    {
      what: 'a part only',
      body: reply({ resultType: 'vector', result: [] }, { warnings: ['no StoreAPIs matched', 'remote read failed'] }),
      code: 'Unavailable',
      text: 'not whole: it warns: no StoreAPIs matched (and 1 more)',
    },
  ])('is none when it is $what', ({ body, code, text }) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });

  it('is none when it is of another type than the question', () => {
    expect(() => read(vector('1'), ['matrix'])).toThrow('expected matrix, got vector');
  });
});
