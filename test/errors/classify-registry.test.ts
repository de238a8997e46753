import { describe, expect, it } from 'vitest';
import { classifyRegistryLoss, classifyRegistryRefusal } from '../../src/errors/classify-registry.ts';

const errors = (code: string, message: string) => JSON.stringify({ errors: [{ code, message, detail: {} }] });

describe('classifyRegistryRefusal', () => {
  it.each([
    {
      when: 'the tag is unknown',
      status: 404,
      body: errors('MANIFEST_UNKNOWN', 'manifest unknown'),
      code: 'NotFound',
      says: '404 from the registry: MANIFEST_UNKNOWN manifest unknown',
    },
    {
      when: 'the repository is unknown',
      status: 404,
      body: errors('NAME_UNKNOWN', 'repository name not known to registry'),
      code: 'NotFound',
      says: 'NAME_UNKNOWN',
    },
    {
      when: 'the answer to HEAD has no body',
      status: 404,
      body: '',
      code: 'NotFound',
      says: '404 from the registry: not found',
    },
    {
      when: 'nobody logged in',
      status: 401,
      body: errors('UNAUTHORIZED', 'authentication required'),
      code: 'Forbidden',
      says: 'authentication required',
    },
    {
      when: 'the account may not pull',
      status: 403,
      body: errors('DENIED', 'requested access to the resource is denied'),
      code: 'Forbidden',
      says: 'DENIED',
    },
    {
      when: 'the token service refuses',
      status: 401,
      body: '{"details":"incorrect username or password"}',
      code: 'Forbidden',
      says: 'incorrect username or password',
    },
    {
      when: 'the pull limit is reached',
      status: 429,
      body: errors('TOOMANYREQUESTS', 'You have reached your pull rate limit.'),
      code: 'Throttled',
      says: 'pull rate limit',
    },
    {
      when: 'the registry is down behind its proxy',
      status: 502,
      body: '<html><h1>502</h1></html>',
      code: 'Unavailable',
      says: 'an HTML page',
    },
    {
      when: 'the registry is read-only or busy',
      status: 503,
      body: errors('UNAVAILABLE', 'unavailable'),
      code: 'Unavailable',
      says: 'UNAVAILABLE',
    },
    { when: 'a proxy gave up', status: 504, body: '', code: 'Timeout', says: 'timeout' },
    {
      when: 'the name is refused',
      status: 400,
      body: errors('NAME_INVALID', 'invalid repository name'),
      code: 'InvalidInput',
      says: 'NAME_INVALID',
    },
    {
      when: 'no such method',
      status: 405,
      body: errors('UNSUPPORTED', 'not supported'),
      code: 'BadResponse',
      says: 'UNSUPPORTED',
    },
  ])('is $code when $when', ({ status, body, code, says }) => {
    const image = 'image registry.example.com/crm-api:v2';
    const found = classifyRegistryRefusal({ image, status, body, by: 'registry', retryAfterMs: 5 });
    expect(found.code).toBe(code);
    expect(found.message).toContain(says);
    expect(found.message).toMatch(/^image registry\.example\.com\/crm-api:v2: /);
    expect(found.retryAfterMs).toBe(5);
  });
});

describe('classifyRegistryLoss', () => {
  it.each([
    { kind: 'refused', code: 'Unavailable' },
    { kind: 'lost', code: 'Unavailable' },
    { kind: 'timeout', code: 'Timeout' },
    { kind: 'tooLarge', code: 'BadResponse' },
  ] as const)('is $code when the reply was $kind', ({ kind, code }) => {
    const found = classifyRegistryLoss({ image: 'image a/b:c', kind, message: 'm', by: 'registry a' });
    expect(found).toMatchObject({ code, message: 'image a/b:c: registry a not available: m' });
  });
});
