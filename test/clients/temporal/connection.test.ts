import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connectClient, temporalSettings } from '../../../src/clients/temporal/connection.ts';
import { connectNative } from '../../../src/clients/temporal/native-connection.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

describe('temporalSettings', () => {
  it('have the defaults of every Temporal tool', async () => {
    const TEMPORAL_CONFIG_FILE = await tomlFile('[profile.default]');
    expect(temporalSettings({ TEMPORAL_CONFIG_FILE })).toMatchObject({
      address: '127.0.0.1:7233',
      namespace: 'default',
    });
  });

  it('come from a profile, and from the environment before it', async () => {
    const TEMPORAL_CONFIG_FILE = await tomlFile(
      '[profile.cloud]\naddress = "cloud.example.com:7233"\nnamespace = "ops"\napi_key = "k"\n',
    );
    const environment = { TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'cloud' };
    expect(temporalSettings(environment)).toMatchObject({
      address: 'cloud.example.com:7233',
      namespace: 'ops',
      options: { apiKey: 'k', tls: true },
    });
    expect(temporalSettings({ ...environment, TEMPORAL_NAMESPACE: 'other' })).toMatchObject({ namespace: 'other' });
  });

  it.each([
    { wrong: 'an unknown profile', toml: '[profile.default]', profile: 'nowhere' },
    { wrong: 'a file without profiles', toml: '', profile: undefined },
    { wrong: 'a file that is no TOML', toml: '[profile', profile: undefined },
  ])('are refused for $wrong', async ({ toml, profile }) => {
    const TEMPORAL_CONFIG_FILE = await tomlFile(toml);
    const read = () => temporalSettings({ TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: profile });
    expect(read).toThrow(
      expect.objectContaining({ code: 'InvalidInput', message: expect.stringContaining('Temporal settings') }),
    );
  });
});

describe.each([
  { kind: 'client', connect: connectClient },
  { kind: 'native', connect: connectNative },
])('a $kind connection', ({ connect }) => {
  it.each([
    { server: 'is not there', address: closedPort },
    { server: 'accepts and never answers', address: silentPort },
  ])('to a server that $server fails in time, with what to do', async ({ address }) => {
    const TEMPORAL_ADDRESS = await address();
    const environment = { TEMPORAL_ADDRESS, TEMPORAL_CONFIG_FILE: await tomlFile('[profile.default]') };
    const startMs = Date.now();
    const error: unknown = await connect({ environment, timeoutMs: 1000 }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(Date.now() - startMs).toBeLessThan(4000);
    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ code: 'Unavailable' });
    expect((error as CodedError).message).toContain(`Temporal server ${TEMPORAL_ADDRESS} (namespace default)`);
    expect((error as CodedError).message).toContain('temporal server start-dev');
  });
});

async function tomlFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-toml-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'temporal.toml');
  await writeFile(path, text);
  return path;
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

async function silentPort(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
