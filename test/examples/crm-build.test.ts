import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Registry, startRegistry } from '../../src/sandbox/registry/server.ts';

const BUILD = new URL('../../examples/crm/build.mjs', import.meta.url).pathname;
let stateDir: string;
let registry: Registry;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'crm-build-'));
  registry = await startRegistry({ stateDir });
});
afterAll(async () => {
  await registry.close();
  await rm(stateDir, { recursive: true, force: true });
});

function build(env: Record<string, string>): Promise<{ code: number; lines: string[]; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      'node',
      [BUILD],
      { env: { PATH: process.env.PATH ?? '', ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, lines: stdout.trimEnd().split('\n'), stderr }),
    );
  });
}

it('gives the same digest each time, whatever the clock, and the registry serves it', async () => {
  const repository = { MAINSTAY_VERSION: 'v1.4.1', MAINSTAY_REPOSITORY: `${registry.host}/crm-api` };
  const first = await build(repository);
  const second = await build({ ...repository, TZ: 'Asia/Tokyo' });
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.lines.at(-1)).toMatch(/^sha256:[a-f0-9]{64}$/);
  expect(second.lines.at(-1)).toBe(first.lines.at(-1));
  expect(second.lines.filter((line) => line.endsWith(': exists'))).toHaveLength(2);
  const elsewhere = await build({ ...repository, MAINSTAY_REPOSITORY: `${registry.host}/other/name` });
  expect(elsewhere.lines.at(-1)).toBe(first.lines.at(-1));
  expect(await registry.resolveTag('crm-api', 'v1.4.1')).toBe(first.lines.at(-1));
});

it('packs versions that differ, each with its version in labels and annotations', async () => {
  const repository = `${registry.host}/crm-api`;
  const good = await build({ MAINSTAY_VERSION: 'v1.4.2', MAINSTAY_REPOSITORY: repository });
  const bad = await build({ MAINSTAY_VERSION: 'v1.5.0-errors', MAINSTAY_REPOSITORY: repository });
  expect(good.lines.at(-1)).not.toBe(bad.lines.at(-1));
  const manifest = (await (await fetch(`${registry.url}/v2/crm-api/manifests/v1.5.0-errors`)).json()) as {
    annotations: Record<string, string>;
    config: { digest: string };
    layers: { digest: string }[];
  };
  expect(manifest.annotations['org.opencontainers.image.version']).toBe('v1.5.0-errors');
  const blob = async (digest: string | undefined): Promise<Buffer> =>
    Buffer.from(await (await fetch(`${registry.url}/v2/crm-api/blobs/${digest}`)).arrayBuffer());
  const config = JSON.parse((await blob(manifest.config.digest)).toString());
  expect(config.config).toMatchObject({ Entrypoint: ['node', 'server.mjs'], WorkingDir: '/app' });
  // gunzip verifies the checksum and length that our writer put there.
  const layer = gunzipSync(await blob(manifest.layers[0]?.digest));
  expect(layer.includes('"errorRatio": 0.08')).toBe(true);
});

it.each([
  {
    when: 'the version is unknown',
    env: { MAINSTAY_VERSION: 'v9' },
    code: 2,
    says: /unknown version v9; known versions: v1\.4\.1, /,
  },
  { when: 'no version is named', env: {}, code: 2, says: /MAINSTAY_VERSION is not set/ },
  {
    when: 'the repository has no host',
    env: { MAINSTAY_VERSION: 'v1.4.1', MAINSTAY_REPOSITORY: 'crm-api' },
    code: 2,
    says: /expected HOST:PORT\/NAME/,
  },
  {
    when: 'the registry is down',
    env: { MAINSTAY_VERSION: 'v1.4.1', MAINSTAY_REPOSITORY: '127.0.0.1:1/crm-api' },
    code: 69,
    says: /registry 127\.0\.0\.1:1 is not available/,
  },
])('ends with $code and one line when $when', async ({ env, code, says }) => {
  const result = await build({ ...env } as Record<string, string>);
  expect(result.code).toBe(code);
  expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(result.stderr).toMatch(says);
});
