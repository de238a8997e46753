import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../../src/clients/metrics/exposition.ts';
import { isCoded } from '../../../src/errors/coded-error.ts';

const parse = (text: string) => parseExposition(text, 'http://pod/metrics');
const first = (text: string) => parse(text).samples[0];

describe('a page of metrics', () => {
  it.each([
    { line: 'up 1', sample: { name: 'up', labels: {}, value: 1 } },
    { line: 'up{} 1', sample: { name: 'up', labels: {}, value: 1 } },
    { line: '  up   1.5e3  ', sample: { name: 'up', labels: {}, value: 1_500 } },
    { line: 'a:b_c{x="1",y="2"} 3 1395066363000', sample: { name: 'a:b_c', labels: { x: '1', y: '2' }, value: 3 } },
    { line: 'a { x = "1" , } -.5 -3', sample: { name: 'a', labels: { x: '1' }, value: -0.5 } },
    {
      line: 'a{x="q\\"q",p="c:\\\\d",n="1\\n2"} 0',
      sample: { name: 'a', labels: { x: 'q"q', p: 'c:\\d', n: '1\n2' }, value: 0 },
    },
    { line: 'a{x="{,}= #",e=""} 0', sample: { name: 'a', labels: { x: '{,}= #', e: '' }, value: 0 } },
    { line: 'a{x="größe 日本"} 0', sample: { name: 'a', labels: { x: 'größe 日本' }, value: 0 } },
    { line: 'a NaN', sample: { name: 'a', labels: {}, value: Number.NaN } },
    { line: 'a +Inf', sample: { name: 'a', labels: {}, value: Number.POSITIVE_INFINITY } },
    { line: 'a -Inf', sample: { name: 'a', labels: {}, value: Number.NEGATIVE_INFINITY } },
    { line: 'a{x="1"}2', sample: { name: 'a', labels: { x: '1' }, value: 2 } },
    { line: 'up 1\r', sample: { name: 'up', labels: {}, value: 1 } },
  ])('reads $line', ({ line, sample }) => {
    expect(first(line)).toEqual(sample);
  });

  it('tells which names are declared, also without a sample', () => {
    const page = parse(
      '# HELP errors_total Errors.\n# TYPE requests_total counter\n# TYPE took_seconds histogram\n# a comment\n#\n\n',
    );
    expect([...page.declared].sort()).toEqual([
      'errors_total',
      'requests_total',
      'took_seconds_bucket',
      'took_seconds_count',
      'took_seconds_sum',
    ]);
    expect(page.samples).toEqual([]);
  });
  it('reads the buckets of a histogram', () => {
    const text = 't_bucket{le="0.1"} 3\nt_bucket{le="+Inf"} 4\nt_sum 1.5\nt_count 4\n';
    expect(parse(text).samples.map((sample) => [sample.name, sample.labels.le, sample.value])).toEqual([
      ['t_bucket', '0.1', 3],
      ['t_bucket', '+Inf', 4],
      ['t_sum', undefined, 1.5],
      ['t_count', undefined, 4],
    ]);
  });
  it('is empty when it is empty', () => {
    expect(parse('')).toEqual({ samples: [], declared: new Set() });
  });
  it('keeps only the wanted names', () => {
    const page = parseExposition('a 1\nb{broken 1\nc 2\n', 'x', new Set(['a', 'c']));
    expect(page.samples.map((sample) => sample.name)).toEqual(['a', 'c']);
  });

  it.each([
    { line: '<html>', problem: 'expected a metric name' },
    { line: '{"error":"no"}', problem: 'expected a metric name' },
    { line: 'up', problem: 'expected labels or a value after the name' },
    { line: 'not-a-name 1', problem: 'expected labels or a value after the name' },
    { line: 'up one', problem: '"one" is no value' },
    { line: 'up 0x10', problem: '"0x10" is no value' },
    { line: 'up{x="1"}', problem: '"" is no value' },
    { line: 'up 1 soon', problem: '"soon" is no timestamp' },
    { line: 'up 1 2 3', problem: 'something follows the timestamp' },
    { line: 'up{x=1} 1', problem: 'expected a quoted value of label x' },
    { line: 'up{x} 1', problem: 'expected = after label x' },
    { line: 'up{1="x"} 1', problem: 'expected a label name' },
    { line: 'up{x="1" 1', problem: 'expected , or } after a label' },
    { line: 'up{x="1 1', problem: 'the value of label x is not closed, or has an unknown escape' },
    { line: 'up{x="\\t"} 1', problem: 'the value of label x is not closed, or has an unknown escape' },
    { line: 'up{x="1",x="2"} 1', problem: 'label x stands twice' },
    { line: 'up{', problem: 'expected a label name' },
    { line: '# TYPE up what', problem: 'type "what" is not known' },
    { line: '# HELP 1up x', problem: 'HELP of "1up", which is no metric name' },
  ])('is refused at $line', ({ line, problem }) => {
    const page = () => parse(`good 1\n${line}\n`);
    expect(page).toThrow(`http://pod/metrics: line 2 is no Prometheus text, ${problem}: ${line}`);
    try {
      page();
    } catch (error) {
      expect(isCoded(error, 'BadResponse')).toBe(true);
    }
  });

  it('brings back any labels that were escaped by the rules', () => {
    const name = fc.constantFrom('method', 'route', 'code', 'le', '_x9', 'pod');
    const labels = fc.dictionary(
      name,
      fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', ' ', '#', 'é', '日') }),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(labels, fc.double(), (wanted, value) => {
        const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
        const inside = Object.entries(wanted).map(([key, text]) => `${key}="${escaped(text)}"`);
        const shown = Number.isNaN(value)
          ? 'NaN'
          : value === Infinity
            ? '+Inf'
            : value === -Infinity
              ? '-Inf'
              : String(value);
        const sample = first(`metric{${inside.join(',')}} ${shown}`);
        expect(sample?.labels).toEqual(wanted);
        expect(Object.is(sample?.value, value) || (value === 0 && sample?.value === 0)).toBe(true);
      }),
    );
  });
  it('either reads any text or refuses it with BadResponse', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parse(text);
          return true;
        } catch (error) {
          return isCoded(error, 'BadResponse');
        }
      }),
    );
  });
});
