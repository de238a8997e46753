import { createHash } from 'node:crypto';

export const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Pushes an image of no layers under a tag. */
export async function pushImage(url: string, name: string, tag: string): Promise<string> {
  const config = '{}';
  const start = await fetch(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' });
  const upload = new URL(start.headers.get('location') ?? '', url);
  upload.searchParams.set('digest', digestOf(config));
  await fetch(upload, { method: 'PUT', body: config, headers: { 'content-type': 'application/octet-stream' } });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: 2 },
    layers: [],
    annotations: { tag },
  });
  const put = await fetch(`${url}/v2/${name}/manifests/${tag}`, {
    method: 'PUT',
    body: manifest,
    headers: { 'content-type': mediaType },
  });
  if (put.status !== 201) throw new Error(`push of ${name}:${tag}: ${put.status} ${await put.text()}`);
  return digestOf(manifest);
}
