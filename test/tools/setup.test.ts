import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyStale } from '../../tools/setup/packages.mjs';
import { PINS } from '../../tools/setup/pins.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-setup-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('setup', { timeout: 60_000 }, () => {
  it('takes the program that the variable names', async () => {
    const path = program('elsewhere/temporal', 'temporal version 1.9.4 (Server 1.32.0)');
    const run = await setup({ TEMPORAL_CLI_PATH: path });
    expect(run).toMatchObject({
      exitCode: 0,
      tools: { temporal: { path, version: '1.9.4', source: 'TEMPORAL_CLI_PATH' } },
    });
  });

  it.each([
    { when: 'is another program', answer: 'ls 9.1', says: 'wanted version 1.9 or a later 1.x' },
    { when: 'is too old', answer: 'temporal version 1.3.0', says: 'found 1.3.0' },
    { when: 'has another major version', answer: 'temporal version 2.0.0', says: 'found 2.0.0' },
  ])('refuses what the variable names when it $when', async ({ answer, says }) => {
    const run = await setup({ TEMPORAL_CLI_PATH: program('elsewhere/temporal', answer) });
    expect(run.exitCode).toBe(69);
    expect(run.said).toContain(says);
  });

  it('refuses a variable that names nothing', async () => {
    const run = await setup({ TEMPORAL_CLI_PATH: join(folder, 'nothing') });
    expect(run.exitCode).toBe(69);
    expect(run.said).toContain('no such program');
  });

  it('passes an old program on PATH over for the newer one behind it', async () => {
    program('old/temporal', 'temporal version 1.1.0');
    const path = program('new/temporal', 'temporal version 1.10.2');
    const run = await setup({ PATH: `${join(folder, 'old')}:${join(folder, 'new')}` });
    expect(run).toMatchObject({ exitCode: 0, tools: { temporal: { path, version: '1.10.2', source: 'PATH' } } });
  });

  it('uses the cache without asking anything else', async () => {
    const cached = `cache/tools/temporal/1.9.1-${process.platform}-${process.arch}/temporal`;
    const path = program(cached, 'not asked');
    const run = await setup({ PATH: join(folder, 'empty') });
    expect(run).toMatchObject({ exitCode: 0, tools: { temporal: { path, version: '1.9.1', source: 'cache' } } });
  });

  it('takes a Kubernetes control plane out of the folder of KUBEBUILDER_ASSETS, and of the right version only', async () => {
    const found = {
      KUBEBUILDER_ASSETS: join(folder, 'assets'),
      TEMPORAL_CLI_PATH: program('temporal', 'temporal version 1.9.1'),
      MAINSTAY_KUBECTL: program('kubectl', '"gitVersion": "v1.37.1"'),
    };
    const server = program('assets/kube-apiserver', 'Kubernetes v1.36.1');
    program('assets/kube-controller-manager', 'Kubernetes v1.36.1');
    program('assets/etcd', 'etcd Version: 3.6.4');
    const args = ['--for', 'kube', '--json'];
    expect(await setup(found, args)).toMatchObject({
      exitCode: 0,
      tools: { 'kube-apiserver': { path: server, version: '1.36.1', source: 'KUBEBUILDER_ASSETS' } },
    });
    program('assets/kube-apiserver', 'Kubernetes v1.31.0');
    const run = await setup(found, args);
    expect([run.exitCode, run.said]).toEqual([69, expect.stringContaining('wanted version 1.36, found 1.31.0')]);
  });

  it('takes moto as the Python behind moto_server on PATH, and Redis as the system has it', async () => {
    const python = program('py/python3', 'moto 5.2.9');
    const script = join(folder, 'bin/moto_server');
    mkdirSync(join(folder, 'bin'));
    writeFileSync(script, `#!${python}\nimport moto\n`, { mode: 0o755 });
    const redis = program('bin/redis-server', 'Redis server v=7.2.1 sha=00000000:0 malloc=libc bits=64 build=0');
    const run = await setup({ ...temporal(), PATH: join(folder, 'bin') }, ['--for', 'restore', '--json']);
    expect(run).toMatchObject({
      exitCode: 0,
      tools: {
        moto: { path: python, version: '5.2.9', source: 'PATH' },
        'redis-server': { path: redis, version: '7.2.1', source: 'PATH' },
      },
    });
  });

  it('takes the Python environment that it made before, and one for other packages is another one', async () => {
    const list = readFileSync('tools/setup/moto/requirements.txt');
    const digest = createHash('sha256').update(list).digest('hex').slice(0, 8);
    const at = (of: string) => `cache/tools/moto/5.2.5-${of}-${process.platform}-${process.arch}/bin/python`;
    program(at('00000000'), 'not asked');
    const python = program(at(digest), 'not asked');
    const run = await setup({ ...temporal(), PATH: join(folder, 'empty') }, ['--for', 'restore', '--json']);
    expect(run).toMatchObject({ exitCode: 0, tools: { moto: { path: python, source: 'cache' } } });
  });

  it('refuses a Python without moto, and says what is wanted', async () => {
    const python = program('py/python3', "ModuleNotFoundError: No module named 'moto'");
    const run = await setup({ ...temporal(), MAINSTAY_MOTO: python }, ['--for', 'restore', '--json']);
    expect([run.exitCode, run.said]).toEqual([
      69,
      expect.stringContaining('wanted a Python that has moto[server] 5.2 and boto3'),
    ]);
  });

  it('pins every Python package by hashes', () => {
    const lines = readFileSync('tools/setup/moto/requirements.txt', 'utf8').replaceAll('\\\n', '').trim().split('\n');
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect(line).toMatch(/^[a-z0-9-]+==\S+ (;.* )?.*--hash=sha256:[0-9a-f]{64}/);
    expect(lines.some((line) => line.startsWith(`moto==${PINS.moto?.version} `))).toBe(true);
  });

  it('builds the versions that it would download', () => {
    const module = readFileSync('tools/setup/kube/go.mod', 'utf8');
    const [major, minor = '', patch = ''] = PINS['kube-apiserver']?.version.split('.') ?? [];
    expect(major).toBe('1');
    expect(module).toMatch(new RegExp(`^\\tk8s\\.io/kubernetes v1\\.${minor}\\.${patch}\\b`, 'm'));
    expect(module).toContain(`k8s.io/apiserver => k8s.io/apiserver v0.${minor}.${patch}\n`);
    expect(module).toContain(`go.etcd.io/etcd/server/v3 v${PINS.etcd?.version} `);
  });

  it('says how it is used', async () => {
    const run = await setup({}, ['--for', 'lunch']);
    expect(run.exitCode).toBe(64);
    expect(run.said).toContain('--for must be test, demo, ci, kube or restore');
  });
});

