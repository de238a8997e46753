/** The record of the stable arm from what a real Prometheus has kept, behind a password. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrometheusAuth } from '../../../../src/core/model/prometheus.ts';
import { isMissing } from '../../../harness/tools.ts';
import { type PrometheusLab, requestOf, sourceAt, startPrometheusLab } from './prometheus-lab.ts';

const MINUTE = 60_000;
const BINS = 20;
/** End of the last full minute. */
const UNTIL = Math.floor((Date.now() - 5_000) / MINUTE) * MINUTE;
const PASSWORD = 'let-me-read';
/** bcrypt of the password, as web.config wants it. */
const HASH = '$2b$04$abcdefghijklmnopqrstuuChb8jVI3HQ4A3k82nxM57Wn5aI.G0Jq';

/** A sample every 30 s; `at` gives the counter at the end of a minute, undefined where the Pod is not there. */
function lines(labels: string, at: (minute: number) => number | undefined, name = 'requests_total'): string[] {
  return Array.from({ length: 2 * BINS + 1 }, (_, half) => {
    const value = at(half / 2);
    const seconds = (UNTIL - BINS * MINUTE) / 1000 + half * 30;
    return value === undefined ? [] : [`${name}{job="pods",${labels}} ${value} ${seconds}`];
  }).flat();
}

const HISTORY = [
  '# TYPE requests counter',
  // 60 requests a minute with 3 errors; restarts after minute 10.
  ...lines('pod="crm-api-7d9f8-aaaaa",code="200"', (minute) =>
    minute <= 10 ? 1000 + 60 * minute : 60 * (minute - 10),
  ),
  ...lines('pod="crm-api-7d9f8-aaaaa",code="503"', (minute) => (minute <= 10 ? 7 + 3 * minute : 3 * (minute - 10))),
  // Gone since minute 5; started in minute 15.
  ...lines('pod="crm-api-55555-bbbbb",code="200"', (minute) => (minute <= 5 ? 10 * minute : undefined)),
  ...lines('pod="crm-api-7d9f8-ccccc",code="200"', (minute) => (minute > 15 ? 20 * (minute - 15) : undefined)),
  // Of others.
  ...lines('pod="crm-api-canary-7-66666-ddddd",code="503"', (minute) => 100 * minute),
  ...lines('pod="crm-api-worker-66666-eeeee",code="503"', (minute) => 100 * minute),
  '# TYPE latency_bucket unknown',
  ...lines('pod="crm-api-7d9f8-aaaaa",le="0.5"', (minute) => 9 * minute, 'latency_bucket'),
  ...lines('pod="crm-api-7d9f8-aaaaa",le="+Inf"', (minute) => 10 * minute, 'latency_bucket'),
  '',
].join('\n');

