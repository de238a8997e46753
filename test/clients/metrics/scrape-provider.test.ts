import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScrapeProvider } from '../../../src/clients/metrics/scrape-provider.ts';
import type { MetricsRequest } from '../../../src/clients/metrics/port.ts';
import { freeAddress } from '../http/tiny-server.ts';
import { startSmallCluster, type SmallCluster, type SmallPod } from './small-cluster.ts';

let cluster: SmallCluster;
beforeEach(async () => {
  cluster = await startSmallCluster();
});
afterEach(async () => {
  await cluster.close();
});

const SELECTORS: MetricsRequest['selectors'] = [
  { name: 'requests_total', labels: {} },
  { name: 'requests_total', labels: { code: '~5..' } },
];
function request(overrides: Partial<MetricsRequest> = {}): MetricsRequest {
  return {
    source: { from: 'pods', port: 8080, path: '/metrics' },
    cluster: { kubeconfig: cluster.kubeconfig },
    namespace: 'crm',
    arms: {
      stable: { labelSelector: 'track=stable', backend: 'crm-api' },
      canary: { labelSelector: 'track=canary', backend: 'crm-api-canary-7' },
    },
    selectors: SELECTORS,
    ...overrides,
  };
}
const read = (overrides: Partial<MetricsRequest> = {}, signal?: AbortSignal, timeoutMs = 5_000) =>
  createScrapeProvider({ kubernetes: cluster.kubernetes, limits: { timeoutMs, maxBytes: 10_000 } }).read(
    request(overrides),
    signal,
  );
const PAGE = 'requests_total{code="200"} 90\nrequests_total{code="500"} 4\n';
async function pod(name: string, track: string, page = PAGE, more: Partial<SmallPod> = {}): Promise<void> {
  const server = await cluster.page(page);
  cluster.pods.push({ name, track, dial: server.host, ...more });
}

