import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../../src/clients/kubernetes/http-client.ts';

/** A key pair for tests only, valid for 127.0.0.1 and cluster.example.com. */
const pem = (name: 'cert' | 'key') => readFile(new URL(`./tls/server.${name}.pem`, import.meta.url), 'utf8');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const address = { kind: 'Service', namespace: 'crm', name: 'crm-api' } as const;
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'crm-api', namespace: 'crm' } };

describe('over TLS', () => {
  let folder: string;
  let server: Server;
  let connections: number;
  let cut: boolean;
  let seen: { authorization?: string | undefined; client?: string | undefined }[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-tls-'));
    connections = 0;
    cut = false;
    seen = [];
    const options = { cert: await pem('cert'), key: await pem('key'), requestCert: true, rejectUnauthorized: false };
    server = createServer(options, (request, response) => {
      const peer = (request.socket as TLSSocket).getPeerCertificate();
      seen.push({ authorization: request.headers.authorization, client: peer.subject?.CN?.toString() });
      if (cut) response.destroy();
      else response.end(JSON.stringify(service));
    });
    server.on('secureConnection', () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(folder, { recursive: true, force: true });
  });

  async function client(cluster: object, user: object = {}) {
    const path = join(folder, 'kubeconfig');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = {
      clusters: [{ name: 'c', cluster: { server: url, ...cluster } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    };
    await writeFile(path, JSON.stringify(config));
    return createKubernetesClient({ kubeconfig: path });
  }

  it('trusts the authority of the kubeconfig, sends the token, keeps the connection', async () => {
    const known = await client({ 'certificate-authority-data': base64(await pem('cert')) }, { token: 't-1' });
    await known.get(address);
    expect(await known.get(address)).toEqual(service);
    expect(seen).toEqual([
      { authorization: 'Bearer t-1', client: undefined },
      { authorization: 'Bearer t-1', client: undefined },
    ]);
    expect(connections).toBe(1);
  });

  it('shows the client certificate of the kubeconfig', async () => {
    const data = { 'client-certificate-data': base64(await pem('cert')), 'client-key-data': base64(await pem('key')) };
    const known = await client({ 'certificate-authority-data': base64(await pem('cert')) }, data);
    await known.get(address);
    expect(seen[0]?.client).toBe('cluster.example.com');
  });

  it('sends nothing to a server that it cannot trust: a write was not sent', async () => {
    const stranger = await client({}, { token: 't-1' });
    await expect(stranger.replace(service)).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('self-signed certificate'),
    });
    expect(seen).toEqual([]);
  });

  it('goes by the server name of the kubeconfig', async () => {
    const authority = { 'certificate-authority-data': base64(await pem('cert')) };
    const named = await client({ ...authority, 'tls-server-name': 'cluster.example.com' });
    expect(await named.get(address)).toEqual(service);
    const wrong = await client({ ...authority, 'tls-server-name': 'other.example.com' });
    await expect(wrong.get(address)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('does not know what became of a write that was cut after the handshake', async () => {
    const known = await client({ 'insecure-skip-tls-verify': true });
    cut = true;
    await expect(known.replace(service)).rejects.toMatchObject({ code: 'OutcomeUnknown' });
  });
});
