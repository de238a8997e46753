import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Registry, startRegistry } from '../../../src/sandbox/registry/server.ts';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
let stateDir: string;
let registry: Registry;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'registry-'));
  registry = await startRegistry({ stateDir });
});
afterEach(async () => {
  await registry.close();
  await rm(stateDir, { recursive: true, force: true });
});

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function call(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(path, registry.url), init);
}

async function errorOf(response: Response): Promise<{ status: number; code: string | undefined }> {
  const body = (await response.json()) as { errors: { code: string; message: string }[] };
  return { status: response.status, code: body.errors[0]?.code };
}

async function pushBlob(name: string, bytes: Buffer): Promise<string> {
  const start = await call(`/v2/${name}/blobs/uploads/`, { method: 'POST' });
  const location = start.headers.get('location') ?? '';
  const put = await call(`${location}?digest=${digestOf(bytes)}`, { method: 'PUT', body: new Uint8Array(bytes) });
  expect(put.status).toBe(201);
  return digestOf(bytes);
}

async function pushImage(name: string, tag: string, content = randomBytes(100)): Promise<string> {
  const config = Buffer.from('{}');
  const digests = { config: await pushBlob(name, config), layer: await pushBlob(name, content) };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digests.config, size: 2 },
      layers: [{ mediaType: 'application/octet-stream', digest: digests.layer, size: content.length }],
    }),
  );
  const put = await call(`/v2/${name}/manifests/${tag}`, {
    method: 'PUT',
    body: manifest,
    headers: { 'content-type': MANIFEST_TYPE },
  });
  expect(put.status).toBe(201);
  expect(put.headers.get('docker-content-digest')).toBe(digestOf(manifest));
  return digestOf(manifest);
}

