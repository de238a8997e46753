import { describe, expect, it } from 'vitest';
import { parseChallenge, readToken } from '../../../src/clients/registry/challenge.ts';
import { parseRepository } from '../../../src/clients/registry/reference.ts';

describe('parseRepository', () => {
  it.each([
    { text: 'registry.example.com/team/crm-api', origin: 'https://registry.example.com', name: 'team/crm-api' },
    { text: '127.0.0.1:5000/crm-api', origin: 'http://127.0.0.1:5000', name: 'crm-api' },
    { text: 'localhost:5000/crm-api', origin: 'http://localhost:5000', name: 'crm-api' },
    { text: 'localhost/crm-api', origin: 'http://localhost', name: 'crm-api' },
    { text: 'lab.example.com:5000/crm', origin: 'http://lab.example.com:5000', name: 'crm' },
    { text: 'nginx', origin: 'https://registry-1.docker.io', name: 'library/nginx' },
    { text: 'team/app', origin: 'https://registry-1.docker.io', name: 'team/app' },
    { text: '127.0.0.1.example.com/app', origin: 'https://127.0.0.1.example.com', name: 'app' },
  ])('reads $text', ({ text, origin, name }) => {
    expect(parseRepository(text, ['lab.example.com:5000'])).toMatchObject({ origin, name });
  });

  it.each([
    '',
    'https://registry.example.com/a',
    'registry.example.com/',
    'registry.example.com/UPPER',
    'registry.example.com/a/../b',
    'a b/c',
    'x.example.com/a?b',
  ])('refuses %j', (text) => {
    expect(() => parseRepository(text)).toThrow(/expected HOST\[:PORT\]\/NAME/);
  });
});

describe('parseChallenge', () => {
  it.each([
    {
      header:
        'Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push"',
      found: {
        scheme: 'bearer',
        realm: 'https://auth.example.com/token',
        service: 'registry.example.com',
        scope: 'repository:a/b:pull,push',
      },
    },
    {
      header: 'bearer realm=https://auth.example.com/token',
      found: { scheme: 'bearer', realm: 'https://auth.example.com/token' },
    },
    { header: 'Basic realm="Registry"', found: { scheme: 'basic' } },
    {
      header: 'Basic realm="x", Bearer realm="https://a.example.com"',
      found: { scheme: 'bearer', realm: 'https://a.example.com' },
    },
    { header: 'Negotiate', found: undefined },
    { header: 'Bearer service="x"', found: undefined },
    { header: undefined, found: undefined },
  ])('reads $header', ({ header, found }) => {
    expect(parseChallenge(header)).toEqual(found);
  });
});

describe('readToken', () => {
  it.each([
    { body: '{"token":"a","expires_in":300}', found: { token: 'a', lifeMs: 300_000 } },
    { body: '{"access_token":"b"}', found: { token: 'b', lifeMs: 60_000 } },
    { body: '{"token":""}', found: undefined },
    { body: 'null', found: undefined },
    { body: '<html>', found: undefined },
  ])('reads $body', ({ body, found }) => {
    expect(readToken(body)).toEqual(found);
  });
});
