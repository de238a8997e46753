import { describe, expect, it } from 'vitest';
import { classifyKubernetesLoss, classifyKubernetesRefusal } from '../../src/errors/classify-kubernetes.ts';

/** `Status` objects as kube-apiserver writes them. */
function status(code: number, reason: string, message: string, details: object = {}): string {
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  });
}
const named = { name: 'crm-api', group: 'apps', kind: 'deployments' };

describe('classifyKubernetesRefusal', () => {
  it.each([
    {
      when: 'the object is absent',
      http: 404,
      body: status(404, 'NotFound', 'deployments.apps "crm-api" not found', named),
      code: 'NotFound',
      says: 'get Deployment crm/crm-api: 404 not found: deployments.apps "crm-api" not found',
      absent: true,
    },
    {
      when: 'the kind is not served, by a known group',
      http: 404,
      body: status(404, 'NotFound', 'the server could not find the requested resource', {}),
      code: 'NotFound',
      says: 'does not serve this kind',
      absent: false,
    },
    {
      when: 'the kind is not served at all',
      http: 404,
      body: '404 page not found\n',
      code: 'NotFound',
      says: 'definition installed',
      absent: false,
    },
    {
      when: 'the right is missing',
      http: 403,
      body: status(
        403,
        'Forbidden',
        'deployments.apps "crm-api" is forbidden: User "system:serviceaccount:ops:mainstay" cannot get resource "deployments" in API group "apps" in the namespace "crm"',
        named,
      ),
      code: 'Forbidden',
      says: 'get Deployment crm/crm-api: 403 forbidden: deployments.apps "crm-api" is forbidden',
    },
    {
      when: 'the quota is used up',
      http: 403,
      body: status(
        403,
        'Forbidden',
        'pods "crm-api-1" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10',
        named,
      ),
      code: 'PreconditionFailed',
      says: 'exceeded quota',
    },
    {
      when: 'the namespace is going away',
      http: 403,
      body: status(
        403,
        'Forbidden',
        'deployments.apps "crm-api" is forbidden: unable to create new content in namespace crm because it is being terminated',
        { ...named, causes: [{ reason: 'NamespaceTerminating' }] },
      ),
      code: 'PreconditionFailed',
      says: 'being terminated',
    },
    {
      when: 'the token is not accepted',
      http: 401,
      body: status(401, 'Unauthorized', 'Unauthorized'),
      code: 'Forbidden',
      says: '401 unauthorized',
    },
    {
      when: 'somebody wrote in between',
      http: 409,
      body: status(
        409,
        'Conflict',
        'Operation cannot be fulfilled on deployments.apps "crm-api": the object has been modified; please apply your changes to the latest version and try again',
        named,
      ),
      code: 'Conflict',
      says: '409 conflict: Operation cannot be fulfilled',
    },
    {
      when: 'it exists',
      http: 409,
      body: status(409, 'AlreadyExists', 'services "crm-api" already exists', named),
      code: 'Conflict',
      says: '409 already exists',
    },
    {
      when: 'a field is refused',
      http: 422,
      body: status(422, 'Invalid', 'Deployment.apps "crm-api" is invalid: spec.replicas: Invalid value: -1', named),
      code: 'InvalidInput',
      says: '422 invalid',
    },
    {
      when: 'the body is no JSON of the kind',
      http: 400,
      body: status(400, 'BadRequest', 'strict decoding error'),
      code: 'InvalidInput',
      says: '400 bad request: strict decoding error',
    },
    {
      when: 'flow control says wait',
      http: 429,
      body: status(429, 'TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: 3 }),
      code: 'Throttled',
      says: '429 too many requests',
      delayMs: 3000,
    },
    {
      when: 'the header says wait',
      http: 429,
      header: 7000,
      body: '',
      code: 'Throttled',
      says: '429 too many requests',
      delayMs: 7000,
    },
    {
      when: 'the server is starting',
      http: 503,
      body: status(503, 'ServiceUnavailable', 'apiserver not ready'),
      code: 'Unavailable',
      says: '503 unavailable: apiserver not ready',
    },
    {
      when: 'the store timed out',
      http: 500,
      body: status(500, 'InternalError', 'etcdserver: request timed out'),
      code: 'Unavailable',
      says: '500 internal error',
    },
    {
      when: 'a proxy in front gave up',
      http: 504,
      body: '<html>Gateway Time-out</html>',
      code: 'Timeout',
      says: 'an HTML page',
    },
    {
      when: 'the write lost its server',
      write: true,
      http: 500,
      body: status(500, 'InternalError', 'etcdserver: leader changed'),
      code: 'OutcomeUnknown',
      says: 'may have taken effect',
    },
    {
      when: 'the write timed out in the server',
      write: true,
      http: 504,
      body: status(504, 'Timeout', 'request did not complete within requested timeout', {}),
      code: 'OutcomeUnknown',
      says: 'may have taken effect',
    },
    {
      when: 'the body type is refused',
      http: 415,
      body: status(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format'),
      code: 'BadResponse',
      says: '415',
    },
    { when: 'a login page redirects', http: 302, body: '', code: 'BadResponse', says: '302 refused' },
  ])('is $code when $when', ({ http, body, code, says, write, absent, delayMs, header }) => {
    const found = classifyKubernetesRefusal({
      verb: 'get',
      object: 'Deployment crm/crm-api',
      write: write ?? false,
      status: http,
      body,
      retryAfterMs: header,
    });
    expect(found.code).toBe(code);
    expect(found.message).toContain(says);
    expect(found.message).toMatch(/^get Deployment crm\/crm-api: /);
    expect(found.absent).toBe(absent ?? false);
    expect(found.retryAfterMs).toBe(delayMs);
  });

  it('keeps a message of any length within bounds', () => {
    const body = status(422, 'Invalid', 'x'.repeat(100_000));
    const found = classifyKubernetesRefusal({
      verb: 'update',
      object: 'Service crm/a',
      write: true,
      status: 422,
      body,
    });
    expect(found.message.length).toBeLessThan(700);
  });
});

describe('classifyKubernetesLoss', () => {
  it.each([
    {
      when: 'a write was sent and its connection was cut',
      write: true,
      sent: true,
      kind: 'lost',
      code: 'OutcomeUnknown',
    },
    { when: 'a write was sent and got no answer', write: true, sent: true, kind: 'timeout', code: 'OutcomeUnknown' },
    { when: 'a write was sent and cancelled', write: true, sent: true, kind: 'cancelled', code: 'OutcomeUnknown' },
    { when: 'a write found no server', write: true, sent: false, kind: 'refused', code: 'Unavailable' },
    { when: 'a write got no connection in time', write: true, sent: false, kind: 'timeout', code: 'Timeout' },
    { when: 'a read was cut', write: false, sent: true, kind: 'lost', code: 'Unavailable' },
    { when: 'a read got no answer', write: false, sent: true, kind: 'timeout', code: 'Timeout' },
    { when: 'a read brought too much', write: false, sent: true, kind: 'tooLarge', code: 'BadResponse' },
  ] as const)('is $code when $when', ({ write, sent, kind, code }) => {
    const loss = {
      verb: 'update',
      object: 'HTTPRoute crm/crm',
      write,
      sent,
      kind,
      message: 'gone',
      server: 'https://k8s.example.com',
    };
    const found = classifyKubernetesLoss(loss);
    expect(found.code).toBe(code);
    expect(found.message).toContain('update HTTPRoute crm/crm: gone, server https://k8s.example.com');
  });
});