describe.skipIf(isMissing('prometheus'))('the record of a real Prometheus', () => {
  let lab: PrometheusLab;
  const auth: PrometheusAuth = { kind: 'basic', username: 'reader', password: 'env:RECORD_TEST_PASSWORD' };
  beforeAll(async () => {
    process.env.RECORD_TEST_PASSWORD = PASSWORD;
    lab = await startPrometheusLab({
      history: HISTORY,
      readyStatus: 401,
      flags: async (folder) => {
        const file = join(folder, 'web.json');
        await writeFile(file, JSON.stringify({ basic_auth_users: { reader: HASH } }));
        return [`--web.config.file=${file}`];
      },
    });
  });
  afterAll(async () => {
    delete process.env.RECORD_TEST_PASSWORD;
    await lab.close();
  });

  const scope = (more: object = { auth }) => ({
    source: sourceAt(lab.url, { staleAfterMs: 45_000, lagMs: 0, ...more }),
    cluster: { kubeconfig: lab.cluster.kubeconfig },
    namespace: 'crm',
    stable: { labelSelector: 'track=stable', backend: 'crm-api' },
    deployment: 'crm-api',
    window: { untilMs: UNTIL + 20_000, bins: BINS, binMs: MINUTE },
  });
  const total = { name: 'requests_total', labels: {} };
  const errors = { name: 'requests_total', labels: { code: '~5..' } };

  it('has requests and errors of every minute: restarts, Pods that came and went, nobody else', async () => {
    const record = await lab.provider.readRecord({ ...scope(), total, errors });
    expect(record?.missing).toBe(0);
    expect(record?.bins.map(({ n }) => n)).toEqual([
      ...Array.from({ length: 5 }, () => 73),
      ...Array.from({ length: 10 }, () => 63),
      ...Array.from({ length: 5 }, () => 83),
    ]);
    expect(record?.bins.every(({ e }) => e === 3)).toBe(true);
    expect(record?.bins.at(-1)?.atMs).toBe(UNTIL);
  });

  it('is zero errors only where an error could be told', async () => {
    const never = { name: 'requests_total', labels: { code: '~6..' } };
    const wrong = { name: 'requests_total', labels: { status: '~5..' } };
    const none = await lab.provider.readRecord({ ...scope(), total, errors: never });
    expect(none?.bins.map(({ e }) => e)).toEqual(Array.from({ length: BINS }, () => 0));
    expect(await lab.provider.readRecord({ ...scope(), total, errors: wrong })).toEqual({ bins: [], missing: BINS });
  });

  it('by a text of counters is the same', async () => {
    const text = (promql: string) => ({ promql, gives: 'counters' as const });
    const record = await lab.provider.readRecord({
      ...scope(),
      total: text('sum by (pod) (requests_total{{{arm.selector}}})'),
      errors: text('sum by (pod) (requests_total{{{arm.selector}},code=~"5.."})'),
    });
    expect(record?.bins.slice(0, 4)).toEqual(record?.bins.slice(0, 4).map((bin) => ({ ...bin, n: 73, e: 3 })));
  });

  it('of a histogram is by bucket', async () => {
    const buckets = { name: 'latency_bucket', labels: {} };
    const record = await lab.provider.readHistogramRecord({ ...scope(), buckets });
    expect(record?.bins).toHaveLength(BINS);
    expect(record?.bins[7]?.buckets).toEqual({ '0.5': 9, '+Inf': 10 });
  });

  it('says which minutes nobody knows', async () => {
    const window = { untilMs: UNTIL - 15 * MINUTE, bins: 10, binMs: MINUTE };
    const record = await lab.provider.readRecord({ ...scope(), window, total, errors });
    expect(record).toMatchObject({ missing: 5 });
    expect(record?.bins).toHaveLength(5);
  });

  it.each([
    { when: 'no password is sent', auth: undefined, problem: 'not allowed: 401' },
    { when: 'it is a wrong one', auth: { ...auth, password: 'env:HOME' }, problem: 'not allowed: 401' },
    {
      when: 'it is not there',
      auth: { ...auth, password: 'env:NOT_SET_ANYWHERE' },
      problem: 'secret env:NOT_SET_ANYWHERE: expected a value',
    },
  ])('is refused when $when, and no password is told', async ({ auth: given, problem }) => {
    const source = sourceAt(lab.url, given ? { auth: given } : {});
    const { stable } = await lab.provider.read({
      ...requestOf(lab, [total]),
      source: { ...source, arms: { by: 'labels', stable: { pod: '~crm.*' }, canary: { pod: 'x' } } },
      arms: { stable: { labelSelector: 'track=stable', backend: 'crm-api' } },
    });
    expect(stable?.failed[0]?.problem).toContain(problem);
    expect(JSON.stringify(stable)).not.toContain(PASSWORD);
    expect(JSON.stringify(stable)).not.toContain(Buffer.from(`reader:${PASSWORD}`).toString('base64'));
  });
});

describe.skipIf(isMissing('prometheus'))('a Prometheus whose remote storage is away', () => {
  it('warns, and its part of the data is no answer', async () => {
    const lab = await startPrometheusLab({
      pods: { 's-1': 'stable' },
      config: { remote_read: [{ url: 'http://127.0.0.1:1/read', read_recent: true }] },
    });
    try {
      const arms = { stable: { labelSelector: 'track=stable', backend: 'crm-api' } };
      const { stable } = await lab.provider.read(requestOf(lab, [total()], { arms }));
      expect(stable).toMatchObject({
        answered: [],
        failed: [{ problem: expect.stringContaining('not whole: it warns: ') }],
      });
    } finally {
      await lab.close();
    }
  });
  const total = () => ({ name: 'requests_total', labels: {} });
});
