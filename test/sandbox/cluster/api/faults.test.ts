import { describe, expect, it } from 'vitest';
import { type FaultRule, Faults } from '../../../../src/sandbox/cluster/api/faults.ts';
import { call, configMap, openWatch, startServer } from './support.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

describe('faults', () => {
  it('answer with a status and Retry-After, as often as they are told', async () => {
    const { url, faults } = await startServer();
    faults.add({ id: 'busy', verb: 'create', resource: 'configmaps', status: 429, retryAfterSeconds: 7, count: 2 });
    for (let time = 0; time < 2; time += 1) {
      const refused = await call(url, 'POST', MAPS, configMap('a'));
      expect(refused).toMatchObject({
        code: 429,
        body: { reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } },
      });
      expect(refused.headers.get('retry-after')).toBe('7');
    }
    expect(faults.list()).toEqual([]);
    expect((await call(url, 'POST', MAPS, configMap('a'))).code).toBe(201);
  });

  it('lose a reply after the write took effect', async () => {
    const { url, faults } = await startServer();
    faults.add({ verb: 'create', dropReply: true, count: 1 });
    await expect(call(url, 'POST', MAPS, configMap('a'))).rejects.toThrow('fetch failed');
    expect((await call(url, 'POST', MAPS, configMap('a'))).code).toBe(409);
  });

  it('delay a request and cut a watch', async () => {
    const { url, faults } = await startServer();
    const id = faults.add({ verb: 'list', delayMs: 80 });
    const startMs = Date.now();
    expect((await call(url, 'GET', MAPS)).code).toBe(200);
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(79);
    expect(faults.remove(id)).toBe(true);
    faults.add({ verb: 'watch', status: 410 });
    expect((await openWatch(url, `${MAPS}?watch=true`)).code).toBe(410);
  });

  it('let a delayed write go when its client gave up', async () => {
    const { url, faults, store } = await startServer();
    faults.add({ verb: 'create', delayMs: 100, count: 1 });
    const version = store.version;
    const signal = AbortSignal.timeout(20);
    const body = JSON.stringify(configMap('a'));
    await expect(fetch(`${url}${MAPS}`, { method: 'POST', body, signal })).rejects.toThrow('abort');
    faults.add({ verb: 'create', delayMs: 150, count: 1 });
    expect((await call(url, 'POST', MAPS, configMap('b'))).code).toBe(201);
    expect(store.version).toBe(version + 1);
  });

  it('deny: the review says no, the verb is refused, all else goes on', async () => {
    const { url, faults } = await startServer({
      faults: [{ id: 'no-patch', verb: 'patch', resource: 'configmaps', namespace: 'default', deny: true }],
    });
    await call(url, 'POST', MAPS, configMap('a'));
    const review = async (verb: string, namespace: string) =>
      (await call(url, 'POST', REVIEWS, { spec: { resourceAttributes: { verb, resource: 'configmaps', namespace } } }))
        .body.status;
    expect(await review('patch', 'default')).toMatchObject({ allowed: false });
    expect(await review('patch', 'other')).toEqual({ allowed: true });
    expect(await review('get', 'default')).toEqual({ allowed: true });
    const refused = await call(url, 'PATCH', `${MAPS}/a`, { data: {} });
    expect(refused).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
    expect(refused.body.message).toContain('cannot patch resource "configmaps"');
    expect((await call(url, 'GET', `${MAPS}/a`)).code).toBe(200);
    faults.clear();
    expect(await review('patch', 'default')).toEqual({ allowed: true });
  });

  it.each<{ rule: FaultRule; hits: boolean }>([
    { rule: { status: 500 }, hits: true },
    { rule: { status: 500, verb: 'patch', resource: 'deployments', name: 'web', namespace: 'crm' }, hits: true },
    { rule: { status: 500, resource: 'deployments/scale' }, hits: true },
    { rule: { status: 500, resource: 'deployments/status' }, hits: false },
    { rule: { status: 500, userAgent: 'worker' }, hits: true },
    { rule: { status: 500, userAgent: 'kubectl' }, hits: false },
    { rule: { status: 500, verb: 'get' }, hits: false },
    { rule: { status: 500, name: 'api' }, hits: false },
    { rule: { status: 500, probability: 0 }, hits: false },
    { rule: { status: 500, probability: 0.5 }, hits: true },
    { rule: { status: 500, probability: 0.3 }, hits: false },
  ])('$rule hits the scale of crm/web by the worker: $hits', ({ rule, hits }) => {
    const faults = new Faults([rule], () => 0.4);
    const traits = {
      verb: 'patch',
      resource: 'deployments/scale',
      name: 'web',
      namespace: 'crm',
      userAgent: 'mainstay-worker/1',
    };
    expect(faults.take(traits) !== undefined).toBe(hits);
  });

  it.each<FaultRule>([
    {},
    { verb: 'get' },
    { status: 200 },
    { delayMs: -1 },
    { status: 500, count: 0 },
    { status: 500, probability: 2 },
  ])('refuses the rule %j', (rule) => {
    expect(() => new Faults([rule])).toThrow('fault rule');
  });
});
