import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseImageReference } from '../../../../src/sandbox/cluster/node/image-reference.ts';
import { ImageStore } from '../../../../src/sandbox/cluster/node/image-store.ts';
import { type Registry, startRegistry } from '../../../../src/sandbox/registry/server.ts';
import { pushManifest, pushTinyImage } from './tiny-image.ts';

let folder: string;
let registry: Registry;
let images: ImageStore;
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'images-'));
  registry = await startRegistry({ stateDir: folder });
  images = new ImageStore(join(folder, 'images'), new AbortController().signal, registry.host);
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

/** A registry in between that changes what it passes on. */
async function tamperingProxy(change: (path: string, body: Buffer) => Buffer): Promise<string> {
  const server = createServer((request, response) => void pass(request, response));
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await fetch(`${registry.url}${request.url}`, {
      headers: { accept: request.headers.accept ?? '*/*' },
    });
    const body = change(request.url ?? '', Buffer.from(await reply.arrayBuffer()));
    const digest = reply.headers.get('docker-content-digest');
    response.writeHead(reply.status, {
      'content-type': reply.headers.get('content-type') ?? '',
      ...(digest ? { 'docker-content-digest': digest } : {}),
    });
    response.end(body);
  }
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('ImageStore', () => {
  it('unpacks an image by digest once, and finds it by tag and without host', async () => {
    const pushed = await pushTinyImage(registry.host, 'v1');
    const image = await images.pull(pushed.reference, undefined);
    expect(image).toMatchObject({ imageId: pushed.reference, digest: pushed.digest });
    expect(image.config).toMatchObject({ Entrypoint: ['node', 'server.mjs'], WorkingDir: '/app' });
    expect(await readFile(join(image.root, 'app/server.mjs'), 'utf8')).toContain('createServer');
    expect((await images.pull('tiny:v1', undefined)).root).toBe(image.root);
    registry.faults.set({ kind: 'down' });
    expect((await images.pull(pushed.reference, undefined)).root).toBe(image.root);
  });

  it('asks for a tag again when the policy says so', async () => {
    await pushTinyImage(registry.host, 'v1', { tag: 'moving' });
    const first = await images.pull('tiny:moving', 'Always');
    await pushTinyImage(registry.host, 'v2', { tag: 'moving' });
    expect((await images.pull('tiny:moving', 'IfNotPresent')).digest).toBe(first.digest);
    expect((await images.pull('tiny:moving', 'Always')).digest).not.toBe(first.digest);
  });

  it('follows an index to the manifest of this machine', async () => {
    const pushed = await pushTinyImage(registry.host, 'v1');
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: pushed.digest,
          size: 1,
          platform: { os: 'linux', architecture: 'amd64' },
        },
      ],
    };
    const digest = await pushManifest(registry.host, 'tiny', 'multi', index);
    const image = await images.pull(`${registry.host}/tiny@${digest}`, undefined);
    expect(image.digest).toBe(digest);
    expect(await readdir(join(image.root, 'app'))).toEqual(['server.mjs']);
  });

  it('applies layers in order, with whiteouts', async () => {
    const layers = [
      { 'a/one': '1', 'a/two': '2', 'b/old': 'x', 'b/older': 'y' },
      { 'a/.wh.one': '', 'a/two': 'two', 'b/.wh..wh..opq': '', 'b/new': 'z', link: '-> a/two' },
    ];
    const pushed = await pushTinyImage(registry.host, 'v1', { layers });
    const { root } = await images.pull(pushed.reference, undefined);
    expect(await readdir(join(root, 'a'))).toEqual(['two']);
    expect(await readFile(join(root, 'link'), 'utf8')).toBe('two');
    expect(await readdir(join(root, 'b'))).toEqual(['new']);
  });

  it.each([
    { what: 'a name with dots', layers: [{ '../../escaped': 'x' }] },
    { what: 'a link', layers: [{ out: '-> /tmp', 'out/escaped-by-link': 'x' }] },
  ])('refuses a layer that leaves its root through $what', async ({ layers }) => {
    const pushed = await pushTinyImage(registry.host, 'v1', { layers });
    await expect(images.pull(pushed.reference, undefined)).rejects.toThrow(/leaves the image root/);
    expect(await readdir(join(folder, 'images', 'unpacked'))).toEqual([]);
  });

  it.each([
    {
      what: 'manifest',
      part: '/manifests/',
      error: /manifest digest mismatch, expected sha256:\w+, received sha256:\w+/,
    },
    { what: 'blob', part: '/blobs/', error: /blob digest mismatch, expected \d+ bytes with sha256:\w+, received/ },
  ])('refuses a $what whose bytes do not match its digest', async ({ part, error }) => {
    const pushed = await pushTinyImage(registry.host, 'v1');
    const flip = (body: Buffer) => Buffer.from(body.toString('latin1').replace(/.$/s, '\0'), 'latin1');
    const host = await tamperingProxy((path, body) => (path.includes(part) ? flip(body) : body));
    await expect(images.pull(`${host}/tiny@${pushed.digest}`, undefined)).rejects.toThrow(error);
    await expect(images.pull(`${host}/tiny:v1`, undefined)).rejects.toThrow(error);
  });

  it('fetches a blob again that was damaged on disk', async () => {
    const pushed = await pushTinyImage(registry.host, 'v1');
    const { root } = await images.pull(pushed.reference, undefined);
    const blobs = join(folder, 'images', 'blobs');
    for (const name of await readdir(blobs)) await writeFile(join(blobs, name), 'damaged');
    await rm(join(root, '..'), { recursive: true });
    const later = new ImageStore(join(folder, 'images'), new AbortController().signal);
    expect(await readdir((await later.pull(pushed.reference, undefined)).root)).toEqual(['app']);
  });

  it('says what is wrong with an unknown image and an absent registry', async () => {
    await expect(images.pull('tiny:absent', undefined)).rejects.toThrow(/GET http:.*\/manifests\/absent: 404/);
    await expect(images.pull('127.0.0.1:9/tiny:v1', undefined)).rejects.toThrow(
      /GET http:\/\/127.0.0.1:9\/.*ECONNREFUSED|bad port/,
    );
  });
});

describe('parseImageReference', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  it.each([
    { image: 'crm', registry: 'default:1', repository: 'crm', tag: 'latest' },
    { image: 'team/crm:v1', registry: 'default:1', repository: 'team/crm', tag: 'v1' },
    { image: '127.0.0.1:5000/team/crm:v1', registry: '127.0.0.1:5000', repository: 'team/crm', tag: 'v1' },
    { image: 'localhost/crm:v1', registry: 'localhost', repository: 'crm', tag: 'v1' },
    { image: `reg.example.com/crm@${digest}`, registry: 'reg.example.com', repository: 'crm', tag: undefined, digest },
    { image: `reg.example.com/crm:v1@${digest}`, registry: 'reg.example.com', repository: 'crm', tag: 'v1', digest },
  ])('reads $image', ({ image, ...expected }) => {
    expect(parseImageReference(image, 'default:1')).toEqual({ digest: undefined, ...expected });
  });

  it.each(['', 'Crm', 'crm:', 'crm@sha256:abc', 'a b', 'crm/', '../crm'])('refuses %j', (image) => {
    expect(() => parseImageReference(image, 'default:1')).toThrow(/expected \[host\/\]repository/);
  });

  it('refuses a name without registry when there is no default', () => {
    expect(() => parseImageReference('crm:v1')).toThrow(/names no registry and no default one is set/);
  });
});