describe('whyStale', () => {
  const wanted = {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };
  const a = wanted['node_modules/a'];

  it.each([
    {
      when: 'all is there',
      installed: { 'node_modules/a': a, 'node_modules/b': { version: '2.0.0' } },
      why: undefined,
    },
    { when: 'a package of another platform is absent', installed: { 'node_modules/a': a }, why: undefined },
    { when: 'a package is absent', installed: {}, why: 'node_modules/a is absent' },
    {
      when: 'a version differs',
      installed: { 'node_modules/a': { ...a, version: '0.9.0' } },
      why: 'node_modules/a is 0.9.0',
    },
    {
      when: 'one is left over',
      installed: { 'node_modules/a': a, 'node_modules/c': a },
      why: 'node_modules/c is not in',
    },
    { when: 'npm did not finish', installed: undefined, why: 'none are installed' },
  ])('says $why when $when', ({ installed, why }) => {
    mkdirSync(join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    if (installed)
      writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    const found = whyStale(folder);
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(why);
  });
});

/** Both programs of Temporal, found. */
const temporal = (): Record<string, string> => ({
  TEMPORAL_CLI_PATH: program('temporal', 'temporal version 1.9.1'),
  TEMPORAL_TEST_SERVER_PATH: program('temporal-test-server', 'io.temporal.testserver.TestServer'),
});

/** A program that answers every question with one line. */
function program(place: string, answer: string): string {
  const path = join(folder, place);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "${answer.replaceAll('"', '\\"')}"\n`);
  chmodSync(path, 0o755);
  return path;
}

async function setup(settings: Record<string, string>, args: readonly string[] = ['--for', 'demo', '--json']) {
  // What this run was given itself would win over what a test says.
  const own = [
    'TEMPORAL_CLI_PATH',
    'TEMPORAL_TEST_SERVER_PATH',
    'MAINSTAY_KUBE_APISERVER',
    'MAINSTAY_KUBE_CONTROLLER_MANAGER',
    'MAINSTAY_ETCD',
    'MAINSTAY_MOTO',
    'MAINSTAY_REDIS',
  ];
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.includes(name)));
  const env = {
    ...inherited,
    MAINSTAY_CACHE: join(folder, 'cache'),
    MAINSTAY_RECORD: join(folder, 'tools.json'),
    ...settings,
  };
  const child = spawn(process.execPath, ['tools/setup.mjs', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [printed, said, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const tools = printed ? (JSON.parse(printed) as { tools: unknown }).tools : undefined;
  return { exitCode: exitCode as number, said, tools };
}
