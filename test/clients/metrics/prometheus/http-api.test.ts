/** How a server is asked, and what comes of replies that a sound Prometheus does not give at will. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPrometheusApi } from '../../../../src/clients/metrics/prometheus/http-api.ts';
import type { PrometheusServer } from '../../../../src/core/model/prometheus.ts';
import { answerJson, freeAddress, startTinyServer, type TinyServer } from '../../http/tiny-server.ts';
import { type SmallCluster, startSmallCluster } from '../small-cluster.ts';
import { serverAt } from './prometheus-lab.ts';

const EMPTY = { status: 'success', data: { resultType: 'vector', result: [] } };
let server: TinyServer;
let cluster: SmallCluster;
beforeEach(async () => {
  server = await startTinyServer((_, response) => answerJson(response, 200, EMPTY));
  cluster = await startSmallCluster();
});
afterEach(async () => {
  delete process.env.PROMETHEUS_TEST_TOKEN;
  await server.close();
  await cluster.close();
});

function api(more: Partial<PrometheusServer> = {}, maxBytes?: number) {
  const kubernetes = cluster.kubernetes({ kubeconfig: cluster.kubeconfig });
  const limit = maxBytes === undefined ? {} : { maxBytes };
  return createPrometheusApi(serverAt(server.url, more), { kubernetes, ...limit });
}
const ask = (more: Partial<PrometheusServer> = {}, signal?: AbortSignal) =>
  api(more).query('up', 1_500, ['vector'], signal);

describe('asking', () => {
  it('tells time, limit and staleness, below the path of the address', async () => {
    await ask({ url: `${server.url}/prometheus/`, timeoutMs: 1_500, staleAfterMs: 60_000 });
    const url = new URL(server.requests[0]?.path ?? '', server.url);
    expect(url.pathname).toBe('/prometheus/api/v1/query');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query: 'up',
      time: '1.500',
      timeout: '1500ms',
      lookback_delta: '60000ms',
    });
  });
  it('puts a long query into a form', async () => {
    const query = `up{pod=~"${'crm-api-7d9f8-aaaaa|'.repeat(200)}"}`;
    await api().query(query, 0, ['vector']);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/api/v1/query' });
    expect(new URLSearchParams(request?.body).get('query')).toBe(query);
  });
  it('sends the tenant, and a token that is fetched each time', async () => {
    const auth = { kind: 'bearer', token: 'env:PROMETHEUS_TEST_TOKEN' } as const;
    for (const token of ['first', 'renewed']) {
      process.env.PROMETHEUS_TEST_TOKEN = token;
      await ask({ auth, headers: { 'X-Scope-OrgID': 'shop' } });
    }
    expect(server.requests.map(({ headers }) => [headers.authorization, headers['x-scope-orgid']])).toEqual([
      ['Bearer first', 'shop'],
      ['Bearer renewed', 'shop'],
    ]);
  });
  it('a token that no header can hold is not shown', async () => {
    process.env.PROMETHEUS_TEST_TOKEN = 'top\nsecret';
    const asked = ask({ auth: { kind: 'bearer', token: 'env:PROMETHEUS_TEST_TOKEN' } });
    await expect(asked).rejects.toMatchObject({
      code: 'InvalidInput',
      message: 'secret env:PROMETHEUS_TEST_TOKEN: expected printable characters on one line, found others',
    });
  });
  it('ends at once when it is cancelled', async () => {
    server.answer(() => undefined);
    const stop = new AbortController();
    const asked = ask({}, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
  });
});

describe('a reply', () => {
  it.each([
    { when: 'late', answer: undefined, code: 'Timeout', text: 'timed out: no whole reply within 0.2 s' },
    { when: 'a proxy’s page', answer: [502, '<html>'], code: 'Unavailable', text: 'unavailable: 502' },
    { when: 'a login page', answer: [200, '<html>'], code: 'BadResponse', text: 'no Prometheus reply: expected JSON' },
    { when: 'a redirect', answer: [302, ''], code: 'BadResponse', text: 'no Prometheus reply: 302' },
    { when: 'a refusal for now', answer: [429, 'slow down'], code: 'Throttled', text: 'throttled: 429 slow down' },
    {
      when: 'too long',
      answer: [200, 'x'.repeat(2_000)],
      code: 'BadResponse',
      text: 'reply too long: the reply is longer than 1000',
    },
  ] as const)('that is $when is named, with server and query', async ({ answer, code, text }) => {
    server.answer((_, response) => {
      if (answer) response.writeHead(answer[0], { 'retry-after': '7' }).end(answer[1]);
    });
    const asked = api({ timeoutMs: 200 }, 1_000).query('up', 0, ['vector']);
    await expect(asked).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`Prometheus ${server.url}: up: ${text}`),
    });
  });
  it('that asks for patience says how long', async () => {
    server.answer((_, response) => response.writeHead(429, { 'retry-after': '7' }).end());
    await expect(ask()).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });
  it('that never comes, because nobody listens', async () => {
    await expect(ask({ url: `http://${await freeAddress()}` })).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('not reachable: connection refused'),
    });
  });
});
