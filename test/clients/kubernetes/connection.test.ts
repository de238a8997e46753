import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesClient, createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import { answerJson, startTinyServer, type TinyServer } from '../http/tiny-server.ts';
import { address, deployment, writeKubeconfig } from './kubeconfig.ts';

let folder: string;
let server: TinyServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mainstay-kube-'));
  server = await startTinyServer((_, response) => answerJson(response, 200, deployment));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const kubeconfig = (url = server.url, user: object = {}, insecure = true) =>
  writeKubeconfig(folder, url, user, insecure);

describe('credentials', () => {
  it('sends a token', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig(server.url, { token: 'secret-1' }) });
    await client.get(address);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret-1');
  });

  it('sends none over plain http that was not declared insecure', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig(server.url, { token: 'secret-1' }, false) });
    await client.get(address);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('runs an exec plugin once for several calls', async () => {
    const plugin = join(folder, 'plugin.sh');
    const count = join(folder, 'count');
    const credential =
      '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}';
    await writeFile(plugin, `#!/bin/sh\necho x >> ${count}\necho '${credential}'\n`);
    await chmod(plugin, 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' };
    const client = createKubernetesClient({ kubeconfig: await kubeconfig(server.url, { exec }) });
    await client.get(address);
    await client.get(address);
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer from-plugin',
      'Bearer from-plugin',
    ]);
    expect(await readFile(count, 'utf8')).toBe('x\n');
  });

  it('is Forbidden with what the plugin said when it fails', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', 'echo log in first >&2; exit 1'],
    };
    const client = createKubernetesClient({ kubeconfig: await kubeconfig(server.url, { exec }) });
    await expect(client.get(address)).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringContaining('log in first'),
    });
  });

  it('ends within its time when the plugin hangs', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['2'] };
    const client = createKubernetesClient(
      { kubeconfig: await kubeconfig(server.url, { exec }) },
      { callTimeoutMs: 100 },
    );
    await expect(client.get(address)).rejects.toMatchObject({
      code: 'Timeout',
      message: expect.stringContaining('exec plugin'),
    });
  });

  it('reads a kubeconfig that changed', async () => {
    const path = await kubeconfig(server.url, { token: 'old' });
    const client = createKubernetesClient({ kubeconfig: path });
    await client.get(address);
    await kubeconfig(server.url, { token: 'renewed' });
    await client.get(address);
    expect(server.requests.map((request) => request.headers.authorization)).toEqual(['Bearer old', 'Bearer renewed']);
  });
});

describe('cluster addresses', () => {
  it('is the same client for the same address', async () => {
    const clients = createKubernetesClients();
    const path = await kubeconfig();
    expect(clients({ kubeconfig: path })).toBe(clients({ kubeconfig: path }));
    expect(clients({ kubeconfig: path, context: 'here' })).not.toBe(clients({ kubeconfig: path }));
  });

  it('names the contexts when the one asked for is not there', async () => {
    const client = createKubernetesClient({ kubeconfig: await kubeconfig(), context: 'moon' });
    await expect(client.get(address)).rejects.toMatchObject({
      code: 'InvalidInput',
      message: expect.stringContaining('context moon not found; contexts: here'),
    });
  });

  it('names a kubeconfig that is not there, and works once it is', async () => {
    const client = createKubernetesClient({ kubeconfig: join(folder, 'kubeconfig') });
    await expect(client.get(address)).rejects.toMatchObject({
      code: 'InvalidInput',
      message: expect.stringContaining('no such file'),
    });
    await kubeconfig();
    expect(await client.get(address)).toEqual(deployment);
  });

  it('takes ~ for the home folder, and the standard settings when nothing is named', async () => {
    const { HOME, KUBECONFIG } = process.env;
    try {
      process.env.HOME = folder;
      await kubeconfig();
      expect(await createKubernetesClient({ kubeconfig: '~/kubeconfig' }).get(address)).toEqual(deployment);
      process.env.KUBECONFIG = join(folder, 'kubeconfig');
      expect(await createKubernetesClient({}).get(address)).toEqual(deployment);
      delete process.env.KUBECONFIG;
      await expect(createKubernetesClient({}).get(address)).rejects.toMatchObject({
        code: 'InvalidInput',
        message: expect.stringContaining('no cluster settings found'),
      });
    } finally {
      if (HOME === undefined) delete process.env.HOME;
      else process.env.HOME = HOME;
      if (KUBECONFIG === undefined) delete process.env.KUBECONFIG;
      else process.env.KUBECONFIG = KUBECONFIG;
    }
  });
});
