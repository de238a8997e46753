/** Arms as a real Prometheus tells them, which scrapes pages whose text is set here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArmReading } from '../../../../src/core/analysis/reading.ts';
import { countsOf, incrementsOf, NO_COUNTERS } from '../../../../src/core/analysis/slots.ts';
import type { SeriesSelector } from '../../../../src/core/model/analysis.ts';
import { isMissing } from '../../../harness/tools.ts';
import { until } from '../../../harness/until.ts';
import { type PrometheusLab, requestOf, sourceAt, startPrometheusLab } from './prometheus-lab.ts';

const TOTAL: SeriesSelector = { name: 'requests_total', labels: {} };
const ERRORS: SeriesSelector = { name: 'requests_total', labels: { code: '~5..' } };

describe.skipIf(isMissing('prometheus'))('a real Prometheus', () => {
  let lab: PrometheusLab;
  beforeAll(async () => {
    lab = await startPrometheusLab({
      pods: { 's-1': 'stable', 's-2': 'stable', 'c-1': 'canary' },
      jobs: [
        { name: 'slow', pods: ['s-1'], every: '2s' },
        { name: 'again', pods: ['c-1'], every: '130ms' },
      ],
    });
  });
  afterAll(() => lab.close());

  const page = (pod: string, text: string, status = 200) => Object.assign(lab.pages[pod] ?? {}, { text, status });
  const counters = (ok: number, failed?: number) =>
    `requests_total{code="200"} ${ok}\n${failed === undefined ? '' : `requests_total{code="503"} ${failed}\n`}`;
  const read = (selectors: readonly SeriesSelector[], more: Parameters<typeof requestOf>[2] = {}) =>
    lab.provider.read(requestOf(lab, selectors, more));
  const sums = (arm: ArmReading | undefined) =>
    arm?.answered.map(({ instance, selectors }) => [
      instance,
      ...selectors.map(({ series }) => series.reduce((sum, { value }) => sum + value, 0)),
    ]);

  it('gives cumulative counters by process of each arm, told by the Pods of the cluster', async () => {
    page('s-1', counters(90, 4));
    page('s-2', counters(50));
    page('c-1', counters(10, 2));
    const found = await until('all three scraped', async () => {
      const seen = await read([TOTAL, ERRORS]);
      return sums(seen.stable)?.length === 2 && sums(seen.canary)?.length === 1 ? seen : undefined;
    });
    expect(new Map(sums(found.stable)?.map(([pod, ...rest]) => [pod, rest]))).toEqual(
      new Map([
        ['pod s-1', [94, 4]],
        ['pod s-2', [50, 0]],
      ]),
    );
    expect(sums(found.canary)).toEqual([['pod c-1', 12, 2]]);
    expect(found.stable).toMatchObject({ listed: ['pod s-1', 'pod s-2'], failed: [], without: [] });
    expect(found.stable?.answered[0]?.createdAtMs).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(found.stable).not.toHaveProperty('note');
  });

  it('knows that no errors are zero where the label is there, and that a wrong label is nothing', async () => {
    page('c-1', counters(20));
    const wrong: SeriesSelector = { name: 'requests_total', labels: { status: '~5..' } };
    const found = await until('the 503s are gone', async () => {
      const seen = await read([TOTAL, ERRORS, wrong]);
      return seen.canary?.answered[0]?.selectors[1]?.series.length === 0 ? seen : undefined;
    });
    expect(found.canary?.answered[0]?.selectors.map(({ known }) => known)).toEqual([true, true, false]);
  });

  it('is differenced by us: a restart counts from zero, a new series of a known process too', async () => {
    page('c-1', counters(1000, 30));
    const at = (total: number) =>
      until(`canary at ${total}`, async () => {
        const seen = (await read([TOTAL, ERRORS])).canary;
        return sums(seen)?.[0]?.[1] === total ? seen : undefined;
      });
    const sight = { arm: 'stable', releaseStartedAtMs: Date.parse('2026-06-01T00:00:00Z') } as const;
    const first = incrementsOf(NO_COUNTERS, await at(1030), 2, sight);
    expect(countsOf(first)).toEqual({ n: 0, e: 0 });
    page('c-1', counters(1100, 35));
    const second = incrementsOf(first.counters, await at(1135), 2, sight);
    expect(countsOf(second)).toEqual({ n: 105, e: 5 });
    page('c-1', `${counters(40, 1)}requests_total{code="500"} 3\n`);
    const third = incrementsOf(second.counters, await at(44), 2, sight);
    expect(countsOf(third)).toEqual({ n: 44, e: 4 });
  });

  it('gives buckets by bound', async () => {
    page('c-1', 'latency_bucket{le="0.5"} 7\nlatency_bucket{le="+Inf"} 9\n');
    const found = await until('buckets', async () => {
      const seen = await read([{ name: 'latency_bucket', labels: {} }]);
      return seen.canary?.answered[0];
    });
    const series = found.selectors[0]?.series ?? [];
    expect(Object.fromEntries(series.map(({ le, value }) => [le, value]))).toEqual({ '0.5': 7, '+Inf': 9 });
    expect(new Set(series.map(({ id }) => id)).size).toBe(1);
  });

  it.each([
    { text: 'sum(requests_total{{{arm.selector}}})', gives: 'one number', value: expect.closeTo(94) },
    {
      text: 'scalar(requests_total{pod="{{arm.pods}}",code="404"})',
      gives: 'NaN of a scalar',
      value: Number.NaN,
    },
    { text: 'requests_total{{{arm.selector}},code="503"} / 0', gives: 'infinity', value: Number.POSITIVE_INFINITY },
    { text: 'vector({{namespace}}_is_no_number)', gives: 'a parse error', error: 'InvalidInput' },
    { text: 'requests_total{{{arm.selector}}}', gives: 'two series', error: 'AmbiguousMetric' },
    { text: 'requests_total{{{arm.selector}}}[1m]', gives: 'a matrix', error: 'InvalidInput' },
    { text: '"{{arm}}"', gives: 'a string', error: 'InvalidInput' },
    { text: 'nobody_counts{{{arm.selector}}}', gives: 'nothing', value: undefined },
  ])('a text that gives $gives: $text', async ({ text, value, error }) => {
    const arms = { stable: { labelSelector: 'track=stable', backend: 'crm-api' } };
    page('s-1', counters(90, 4));
    lab.cluster.pods.splice(1, 1, { ...lab.cluster.pods[1]!, track: 'elsewhere' });
    try {
      await until('94 at s-1', async () =>
        sums((await read([TOTAL], { arms })).stable)?.[0]?.[1] === 94 ? true : undefined,
      );
      const asked = read([{ promql: text, gives: 'value' }], { arms });
      if (error !== undefined) {
        await expect(asked).rejects.toMatchObject({ code: error });
        return;
      }
      const { stable } = await asked;
      expect(stable?.answered[0]?.selectors[0]?.series[0]?.value).toEqual(value);
      if (value === undefined) expect(stable?.without).toHaveLength(1);
    } finally {
      lab.cluster.pods.splice(1, 1, { ...lab.cluster.pods[1]!, track: 'stable' });
    }
  });

  it('a text that cannot be evaluated fails its arm, in the words of the server', async () => {
    page('s-1', counters(90, 4));
    const promql = 'requests_total{{{arm.selector}},pod="s-1"} + on (pod) requests_total{{{arm.selector}},pod="s-1"}';
    const found = await until('both series', async () => {
      const { stable } = await read([{ promql, gives: 'value' }]);
      return stable?.failed[0]?.problem;
    });
    expect(found).toContain('execution failed: 422 ');
    expect(found).toContain('found duplicate series for the match group');
  });

  it('counters of a text are by process, and a sum over processes is refused', async () => {
    page('c-1', counters(20, 1));
    const text = (promql: string): SeriesSelector => ({ promql, gives: 'counters' });
    const byPod = text('sum by (pod) (requests_total{{{arm.selector}}})');
    const found = await until('the canary by pod', async () => {
      const seen = (await read([byPod])).canary;
      return sums(seen)?.[0]?.[1] === 21 ? seen : undefined;
    });
    expect(found.answered.map(({ instance }) => instance)).toEqual(['pod c-1']);
    await expect(read([text('sum(requests_total{{{arm.selector}}})')])).rejects.toMatchObject({
      code: 'InvalidInput',
      message: expect.stringContaining('expected counters with label pod, such as sum by (pod) (...), found {}'),
    });
  });

  it('refuses a counter that two jobs scrape: every request would count twice', async () => {
    page('c-1', counters(20, 1));
    const source = { ...sourceAt(lab.url), labels: {} };
    await until('both jobs', async () =>
      read([TOTAL], { source, arms: { stable: { labelSelector: 'track=canary', backend: 'x' } } }).then(
        () => undefined,
        (error: unknown) => error,
      ),
    ).then((error) =>
      expect(error).toMatchObject({
        code: 'AmbiguousMetric',
        message: expect.stringMatching(/pod c-1 has it twice, .*job="(pods|again)".*: add a label that picks one/),
      }),
    );
  });

  it('says when a process is not scraped any more, and says so of a whole arm', async () => {
    page('s-2', '', 500);
    page('c-1', '', 500);
    const found = await until('stale', async () => {
      const seen = await read([TOTAL]);
      return seen.canary?.answered.length === 0 && seen.stable?.answered.length === 1 ? seen : undefined;
    });
    expect(found.canary).toMatchObject({
      listed: ['pod c-1'],
      failed: [],
      without: ['pod c-1'],
      absence: 'has no sample in Prometheus of the last 2 s',
    });
    expect(found.stable?.without).toEqual(['pod s-2']);
  });

  it('says how old the data are where they are scraped less often than looked at', async () => {
    page('s-1', counters(1));
    const source = { ...sourceAt(lab.url, { staleAfterMs: 10_000 }), labels: { job: 'slow' } };
    const found = await until('an old sample', async () => {
      const seen = (await read([TOTAL], { source, everyMs: 500 })).stable;
      return seen?.note;
    });
    expect(found).toMatch(/^last scraped [\d.]+ m?s before$/);
  });

  it('tells how often stable is scraped, and what is not there', async () => {
    page('s-1', counters(5));
    const source = { ...sourceAt(lab.url, { staleAfterMs: 10_000 }), labels: { job: 'slow' } };
    const text: SeriesSelector = { promql: 'up{service="{{canaryService}}"}', gives: 'value' };
    const none: SeriesSelector = { name: 'nobody_counts', labels: {} };
    const probed = await until('two slow samples', async () => {
      const seen = await lab.provider.probe(requestOf(lab, [TOTAL, ERRORS, none, text], { source }));
      return (seen?.[0]?.scrapeEveryMs ?? 0) > 0 && (seen?.[0]?.series ?? 0) > 0 ? seen : undefined;
    });
    expect(Math.abs((probed[0]?.scrapeEveryMs ?? 0) - 2_000)).toBeLessThan(300);
    expect(probed[2]).toEqual({ selector: 'nobody_counts', series: 0, isZero: false, scrapeEveryMs: null });
    expect(probed[3]).toMatchObject({ needsCanary: true });
  });

  it('an arm without Pods is asked for nothing', async () => {
    const arms = { stable: { labelSelector: 'track=nobody', backend: 'crm-api' } };
    expect((await read([TOTAL], { arms })).stable).toEqual({ listed: [], answered: [], failed: [], without: [] });
  });

  it('Pods that cannot be listed fail the arms in the words of the cluster', async () => {
    lab.cluster.broken = true;
    try {
      const { stable } = await read([TOTAL]);
      expect(stable).toMatchObject({ answered: [], failed: [{ problem: expect.stringContaining('etcd is away') }] });
    } finally {
      lab.cluster.broken = false;
    }
  });
});
