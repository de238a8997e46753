import { beforeEach, describe, expect, it } from 'vitest';
import { errorRatio, gauge, latency } from '../../core/analysis/fixtures.ts';
import { freeAddress } from '../../clients/http/tiny-server.ts';
import {
  CANARY_PATH,
  cluster,
  deployment,
  FAST,
  inputOf,
  observe,
  outcomes,
  route,
  serve,
  served,
  traffic,
  until,
  verdictOf,
} from './watch-lab.ts';

describe('observing a step', () => {
  it('ends by time with the tally of a good canary, from which the verdict follows', async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
    const input = inputOf([errorRatio(FAST)]);
    const { tally, beats } = observe(input);
    const found = await tally;
    expect(found.ended).toBe('timeOver');
    expect(verdictOf(input, found)).toMatchObject({ phase: 'passed' });
    expect(found.slots.length).toBeGreaterThan(3);
    expect(
      found.slots.slice(1).every((slot) => slot.nC === 100 && slot.nS === 100 && slot.eC === 0 && slot.eS === 0),
    ).toBe(true);
    expect(found.endedAtMs - found.startedAtMs).toBeGreaterThanOrEqual(300);
    expect(beats.at(-1)?.look).toMatchObject({ step: 0, weightPercent: 10, phase: 'passed' });
  });

  it('ends early when the canary is bad, with value, limit and counts', async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(10));
    const input = inputOf([errorRatio({ ...FAST, count: 5, failureLimit: 1 })], { remainingMs: 60_000 });
    const found = await observe(input).tally;
    expect(found.ended).toBe('verdict');
    expect(verdictOf(input, found).reason).toMatch(
      /^error ratio 10\.00 % \(\d+ of \d+ canary requests, stable 0\.00 %\) > 5 %: 2 failures, at most 1 allowed$/,
    );
  });

  it.each([
    {
      when: 'its counters are NaN',
      page: 'http_requests_total{code="200"} NaN\n',
      note: 'is no count in pod canary-1',
    },
    { when: 'its page is empty', page: '', note: 'no series http_requests_total in pod canary-1' },
    { when: 'it has no metrics page', page: '404', note: 'no metrics: pod canary-1 answers 404' },
    { when: 'it serves no requests', page: 'http_requests_total{code="200"} 0\n', note: 'no canary requests' },
  ])('holds, and ends at the no-data deadline, when $when', async ({ page, note }) => {
    await serve('stable', traffic(0));
    served.canary = page;
    const input = inputOf([errorRatio(FAST)], {}, { noDataMs: 400 });
    const { tally, beats } = observe(input);
    const found = await tally;
    expect(found.ended).toBe('noDataDeadline');
    expect(new Set(outcomes(found))).toEqual(new Set(['no-data']));
    expect(verdictOf(input, found)).toMatchObject({ phase: 'no-data', reason: expect.stringContaining(note) });
    expect(beats.at(-1)?.look.holding).toContain(note);
  });

  it('takes slow pods and a broken API server as errors, and never throws for them', async () => {
    const slow = await cluster.page(() => undefined);
    cluster.pods[1] = { name: 'canary-1', track: 'canary', dial: slow.host };
    const input = inputOf([errorRatio(FAST)], {}, { noDataMs: 1_500 });
    const run = observe(input, undefined, 200);
    await until(() => (run.beats.at(-1)?.state.metrics['error ratio']?.samples.length ?? 0) > 0);
    cluster.broken = true;
    await until(() => run.beats.at(-1)?.look.holding !== undefined);
    const found = await run.tally;
    expect(found.ended).toBe('noDataDeadline');
    expect(outcomes(found)[0]).toBe('error');
    expect(found.samples['error ratio']?.[0]?.note).toContain('canary: pod canary-1: ');
    expect(found.foreign).toEqual([]);
  });

  it('goes on from a pod that does not answer while another does', async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
    cluster.pods.push({ name: 'canary-2', track: 'canary', dial: await freeAddress() });
    const found = await observe(inputOf([errorRatio(FAST)])).tally;
    expect(found.ended).toBe('timeOver');
    expect(found.samples['error ratio']?.[0]?.note).toContain('partial: 1 of 2 answered, pod canary-2: ');
  });

  it('survives the restart of a counter', async () => {
    await serve('stable', traffic(0));
    const rising = traffic(0);
    let reads = 0;
    const fresh = traffic(0);
    await serve('canary', () => ((reads += 1) <= 4 ? rising() : fresh()));
    const found = await observe(inputOf([errorRatio(FAST)])).tally;
    expect(found.ended).toBe('timeOver');
    expect(found.slots.every((slot) => slot.nC === 100)).toBe(true);
  });

  it('refuses a gauge with two series in one pod', async () => {
    served.canary = 'crm_checkout_success_ratio{region="a"} 1\ncrm_checkout_success_ratio{region="b"} 1\n';
    await expect(observe(inputOf([gauge(false, FAST)])).tally).rejects.toMatchObject({
      type: 'AmbiguousMetric',
      nonRetryable: true,
      message: expect.stringContaining('has 2 series in pod canary-1'),
    });
  });

  it('judges quantiles and gauges from one page that is read once a look', async () => {
    let reads = 0;
    await serve('canary', () => {
      reads += 1;
      const n = reads * 10;
      return `http_request_duration_seconds_bucket{le="0.5"} ${n}\nhttp_request_duration_seconds_bucket{le="+Inf"} ${n}\ncrm_checkout_success_ratio 0.99\n`;
    });
    const { tally, beats } = observe(inputOf([latency(FAST), gauge(false, FAST)]));
    const found = await tally;
    expect(found.ended).toBe('timeOver');
    expect(found.samples.p99?.[0]).toMatchObject({ outcome: 'pass', value: expect.closeTo(0.495, 9) });
    expect(found.samples['checkout success']?.[0]).toMatchObject({ outcome: 'pass', value: 0.99 });
    expect(reads).toBe(beats.at(-1)?.state.looks);
  });

  it('in a bake judges the stable arm', async () => {
    await serve('stable', traffic(50));
    const input = inputOf([errorRatio(FAST)], {
      mode: 'bake',
      arms: { stable: { labelSelector: 'track=stable', backend: 'crm-api' } },
    });
    const found = await observe(input).tally;
    expect(found).toMatchObject({ ended: 'verdict', judged: 'stable', mode: 'bake' });
    expect(verdictOf(input, found).reason).toContain('requests) > 5 %');
  });
});