describe('pods of an arm', () => {
  it('are found by selector, dialled through the resolver, and read', async () => {
    await pod('s-1', 'stable', PAGE, { createdAt: '2026-01-01T00:00:00Z' });
    await pod('c-1', 'canary', 'requests_total{code="503"} 2\n');
    const { stable, canary } = await read();
    expect(stable).toMatchObject({
      listed: ['pod s-1'],
      answered: [{ instance: 'pod s-1', createdAtMs: Date.parse('2026-01-01T00:00:00Z') }],
      failed: [],
      without: [],
    });
    expect(stable?.answered[0]?.selectors.map((each) => each.series.map((series) => series.value))).toEqual([
      [90, 4],
      [4],
    ]);
    expect(canary?.answered[0]?.selectors.map((each) => each.series.map((series) => series.value))).toEqual([[2], [2]]);
  });
  it('that do not answer are named, and do not hide the others', async () => {
    await pod('c-1', 'canary');
    cluster.pods.push({ name: 'c-2', track: 'canary', dial: await freeAddress() });
    const slow = await cluster.page(() => undefined);
    cluster.pods.push({ name: 'c-3', track: 'canary', dial: slow.host });
    const { canary } = await read({}, undefined, 300);
    expect(canary?.answered.map((one) => one.instance)).toEqual(['pod c-1']);
    expect(canary?.listed).toEqual(['pod c-1', 'pod c-2', 'pod c-3']);
    expect(canary?.failed).toEqual([
      { instance: 'pod c-2', problem: expect.stringContaining('connection refused') },
      { instance: 'pod c-3', problem: expect.stringContaining('no whole reply within 0.3 s') },
    ]);
  });
  it.each([
    { when: 'it answers 404', status: 404, body: '', found: { without: ['pod c-1'], failed: [] } },
    {
      when: 'it answers 500',
      status: 500,
      body: '',
      found: { without: [], failed: [{ problem: expect.stringContaining('expected 200 with metrics, got 500') }] },
    },
    {
      when: 'it answers a web page',
      status: 200,
      body: '<html>hello</html>',
      found: { failed: [{ problem: expect.stringContaining('line 1 is no Prometheus text') }] },
    },
    {
      when: 'it answers too much',
      status: 200,
      body: 'a 1\n'.repeat(5_000),
      found: { failed: [{ problem: expect.stringContaining('longer than 10000 bytes') }] },
    },
    {
      when: 'it answers nothing',
      status: 200,
      body: '',
      found: {
        answered: [
          {
            selectors: [
              { known: false, series: [] },
              { known: false, series: [] },
            ],
          },
        ],
      },
    },
    {
      when: 'a value is NaN',
      status: 200,
      body: 'requests_total{code="500"} NaN\n',
      found: { answered: [{ selectors: [{ series: [{ value: Number.NaN }] }, {}] }] },
    },
  ])('when $when', async ({ status, body, found }) => {
    const server = await cluster.page((_, response) => response.writeHead(status).end(body));
    cluster.pods.push({ name: 'c-1', track: 'canary', dial: server.host });
    expect((await read()).canary).toMatchObject(found);
  });
  it('that are not running are listed and not asked; a terminating one may fail', async () => {
    cluster.pods.push({ name: 'c-1', track: 'canary', dial: await freeAddress(), phase: 'Pending' });
    cluster.pods.push({ name: 'c-2', track: 'canary', dial: await freeAddress(), deletedAt: '2026-01-01T00:00:00Z' });
    expect((await read()).canary).toEqual({ listed: ['pod c-1', 'pod c-2'], answered: [], failed: [], without: [] });
  });
  it('that cannot be listed fail the arm, with what the server said', async () => {
    cluster.broken = true;
    const { stable, canary } = await read();
    for (const one of [stable, canary]) {
      expect(one).toMatchObject({
        listed: null,
        answered: [],
        failed: [{ problem: expect.stringContaining('etcd is away') }],
      });
    }
  });
  it('are read together, many at a time', async () => {
    for (let at = 0; at < 40; at += 1) await pod(`c-${at}`, 'canary');
    const { canary } = await read();
    expect(canary?.answered.map((one) => one.instance)).toEqual(Array.from({ length: 40 }, (_, at) => `pod c-${at}`));
  });
  it('an arm that is not asked for is not there', async () => {
    await pod('s-1', 'stable');
    const reading = await read({ arms: { stable: { labelSelector: 'track=stable', backend: 'crm-api' } } });
    expect(Object.keys(reading)).toEqual(['stable']);
  });
  it('cancelling ends the reading at once', async () => {
    const slow = await cluster.page(() => undefined);
    cluster.pods.push({ name: 'c-1', track: 'canary', dial: slow.host });
    const stop = new AbortController();
    const reading = read({}, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow();
  });
  it('a selector that is no expression is final', async () => {
    await pod('c-1', 'canary');
    await expect(read({ selectors: [{ name: 'requests_total', labels: { code: '~(' } }] })).rejects.toMatchObject({
      code: 'InvalidInput',
    });
  });
});

describe('a router', () => {
  const source = (url: string): MetricsRequest['source'] => ({
    from: 'router',
    url,
    backendLabel: 'backend',
    labels: { route: 'crm-api' },
  });
  const LINES = [
    'requests_total{route="crm-api",backend="crm-api",code="200"} 900',
    'requests_total{route="crm-api",backend="crm-api-canary-7",code="500"} 7',
    'requests_total{route="other",backend="crm-api",code="200"} 5',
  ];
  it('is read once, and its series are told apart by backend and route', async () => {
    const server = await cluster.page(LINES.join('\n'));
    const { stable, canary } = await read({ source: source(`${server.url}/metrics`) });
    expect(stable?.answered[0]?.selectors[0]?.series.map((series) => series.value)).toEqual([900]);
    expect(canary?.answered[0]?.selectors.map((each) => each.series.map((series) => series.value))).toEqual([[7], [7]]);
    expect(server.requests).toHaveLength(1);
  });
  it('counts zero for a backend that has no series yet', async () => {
    const server = await cluster.page(LINES[0] as string);
    const { canary } = await read({ source: source(`${server.url}/metrics`) });
    expect(canary?.answered[0]?.selectors).toEqual([
      { known: true, series: [] },
      { known: true, series: [] },
    ]);
  });
  it('that does not answer fails both arms', async () => {
    const url = `http://${await freeAddress()}/metrics`;
    const { stable, canary } = await read({ source: source(url) });
    expect(stable?.failed).toEqual([
      { instance: `router ${url}`, problem: expect.stringContaining('connection refused') },
    ]);
    expect(canary?.failed).toHaveLength(1);
  });
});
