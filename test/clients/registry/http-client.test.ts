import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistryClient } from '../../../src/clients/registry/http-client.ts';
import { type Registry, startRegistry } from '../../../src/sandbox/registry/server.ts';
import { digestOf, pushImage } from './push-image.ts';
import { answerJson, freeAddress, startTinyServer, type TinyServer } from '../http/tiny-server.ts';

const absent = digestOf('nothing');

describe('against the sandbox registry', () => {
  let folder: string;
  let registry: Registry;
  let repository: string;
  let digest: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-registry-'));
    registry = await startRegistry({ stateDir: folder });
    repository = `${registry.host}/crm-api`;
    digest = await pushImage(registry.url, 'crm-api', 'v1.4.2');
  });
  afterEach(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('tells which digest a tag means and whether a digest is there', async () => {
    const client = createRegistryClient();
    expect(await client.resolveTag(repository, 'v1.4.2')).toBe(digest);
    expect(await client.hasDigest(repository, digest)).toBe(true);
    expect(await client.hasDigest(repository, absent)).toBe(false);
  });

  it('names image and registry answer when tag or repository do not exist', async () => {
    const client = createRegistryClient();
    await expect(client.resolveTag(repository, 'v9')).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringMatching(/^image 127\.0\.0\.1:\d+\/crm-api:v9: 404 from the registry: MANIFEST_UNKNOWN/),
    });
    await expect(client.resolveTag(`${registry.host}/other`, 'v1')).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('NAME_UNKNOWN'),
    });
  });

  it('is Unavailable while the registry is', async () => {
    registry.faults.set({ kind: 'unavailable' });
    await expect(createRegistryClient().resolveTag(repository, 'v1.4.2')).rejects.toMatchObject({
      code: 'Unavailable',
    });
    registry.faults.clear();
    registry.faults.set({ kind: 'down' });
    await expect(createRegistryClient().hasDigest(repository, digest)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('ends within its time when the registry hangs', async () => {
    registry.faults.set({ kind: 'delay', delayMs: 3000 });
    const startedMs = Date.now();
    await expect(createRegistryClient({ timeoutMs: 200 }).resolveTag(repository, 'v1.4.2')).rejects.toMatchObject({
      code: 'Timeout',
      message: expect.stringContaining('no answer within 0.2 s'),
    });
    expect(Date.now() - startedMs).toBeLessThan(2000);
  });
});

it('names a registry where nothing listens', async () => {
  const host = await freeAddress();
  await expect(createRegistryClient().resolveTag(`${host}/crm-api`, 'v1')).rejects.toMatchObject({
    code: 'Unavailable',
    message: `image ${host}/crm-api:v1: registry ${host} not available: connection refused (ECONNREFUSED ${host})`,
  });
});

describe('a registry with its own ways', () => {
  let server: TinyServer;
  beforeEach(async () => {
    server = await startTinyServer((_, response) => response.writeHead(500).end());
  });
  afterEach(() => server.close());

  it('counts the digest itself when the registry does not name it', async () => {
    const manifest = '{"schemaVersion":2,"note":"ä"}';
    server.answer((_, response) => response.end(manifest));
    expect(await createRegistryClient().resolveTag(`${server.host}/app`, 'v1')).toBe(digestOf(manifest));
  });

  it.each([
    { who: 'anonymously', credentials: undefined, sends: undefined },
    {
      who: 'with credentials',
      credentials: { username: 'robot', password: 'p:w' },
      sends: `Basic ${Buffer.from('robot:p:w').toString('base64')}`,
    },
  ])('follows a bearer challenge $who and keeps the token', async ({ credentials, sends }) => {
    server.answer((request, response) => {
      if (request.path.startsWith('/token')) {
        answerJson(response, 200, { token: 't-1', expires_in: 300 });
      } else if (request.headers.authorization === 'Bearer t-1') {
        response.writeHead(200, { 'docker-content-digest': absent }).end();
      } else {
        const challenge = `Bearer realm="${server.url}/token",service="reg",scope="repository:app:pull"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      }
    });
    const client = createRegistryClient({ credentials: async () => credentials });
    expect(await client.resolveTag(`${server.host}/app`, 'v1')).toBe(absent);
    expect(await client.resolveTag(`${server.host}/app`, 'v1')).toBe(absent);
    const asked = server.requests.filter((request) => request.path.startsWith('/token'));
    expect(asked).toHaveLength(1);
    expect(asked[0]?.path).toBe('/token?service=reg&scope=repository%3Aapp%3Apull');
    expect(asked[0]?.headers.authorization).toBe(sends);
  });

  it('answers a basic challenge', async () => {
    server.answer((request, response) => {
      const isKnown = request.headers.authorization?.startsWith('Basic ');
      response
        .writeHead(isKnown ? 200 : 401, { 'www-authenticate': 'Basic realm="r"', 'docker-content-digest': absent })
        .end();
    });
    const client = createRegistryClient({ credentials: async () => ({ username: 'u', password: 'p' }) });
    expect(await client.hasDigest(`${server.host}/app`, absent)).toBe(true);
    await expect(createRegistryClient().hasDigest(`${server.host}/app`, absent)).rejects.toMatchObject({
      code: 'Forbidden',
    });
  });

  it('is Forbidden, naming the token service, when that refuses', async () => {
    server.answer((request, response) => {
      if (request.path.startsWith('/token')) answerJson(response, 401, { details: 'incorrect username or password' });
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
    });
    await expect(createRegistryClient().resolveTag(`${server.host}/app`, 'v1')).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringContaining(`token service ${server.host}: incorrect username or password`),
    });
  });

  it('follows a redirect without taking the credentials to another host', async () => {
    const other = await startTinyServer((_, response) =>
      response.writeHead(200, { 'docker-content-digest': absent }).end(),
    );
    try {
      server.answer((request, response) => {
        if (!request.headers.authorization) response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
        else response.writeHead(307, { location: `${other.url}/elsewhere` }).end();
      });
      const client = createRegistryClient({ credentials: async () => ({ username: 'u', password: 'p' }) });
      expect(await client.resolveTag(`${server.host}/app`, 'v1')).toBe(absent);
      expect(other.requests[0]?.headers.authorization).toBeUndefined();
    } finally {
      await other.close();
    }
  });
});
