import { describe, expect, it } from 'vitest';
import { PATHS, podWith, route } from './admission-objects.ts';
import { call, deployment, startServer } from './support.ts';

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
