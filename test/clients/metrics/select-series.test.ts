import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../../src/clients/metrics/exposition.ts';
import { selectSeries } from '../../../src/clients/metrics/select-series.ts';
import { isCoded } from '../../../src/errors/coded-error.ts';

const PAGE = parseExposition(
  `
# TYPE http_requests_total counter
http_requests_total{method="GET",code="200"} 90
http_requests_total{method="GET",code="500"} 4
http_requests_total{method="POST",code="503"} 6
# TYPE idle_total counter
took_bucket{route="/a",le="0.1"} 1
took_bucket{route="/a",le="+Inf"} 2
took_bucket{route="/b",le="+Inf"} 3
`,
  'here',
);
const select = (name: string, labels: Record<string, string> = {}, scope: Record<string, string> = {}) =>
  selectSeries(PAGE, { name, labels }, scope);
const values = (name: string, labels: Record<string, string> = {}) =>
  select(name, labels).series.map((series) => series.value);

describe('a selector', () => {
  it.each([
    { labels: {}, found: [90, 4, 6] },
    { labels: { code: '500' }, found: [4] },
    { labels: { code: '~5..' }, found: [4, 6] },
    { labels: { code: '~5' }, found: [] },
    { labels: { code: '~200|503' }, found: [90, 6] },
    { labels: { code: '~5..', method: 'POST' }, found: [6] },
    { labels: { absent: '' }, found: [90, 4, 6] },
  ])('with $labels finds $found', ({ labels, found }) => {
    expect(values('http_requests_total', labels as Record<string, string>)).toEqual(found);
  });
  it.each([
    { when: 'series exist', name: 'http_requests_total', labels: {}, known: true },
    {
      when: 'no series has the value, but the label exists',
      name: 'http_requests_total',
      labels: { code: '404' },
      known: true,
    },
    { when: 'no series has the label', name: 'http_requests_total', labels: { status: '~5..' }, known: false },
    { when: 'the name is declared and has no series', name: 'idle_total', labels: { code: '~5..' }, known: true },
    { when: 'the name does not exist', name: 'http_request_total', labels: {}, known: false },
  ])('is known: $known when $when', ({ name, labels, known }) => {
    expect(select(name, labels as Record<string, string>).known).toBe(known);
  });
  it('gives buckets of one series one identity, and different series different ones', () => {
    const { series } = select('took_bucket');
    expect(series.map((one) => one.le)).toEqual(['0.1', '+Inf', '+Inf']);
    expect(series[0]?.id).toBe(series[1]?.id);
    expect(series[0]?.id).not.toBe(series[2]?.id);
    expect(select('took_bucket').series).toEqual(series);
  });
  it('tells very many series apart', () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `many{path="/orders/${at}",code="${at % 7}"} 1`);
    const { series } = selectSeries(parseExposition(lines.join('\n'), 'here'), { name: 'many', labels: {} });
    expect(new Set(series.map((one) => one.id)).size).toBe(20_000);
  });
  it('is bound to a backend by its scope', () => {
    expect(select('http_requests_total', {}, { method: 'POST' }).series).toHaveLength(1);
    expect(select('http_requests_total', {}, { method: 'PUT' })).toEqual({ known: true, series: [] });
    expect(select('http_requests_total', {}, { backend: 'x' }).known).toBe(false);
  });
  it('that is no regular expression is refused', () => {
    expect(() => select('http_requests_total', { code: '~(' })).toThrow(
      'http_requests_total{code=~"("}: expected a regular expression',
    );
    try {
      select('http_requests_total', { code: '~(' });
    } catch (error) {
      expect(isCoded(error, 'InvalidInput')).toBe(true);
    }
  });
});
