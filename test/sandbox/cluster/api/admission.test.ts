import { describe, expect, it } from 'vitest';
import { call, configMap, deployment, pod, startServer, template } from './support.ts';

const PATHS = {
  Deployment: '/apis/apps/v1/namespaces/default/deployments',
  Pod: '/api/v1/namespaces/default/pods',
  Service: '/api/v1/namespaces/default/services',
  ConfigMap: '/api/v1/namespaces/default/configmaps',
  Secret: '/api/v1/namespaces/default/secrets',
  EndpointSlice: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  HTTPRoute: '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes',
} as const;
type Kind = keyof typeof PATHS;

const service = (spec: object) => ({ metadata: { name: 'web' }, spec });
const route = (backend: object) => ({
  metadata: { name: 'web' },
  spec: { rules: [{ backendRefs: [{ name: 'web', port: 80, ...backend }] }] },
});
const slice = (addresses: string[]) => ({
  metadata: { name: 'web-1' },
  addressType: 'IPv4',
  endpoints: [{ addresses }],
  ports: [],
});
const podWith = (container: object, spec: object = {}) => ({
  metadata: { name: 'one' },
  spec: { containers: [{ name: 'web', image: 'a', ...container }], ...spec },
});

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
      when: 'a Secret is not base64',
      kind: 'Secret',
      body: { metadata: { name: 'a' }, data: { k: 'not base64!' } },
      field: 'data[k]',
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

describe('fields', () => {
  it.each([
    { mode: 'Strict', code: 400, warns: false },
    { mode: 'Warn', code: 201, warns: true },
    { mode: 'Ignore', code: 201, warns: false },
  ])('unknown ones give $code under $mode', async ({ mode, code, warns }) => {
    const { url } = await startServer();
    const body = deployment('web', { replcas: 3 });
    const answer = await call(url, 'POST', `${PATHS.Deployment}?fieldValidation=${mode}`, body);
    expect(answer.code).toBe(code);
    expect(answer.headers.get('warning') ?? '').toBe(warns ? '299 - "unknown field \\"spec.replcas\\""' : '');
    if (code === 400) expect(answer.body.message).toContain('strict decoding error: unknown field "spec.replcas"');
    else expect(answer.body.spec).not.toHaveProperty('replcas');
  });

  it.each([
    {
      what: 'text for a number',
      body: deployment('web', { replicas: '3' }),
      says: 'cannot unmarshal string into field spec.replicas',
    },
    { what: 'a fraction', body: deployment('web', { replicas: 1.5 }), says: 'field spec.replicas of type int' },
    {
      what: 'a number for text',
      body: { ...deployment('web'), metadata: { name: 'web', labels: { a: 1 } } },
      says: 'field metadata.labels.a of type string',
    },
    {
      what: 'a map for a list',
      body: deployment('web', { template: { spec: { containers: {} } } }),
      says: 'field spec.template.spec.containers of type list',
    },
    { what: 'another kind', body: { ...deployment('web'), kind: 'Pod' }, says: 'does not match the expected kind' },
    {
      what: 'another version',
      body: { ...deployment('web'), apiVersion: 'apps/v2' },
      says: 'does not match the expected API version',
    },
    {
      what: 'another namespace',
      body: { ...deployment('web'), metadata: { name: 'web', namespace: 'other' } },
      says: 'does not match the namespace',
    },
    { what: 'a list', body: [], says: 'must be a JSON object' },
    { what: 'no JSON', body: '{"a":', says: "couldn't parse the body" },
  ])('refuses $what with 400', async ({ body, says }) => {
    const { url } = await startServer();
    const answer = await call(url, 'POST', PATHS.Deployment, body);
    expect([answer.code, answer.body.message]).toEqual([400, expect.stringContaining(says)]);
  });

  it('refuses protobuf and YAML bodies with 415', async () => {
    const { url } = await startServer();
    for (const type of ['application/vnd.kubernetes.protobuf', 'application/yaml']) {
      const answer = await call(url, 'POST', PATHS.ConfigMap, 'x', { 'content-type': type });
      expect(answer).toMatchObject({ code: 415, body: { reason: 'UnsupportedMediaType' } });
    }
    const onlyProtobuf = { accept: 'application/vnd.kubernetes.protobuf' };
    expect((await call(url, 'GET', PATHS.ConfigMap, undefined, onlyProtobuf)).code).toBe(406);
  });
});

describe('defaults', () => {
  it('are those of a real server for pods', async () => {
    const { url } = await startServer();
    const probe = { httpGet: { port: 8080 } };
    const { body } = await call(
      url,
      'POST',
      PATHS.Pod,
      podWith({ image: 'a:1', readinessProbe: probe, ports: [{ containerPort: 80 }] }),
    );
    expect(body).toMatchObject({
      metadata: { namespace: 'default', generation: 1, creationTimestamp: expect.stringMatching(/T\d\d:\d\d:\d\dZ$/) },
      spec: {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            imagePullPolicy: 'IfNotPresent',
            resources: {},
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            readinessProbe: {
              httpGet: { path: '/', scheme: 'HTTP' },
              periodSeconds: 10,
              timeoutSeconds: 1,
              failureThreshold: 3,
              successThreshold: 1,
            },
          },
        ],
      },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    });
  });

  it('give each Service its own address and node port, and keep them', async () => {
    const { url } = await startServer();
    const create = async (name: string, spec: object) =>
      (await call(url, 'POST', PATHS.Service, { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } })).body
        .spec as { clusterIP: string; ports: { nodePort?: number; targetPort: number }[] };
    const first = await create('a', {});
    const second = await create('b', { type: 'NodePort' });
    const third = await create('c', { type: 'NodePort' });
    const headless = await create('d', { clusterIP: 'None' });
    expect(new Set([first.clusterIP, second.clusterIP, third.clusterIP]).size).toBe(3);
    expect([second.ports[0]?.nodePort, third.ports[0]?.nodePort]).toEqual([30_000, 30_001]);
    expect([headless.clusterIP, first.ports[0]?.targetPort]).toEqual(['None', 80]);
    const put = await call(url, 'PUT', `${PATHS.Service}/a`, {
      metadata: { name: 'a' },
      spec: { ports: [{ port: 81 }] },
    });
    expect(put.body.spec).toMatchObject({ clusterIP: first.clusterIP });
  });

  it('fill a route so that the router need not guess', async () => {
    const { url } = await startServer();
    const { body } = await call(url, 'POST', PATHS.HTTPRoute, {
      ...route({}),
      spec: { ...route({}).spec, parentRefs: [{ name: 'edge' }] },
    });
    expect(body.spec).toEqual({
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ group: '', kind: 'Service', name: 'web', port: 80, weight: 1 }],
        },
      ],
    });
  });

  it('take quantities as numbers and turn stringData into data', async () => {
    const { url } = await startServer();
    const limited = await call(url, 'POST', PATHS.Pod, podWith({ resources: { limits: { cpu: 1 } } }));
    expect(limited.body).toMatchObject({ spec: { containers: [{ resources: { limits: { cpu: '1' } } }] } });
    const secret = await call(url, 'POST', PATHS.Secret, { metadata: { name: 'a' }, stringData: { k: 'x' } });
    expect(secret.body).toMatchObject({ type: 'Opaque', data: { k: 'eA==' } });
    expect(secret.body).not.toHaveProperty('stringData');
  });
});