describe('pull', () => {
  it('answers the version check', async () => {
    const response = await call('/v2/');
    expect(response.status).toBe(200);
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  });

  it('gives a manifest by tag and by digest, byte for byte, with GET and HEAD', async () => {
    const digest = await pushImage('team/app', 'v1');
    const byTag = await call('/v2/team/app/manifests/v1');
    expect(byTag.headers.get('content-type')).toBe(MANIFEST_TYPE);
    expect(byTag.headers.get('docker-content-digest')).toBe(digest);
    expect(digestOf(Buffer.from(await byTag.arrayBuffer()))).toBe(digest);
    const head = await call(`/v2/team/app/manifests/${digest}`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100);
  });

  it('gives a blob whole, by HEAD, and in ranges', async () => {
    const bytes = randomBytes(1000);
    const digest = await pushBlob('app', bytes);
    const path = `/v2/app/blobs/${digest}`;
    expect(Buffer.from(await (await call(path)).arrayBuffer()).equals(bytes)).toBe(true);
    expect((await call(path, { method: 'HEAD' })).headers.get('content-length')).toBe('1000');
    const part = await call(path, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/1000']);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    expect((await call(path, { headers: { range: 'bytes=2000-' } })).status).toBe(416);
  });
});

describe('push', () => {
  it('takes a blob in chunks and refuses a chunk out of order', async () => {
    const bytes = randomBytes(300);
    const start = await call('/v2/app/blobs/uploads/', { method: 'POST' });
    expect(start.status).toBe(202);
    const location = start.headers.get('location') ?? '';
    const chunk = (from: number, to: number): Promise<Response> =>
      call(location, {
        method: 'PATCH',
        body: new Uint8Array(bytes.subarray(from, to)),
        headers: { 'content-range': `${from}-${to - 1}` },
      });
    expect((await chunk(0, 100)).headers.get('range')).toBe('0-99');
    expect((await chunk(200, 300)).status).toBe(416);
    expect((await chunk(100, 250)).status).toBe(202);
    expect((await call(location)).headers.get('range')).toBe('0-249');
    const end = await call(`${location}?digest=${digestOf(bytes)}`, {
      method: 'PUT',
      body: new Uint8Array(bytes.subarray(250)),
    });
    expect(end.status).toBe(201);
    const pulled = Buffer.from(await (await call(`/v2/app/blobs/${digestOf(bytes)}`)).arrayBuffer());
    expect(pulled.equals(bytes)).toBe(true);
  });

  it('takes a blob in one POST', async () => {
    const bytes = randomBytes(50);
    const post = await call(`/v2/app/blobs/uploads/?digest=${digestOf(bytes)}`, {
      method: 'POST',
      body: new Uint8Array(bytes),
    });
    expect([post.status, post.headers.get('location')]).toEqual([201, `/v2/app/blobs/${digestOf(bytes)}`]);
  });

  it('mounts a blob of another repository, and opens an upload when that one lacks it', async () => {
    const digest = await pushBlob('first', randomBytes(10));
    const mounted = await call(`/v2/second/blobs/uploads/?mount=${digest}&from=first`, { method: 'POST' });
    expect(mounted.status).toBe(201);
    expect((await call(`/v2/second/blobs/${digest}`, { method: 'HEAD' })).status).toBe(200);
    const absent = digestOf(Buffer.from('absent'));
    expect((await call(`/v2/second/blobs/uploads/?mount=${absent}&from=first`, { method: 'POST' })).status).toBe(202);
  });

  it('keeps the upload after a wrong digest, so that the right one still works', async () => {
    const bytes = Buffer.from('content');
    const location = (await call('/v2/app/blobs/uploads/', { method: 'POST' })).headers.get('location') ?? '';
    await call(location, { method: 'PATCH', body: bytes });
    const wrong = await call(`${location}?digest=${digestOf(Buffer.from('other'))}`, { method: 'PUT' });
    expect(await errorOf(wrong)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
    expect((await call(`${location}?digest=${digestOf(bytes)}`, { method: 'PUT' })).status).toBe(201);
  });
});

describe('refusals', () => {
  const absent = digestOf(Buffer.from('absent'));
  const config = { schemaVersion: 2, config: { digest: absent } };
  it.each([
    { when: 'the repository is unknown', path: '/v2/nobody/manifests/v1', status: 404, code: 'NAME_UNKNOWN' },
    { when: 'the tag is unknown', path: '/v2/app/manifests/v9', status: 404, code: 'MANIFEST_UNKNOWN' },
    { when: 'the manifest is unknown', path: `/v2/app/manifests/${absent}`, status: 404, code: 'MANIFEST_UNKNOWN' },
    { when: 'the blob is unknown', path: `/v2/app/blobs/${absent}`, status: 404, code: 'BLOB_UNKNOWN' },
    { when: 'the digest is malformed', path: '/v2/app/blobs/sha256:12', status: 400, code: 'DIGEST_INVALID' },
    { when: 'the name has capitals', path: '/v2/App/manifests/v1', status: 400, code: 'NAME_INVALID' },
    { when: 'the name climbs', path: '/v2/a/%2e%2e%2fb/manifests/v1', status: 400, code: 'NAME_INVALID' },
    { when: 'the tag is malformed', path: '/v2/app/manifests/-v1', status: 400, code: 'TAG_INVALID' },
    { when: 'the upload is unknown', path: '/v2/app/blobs/uploads/none', status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
    {
      when: 'a manifest needs an absent blob',
      path: '/v2/app/manifests/v2',
      body: JSON.stringify(config),
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    },
    { when: 'a manifest is not JSON', path: '/v2/app/manifests/v2', body: '{', status: 400, code: 'MANIFEST_INVALID' },
    {
      when: 'a manifest has another digest',
      path: `/v2/app/manifests/${absent}`,
      body: '{}',
      status: 400,
      code: 'DIGEST_INVALID',
    },
  ])('$code when $when', async ({ path, body, status, code }) => {
    await pushImage('app', 'v1');
    const response = await call(path, body === undefined ? {} : { method: 'PUT', body });
    expect(await errorOf(response)).toEqual({ status, code });
  });
});

describe('lists and deletion', () => {
  it('lists repositories and tags in pages', async () => {
    for (const tag of ['c', 'a', 'b']) await pushImage('app', tag);
    await pushImage('app/nested', 'x');
    expect(await (await call('/v2/_catalog')).json()).toEqual({ repositories: ['app', 'app/nested'] });
    expect(await (await call('/v2/app/tags/list')).json()).toEqual({ name: 'app', tags: ['a', 'b', 'c'] });
    const page = await call('/v2/app/tags/list?n=2');
    expect(await page.json()).toEqual({ name: 'app', tags: ['a', 'b'] });
    expect(page.headers.get('link')).toBe('</v2/app/tags/list?n=2&last=b>; rel="next"');
    expect(await (await call('/v2/app/tags/list?n=2&last=b')).json()).toEqual({ name: 'app', tags: ['c'] });
  });

  it('deletes a tag alone, and a manifest with the tags that mean it', async () => {
    const digest = await pushImage('app', 'v1', Buffer.from('same'));
    await pushImage('app', 'latest', Buffer.from('same'));
    expect((await call('/v2/app/manifests/latest', { method: 'DELETE' })).status).toBe(202);
    expect((await call('/v2/app/manifests/v1')).status).toBe(200);
    expect((await call(`/v2/app/manifests/${digest}`, { method: 'DELETE' })).status).toBe(202);
    expect((await call('/v2/app/manifests/v1')).status).toBe(404);
  });
});

describe('state and faults', () => {
  it('keeps images when it is stopped and started again on the folder', async () => {
    const digest = await pushImage('app', 'v1');
    await registry.close();
    registry = await startRegistry({ stateDir });
    expect((await call('/v2/app/manifests/v1')).headers.get('docker-content-digest')).toBe(digest);
    expect(await registry.resolveTag('app', 'v1')).toBe(digest);
  });

  it('is unavailable, slow or down while told to, and well afterwards', async () => {
    registry.faults.set({ kind: 'unavailable' });
    expect(await errorOf(await call('/v2/'))).toEqual({ status: 503, code: 'UNAVAILABLE' });
    registry.faults.clear();
    registry.faults.set({ kind: 'delay', delayMs: 150 });
    const startedMs = Date.now();
    await call('/v2/');
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(145);
    registry.faults.set({ kind: 'down' });
    await expect(call('/v2/')).rejects.toThrow('fetch failed');
    registry.faults.clear();
    expect((await call('/v2/')).status).toBe(200);
  });
});
