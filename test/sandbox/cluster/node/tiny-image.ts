import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A service of a few lines: says its version, is ready when told so, ends in the ways that tests need. */
export const SERVER = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const { PORT, VERSION = 'none', MODE = '', READY_AFTER_MS = '0', TERM = 'drain' } = process.env;
console.log('starting', VERSION);
console.error('to stderr');
if (MODE === 'crash') { console.error('cannot start'); process.exit(3); }
if (MODE === 'done') process.exit(0);
const startedMs = Date.now();
let alive = true;
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://x');
  if (pathname === '/readyz') response.statusCode = Date.now() - startedMs >= Number(READY_AFTER_MS) ? 200 : 503;
  if (pathname === '/healthz') response.statusCode = alive ? 200 : 500;
  if (pathname === '/die') { response.end('bye'); process.exit(5); }
  if (pathname === '/sicken') alive = false;
  if (pathname === '/log') console.log(new URL(request.url, 'http://x').searchParams.get('text'));
  if (pathname === '/fault') return response.end(readFileSync(process.env.SANDBOX_FAULT_FILE));
  if (pathname === '/env') return response.end(JSON.stringify({ ...process.env, cwd: process.cwd(), argv: process.argv.slice(2) }));
  response.setHeader('connection', 'close');
  response.end(VERSION);
});
server.listen(Number(PORT), '127.0.0.1', () => console.log('listening'));
process.on('SIGTERM', () => {
  console.log('terminating');
  if (TERM === 'stubborn') return;
  server.close(() => process.exit(0));
});
`;

export interface TinyImage {
  /** `host/repository@sha256:...` */
  readonly reference: string;
  readonly digest: string;
  readonly layerDigest: string;
}

export interface TinyImageOptions {
  readonly repository?: string;
  readonly tag?: string;
  readonly config?: object;
  /** One map from path to content a layer; a content of undefined makes a folder. */
  readonly layers?: readonly Readonly<Record<string, string | undefined>>[];
}

export async function layerOf(
  files: Readonly<Record<string, string | undefined>>,
): Promise<{ tar: Buffer; gzip: Buffer }> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) archive.entry({ name, type: 'directory', mode: 0o755 });
    else if (content.startsWith('-> ')) archive.entry({ name, type: 'symlink', linkname: content.slice(3) });
    else archive.entry({ name, mode: 0o644 }, content);
  }
  archive.finalize();
  const tar = await buffer(archive);
  return { tar, gzip: gzipSync(tar) };
}

/** Builds an image and pushes it by the distribution API. */
export async function pushTinyImage(host: string, version: string, options: TinyImageOptions = {}): Promise<TinyImage> {
  const { repository = 'tiny', tag = version } = options;
  const layers = await Promise.all((options.layers ?? [{ 'app/server.mjs': SERVER }]).map(layerOf));
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {
        Env: [`VERSION=${version}`],
        Entrypoint: ['node', 'server.mjs'],
        WorkingDir: '/app',
        ...options.config,
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ tar }) => sha256(tar)) },
    }),
  );
  for (const blob of [config, ...layers.map(({ gzip }) => gzip)]) await pushBlob(host, repository, blob);
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map(({ gzip }) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', gzip)),
  };
  const digest = await pushManifest(host, repository, tag, manifest);
  return { reference: `${host}/${repository}@${digest}`, digest, layerDigest: sha256(layers[0]?.gzip ?? config) };
}

export async function pushManifest(
  host: string,
  repository: string,
  tag: string,
  manifest: { mediaType: string },
): Promise<string> {
  const body = Buffer.from(JSON.stringify(manifest));
  const url = `http://${host}/v2/${repository}/manifests/${tag}`;
  await expectOk(fetch(url, { method: 'PUT', headers: { 'content-type': manifest.mediaType }, body }));
  return sha256(body);
}

async function pushBlob(host: string, repository: string, blob: Buffer): Promise<void> {
  const started = await expectOk(fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' }));
  const location = new URL(started.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', sha256(blob));
  await expectOk(fetch(location, { method: 'PUT', body: new Uint8Array(blob) }));
}

async function expectOk(reply: Promise<Response>): Promise<Response> {
  const { ok, status, url } = await reply;
  if (!ok) throw new Error(`${url}: ${status}`);
  return reply;
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
