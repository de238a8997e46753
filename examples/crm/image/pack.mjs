// Packs one version of the service into an OCI image: one layer with /app, a config, a manifest.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { gzipStored } from './gzip.mjs';
import { tar } from './tar.mjs';

const HOME = new URL('../', import.meta.url);
const FILES = ['behaviour.mjs', 'config.mjs', 'database.mjs', 'metrics.mjs', 'server.mjs', 'store.mjs'];
/** Images carry a time; ours is fixed, so that the same sources give the same digest. */
const CREATED = '1970-01-01T00:00:00Z';

/** Versions that can be built, sorted. */
export async function knownVersions() {
  const names = await readdir(new URL('versions/', HOME));
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** @returns the manifest and the blobs it needs, each with its bytes, media type, digest and size */
export async function packImage(version) {
  const behaviour = await readFile(new URL(`versions/${version}.json`, HOME));
  const files = await Promise.all(
    FILES.map(async (file) => ({ name: `app/${file}`, content: await readFile(new URL(file, HOME)) })),
  );
  const archive = tar([{ name: 'app/' }, ...files, { name: 'app/version.json', content: behaviour }]);
  const layer = blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipStored(archive));
  const labels = {
    'org.opencontainers.image.title': 'crm-api',
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.description': JSON.parse(behaviour.toString()).summary,
  };
  const config = json('application/vnd.oci.image.config.v1+json', {
    created: CREATED,
    architecture: 'amd64',
    os: 'linux',
    config: {
      Entrypoint: ['node', 'server.mjs'],
      WorkingDir: '/app',
      ExposedPorts: { '8080/tcp': {} },
      Env: [`CRM_VERSION=${version}`],
      Labels: labels,
      StopSignal: 'SIGTERM',
    },
    rootfs: { type: 'layers', diff_ids: [digest(archive)] },
    history: [{ created: CREATED, created_by: 'examples/crm/build.mjs' }],
  });
  const manifest = json('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(config),
    layers: [descriptor(layer)],
    annotations: { ...labels, 'org.opencontainers.image.created': CREATED },
  });
  return { manifest, blobs: [layer, config] };
}

function json(mediaType, content) {
  return blob(mediaType, Buffer.from(JSON.stringify(content)));
}

function blob(mediaType, bytes) {
  return { mediaType, bytes, digest: digest(bytes), size: bytes.length };
}

/** What a manifest says of a blob: all but its bytes. */
function descriptor({ bytes: _bytes, ...description }) {
  return description;
}

function digest(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
