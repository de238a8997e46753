import { describe, expect, it } from 'vitest';
import { type Kind, PATHS, podWith, route, service, slice } from './admission-objects.ts';
import { call, configMap, deployment, pod, startServer, template } from './support.ts';

describe('refusals with 422 Invalid', () => {
  it.each<{ when: string; kind: Kind; body: object; field: string }>([
    { when: 'there is no name', kind: 'ConfigMap', body: { data: {} }, field: 'metadata.name' },
    { when: 'the name has capitals', kind: 'ConfigMap', body: configMap('Web'), field: 'metadata.name' },
    {
      when: 'a label value has a space',
      kind: 'ConfigMap',
      body: { metadata: { name: 'a', labels: { a: 'b c' } } },
      field: 'metadata.labels',
    },
    {
      when: 'a key of a ConfigMap has a slash',
      kind: 'ConfigMap',
      body: configMap('a', { 'x/y': '1' }),
      field: 'data[x/y]',
    },
    {
      when: 'replicas are negative',
      kind: 'Deployment',
      body: deployment('web', { replicas: -1 }),
      field: 'spec.replicas',
    },
    {
      when: 'the selector misses the template',
      kind: 'Deployment',
      body: deployment('web', { template: template('api') }),
      field: 'spec.template.metadata.labels',
    },
    {
      when: 'there is no selector',
      kind: 'Deployment',
      body: deployment('web', { selector: undefined }),
      field: 'spec.selector',
    },
    {
      when: 'surge and unavailable are 0',
      kind: 'Deployment',
      body: deployment('web', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }),
      field: 'spec.strategy.rollingUpdate.maxUnavailable',
    },
    {
      when: 'the surge is no amount',
      kind: 'Deployment',
      body: deployment('web', { strategy: { rollingUpdate: { maxSurge: 'many' } } }),
      field: 'spec.strategy.rollingUpdate.maxSurge',
    },
    {
      when: 'the deadline is below minReadySeconds',
      kind: 'Deployment',
      body: deployment('web', { minReadySeconds: 60, progressDeadlineSeconds: 30 }),
      field: 'spec.progressDeadlineSeconds',
    },
    {
      when: 'a pod has no containers',
      kind: 'Pod',
      body: { metadata: { name: 'one' }, spec: { containers: [] } },
      field: 'spec.containers',
    },
    { when: 'a container has no image', kind: 'Pod', body: podWith({ image: '' }), field: 'spec.containers[0].image' },
    {
      when: 'a container port is too high',
      kind: 'Pod',
      body: podWith({ ports: [{ containerPort: 70_000 }] }),
      field: 'spec.containers[0].ports[0].containerPort',
    },
    {
      when: 'a probe does nothing',
      kind: 'Pod',
      body: podWith({ livenessProbe: { periodSeconds: 5 } }),
      field: 'spec.containers[0].livenessProbe',
    },
    {
      when: 'a mount has no volume',
      kind: 'Pod',
      body: podWith({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
      field: 'spec.containers[0].volumeMounts[0].name',
    },
    {
      when: 'the restart policy is unknown',
      kind: 'Pod',
      body: podWith({}, { restartPolicy: 'Sometimes' }),
      field: 'spec.restartPolicy',
    },
    {
      when: 'a Service has no ports',
      kind: 'Service',
      body: service({ selector: { app: 'web' } }),
      field: 'spec.ports',
    },
    {
      when: 'a Service port is 0',
      kind: 'Service',
      body: service({ ports: [{ port: 0 }] }),
      field: 'spec.ports[0].port',
    },
    {
      when: 'two ports have no names',
      kind: 'Service',
      body: service({ ports: [{ port: 1 }, { port: 2 }] }),
      field: 'spec.ports[0].name',
    },
    {
      when: 'an endpoint is on loopback',
      kind: 'EndpointSlice',
      body: slice(['127.0.0.1']),
      field: 'endpoints[0].addresses[0]',
    },
    {
      when: 'a weight is negative',
      kind: 'HTTPRoute',
      body: route({ weight: -1 }),
      field: 'spec.rules[0].backendRefs[0].weight',
    },
    {
      when: 'a path is relative',
      kind: 'HTTPRoute',
      body: { metadata: { name: 'web' }, spec: { rules: [{ matches: [{ path: { value: 'api' } }] }] } },
      field: 'spec.rules[0].matches[0].path.value',
    },
    {
      when: 'a path type is unknown',
      kind: 'HTTPRoute',
      body: { metadata: { name: 'web' }, spec: { rules: [{ matches: [{ path: { type: 'Suffix' } }] }] } },
      field: 'spec.rules[0].matches[0].path.type',
    },
    {
      when: 'a weight is beyond a million',
      kind: 'HTTPRoute',
      body: route({ weight: 1_000_001 }),
      field: 'spec.rules[0].backendRefs[0].weight',
    },
    {
      when: 'a backend Service has no port',
      kind: 'HTTPRoute',
      body: route({ port: undefined }),
      field: 'spec.rules[0].backendRefs[0]',
    },
  ])('$kind, when $when', async ({ kind, body, field }) => {
    const { url } = await startServer();
    const { code, body: status } = await call(url, 'POST', PATHS[kind], body);
    expect(status).toMatchObject({
      kind: 'Status',
      code: 422,
      reason: 'Invalid',
      details: { kind, causes: expect.arrayContaining([expect.objectContaining({ field })]) },
    });
    expect(code).toBe(422);
  });

  it.each<{ when: string; kind: Kind; body: object; patch: object; field: string }>([
    {
      when: 'the selector of a Deployment changes',
      kind: 'Deployment',
      body: deployment('web'),
      patch: { spec: { selector: { matchLabels: { x: 'y' } }, template: { metadata: { labels: { x: 'y' } } } } },
      field: 'spec.selector',
    },
    {
      when: 'the command of a pod changes',
      kind: 'Pod',
      body: pod('web'),
      patch: { spec: { hostNetwork: true } },
      field: 'spec',
    },
    {
      when: 'an immutable ConfigMap changes',
      kind: 'ConfigMap',
      body: { ...configMap('web'), immutable: true },
      patch: { data: { key: 'new' } },
      field: 'data',
    },
    {
      when: 'the address of a Service changes',
      kind: 'Service',
      body: service({ ports: [{ port: 80 }] }),
      patch: { spec: { clusterIP: '10.96.9.9' } },
      field: 'spec.clusterIPs[0]',
    },
  ])('$kind, when $when', async ({ kind, body, patch, field }) => {
    const { url } = await startServer();
    expect((await call(url, 'POST', PATHS[kind], body)).code).toBe(201);
    const { code, body: status } = await call(url, 'PATCH', `${PATHS[kind]}/web`, patch);
    expect([code, status.details]).toEqual([
      422,
      expect.objectContaining({ causes: expect.arrayContaining([expect.objectContaining({ field })]) }),
    ]);
  });
});

describe('the status of a route', () => {
  const parent = { controllerName: 'example.com/router', parentRef: { name: 'edge' } };
  const condition = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };

  it.each([
    { when: 'complete', status: { parents: [{ ...parent, conditions: [condition] }] }, code: 200 },
    { when: 'without controller', status: { parents: [{ parentRef: { name: 'edge' } }] }, code: 422 },
    {
      when: 'without a time',
      status: { parents: [{ ...parent, conditions: [{ ...condition, lastTransitionTime: undefined }] }] },
      code: 422,
    },
  ])('$when gives $code', async ({ status, code }) => {
    const { url } = await startServer();
    await call(url, 'POST', PATHS.HTTPRoute, route({}));
    const answer = await call(url, 'PATCH', `${PATHS.HTTPRoute}/web/status`, { status });
    expect(answer.code).toBe(code);
    if (code === 200)
      expect(answer.body).toMatchObject({
        status: { parents: [{ parentRef: { kind: 'Gateway' } }] },
        metadata: { generation: 1 },
      });
  });
});
