// Pushes an image by the OCI distribution API. Every step may be repeated: what the registry has is not sent again.
const REQUEST_TIMEOUT_MS = 5000;

/** Splits `host[:port]/name`. Throws with the expectation when it has another form. */
export function parseRepository(repository) {
  const match = /^([a-zA-Z0-9.-]+(?::\d+)?)\/([a-z0-9][a-z0-9._/-]*)$/.exec(repository ?? '');
  if (!match)
    throw new Error(
      `MAINSTAY_REPOSITORY is ${repository || 'empty'}, expected HOST:PORT/NAME such as 127.0.0.1:5000/crm-api`,
    );
  const [, host, name] = match;
  const plain = /^(localhost|127(\.\d+){3})(:\d+)?$/.test(host);
  return { name, url: `${plain ? 'http' : 'https'}://${host}`, host };
}

export async function pushBlob({ url, name }, blob) {
  const head = await call(`${url}/v2/${name}/blobs/${blob.digest}`, { method: 'HEAD' }, [200, 404]);
  if (head.status === 200) return 'exists';
  const start = await call(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' }, [202]);
  const upload = new URL(start.headers.get('location'), url);
  upload.searchParams.set('digest', blob.digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await call(upload, { method: 'PUT', headers, body: blob.bytes }, [201]);
  return 'pushed';
}

/** Puts the manifest under a tag and answers the digest the registry gives it. */
export async function pushManifest({ url, name }, manifest, tag) {
  const headers = { 'content-type': manifest.mediaType };
  const target = `${url}/v2/${name}/manifests/${tag}`;
  const response = await call(target, { method: 'PUT', headers, body: manifest.bytes }, [201]);
  return response.headers.get('docker-content-digest');
}

async function call(url, init, expected) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  const text = init.method === 'HEAD' ? '' : await response.text();
  if (expected.includes(response.status)) return response;
  throw new Error(
    `${init.method} ${url} answered ${response.status}, expected ${expected.join(' or ')}: ${text.slice(0, 300)}`,
  );
}