describe("someone else's change", () => {
  beforeEach(async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
  });

  it.each([
    {
      when: 'weights are changed',
      change: () =>
        cluster.objects.set('/apis/gateway.networking.k8s.io/v1/namespaces/crm/httproutes/crm-api', route(50, 50)),
      field: 'backends',
    },
    {
      when: 'the route is deleted',
      change: () => cluster.objects.delete('/apis/gateway.networking.k8s.io/v1/namespaces/crm/httproutes/crm-api'),
      field: 'route',
    },
    {
      when: 'the image is changed',
      change: () =>
        cluster.objects.set('/apis/apps/v1/namespaces/crm/deployments/crm-api', deployment('crm-api', 'crm:hotfix', 3)),
      field: 'image',
    },
    {
      when: 'the canary is scaled',
      change: () => cluster.objects.set(CANARY_PATH, deployment('crm-api-canary-7', 'crm@sha256:new', 0)),
      field: 'replicas',
    },
  ])('that stands ends the watch when $when', async ({ change, field }) => {
    change();
    const input = inputOf([errorRatio(FAST)]);
    const { tally, beats } = observe(input);
    const found = await tally;
    expect(found).toMatchObject({ ended: 'foreignChange', foreign: [{ field }] });
    expect(verdictOf(input, found).reason).toMatch(/^foreign change: /);
    expect(beats.at(-1)?.look.holding).toMatch(/^foreign change: /);
  });

  it('that goes away lets the step go on', async () => {
    cluster.objects.set(CANARY_PATH, deployment('crm-api-canary-7', 'crm@sha256:new', 0));
    const { tally, beats } = observe(inputOf([errorRatio(FAST)], {}, { foreignChangeMs: 60_000 }));
    await until(() => beats.at(-1)?.look.holding?.startsWith('foreign change') === true);
    cluster.objects.set(CANARY_PATH, deployment('crm-api-canary-7', 'crm@sha256:new', 1));
    expect(await tally).toMatchObject({ ended: 'timeOver', foreign: [] });
  });
});
