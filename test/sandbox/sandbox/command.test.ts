import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findDaemon } from '../../../src/sandbox/daemon-state.ts';
import type { SandboxStatus } from '../../../src/sandbox/status.ts';
import { takeDown } from '../../../src/starters/sandbox/process.ts';

const MAINSTAY = new URL('../../../bin/mainstay', import.meta.url).pathname;
/** A dozen processes one after the other, on a machine that may be busy. */
const SLOW = { timeout: 120_000 };
const POLL = { timeout: 15_000, interval: 50 };
let folders: string[] = [];

beforeEach(() => {
  folders = [];
});
afterEach(async () => {
  for (const folder of folders) {
    await takeDown(folder);
    await rm(folder, { recursive: true, force: true });
  }
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-command-'));
  // The database runs as another account when we are root; one that cannot come here would have its data elsewhere.
  await chmod(folder, 0o755);
  folders.push(folder);
  return folder;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sandbox(folder: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const command = [MAINSTAY, 'sandbox', ...args, '--state', folder];
    const child = execFile(process.execPath, command, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

async function statusOf(folder: string): Promise<SandboxStatus> {
  const found = await findDaemon(folder);
  if (found.kind !== 'running') throw new Error(`sandbox in ${folder}: ${found.kind}, expected running`);
  return found.status;
}

function versionServed(router: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = httpRequest(
      `${router}/version`,
      { headers: { host: 'crm.example.com' }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()).version));
      },
    );
    request.on('error', () => resolve(undefined));
    request.end();
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('comes up, tells of itself, takes load and faults, and goes down with all its pods', SLOW, async () => {
  const folder = await newFolder();
  const up = await sandbox(folder, 'up', '--rps', '20');
  expect(up).toMatchObject({ code: 0 });
  expect(up.stdout).toContain(`export KUBECONFIG=${folder}/kubeconfig`);
  expect(up.stderr).toContain('pods of crm-api ready');
  const status = JSON.parse((await sandbox(folder, 'status', '--json')).stdout) as SandboxStatus;
  expect(status).toMatchObject({ phase: 'ready', running: { load: { rps: 20 }, faults: [] } });
  expect(status.running?.pods.map(({ version, isReady }) => `${version} ${isReady}`)).toEqual(
    Array(3).fill('v1.4.1 true'),
  );
  expect(await versionServed(status.running?.router)).toBe('v1.4.1');

  expect((await sandbox(folder, 'up')).stdout).toContain('sandbox already runs');
  expect((await sandbox(folder, 'load', '--rps', '5')).stdout).toContain('5 requests per second');
  const added = await sandbox(folder, 'fault', 'add', 'service', '--version', 'v1.4.1', '--error-ratio', '1');
  expect(added).toMatchObject({ code: 0, stdout: 'service-1  service namespace=crm version=v1.4.1 errorRatio=1\n' });
  expect((await sandbox(folder, 'fault', 'list')).stdout).toContain('service-1');
  await expect.poll(() => versionServed(status.running?.router), POLL).toBeUndefined();
  expect((await sandbox(folder, 'fault', 'clear', 'service-1')).stdout).toBe('1 fault cleared\n');
  await expect.poll(() => versionServed(status.running?.router), POLL).toBe('v1.4.1');

  expect(await sandbox(folder, 'down')).toMatchObject({ code: 0, stdout: 'sandbox is down\n' });
  expect(isAlive(status.pid)).toBe(false);
  expect(await sandbox(folder, 'status')).toMatchObject({ code: 69 });
  expect((await sandbox(folder, 'down')).stdout).toContain('no sandbox ran');
});

it('runs twice on one machine, and outlives a daemon that was killed', SLOW, async () => {
  const [first, second] = [await newFolder(), await newFolder()];
  const ups = await Promise.all([sandbox(first, 'up', '--json'), sandbox(second, 'up', '--no-seed', '--json')]);
  expect(ups.map(({ code }) => code)).toEqual([0, 0]);
  const [one, other] = [await statusOf(first), await statusOf(second)];
  expect(one.running?.router).not.toBe(other.running?.router);

  const pods = await podAddresses(one.running?.api);
  expect(pods).toHaveLength(3);
  process.kill(one.pid, 'SIGKILL');
  await expect.poll(() => isAlive(one.pid), POLL).toBe(false);
  const answering = async (): Promise<number> => (await Promise.all(pods.map(answers))).filter((yes) => yes).length;
  await expect.poll(answering, POLL).toBe(0);
  const gone = await sandbox(first, 'status');
  expect(gone).toMatchObject({ code: 69 });
  expect(gone.stderr).toContain(`no sandbox runs in ${first}`);
  expect((await statusOf(second)).pid).toBe(other.pid);

  const again = await sandbox(first, 'up', '--no-seed');
  expect(again.code).toBe(0);
  expect(again.stderr).toContain(`(pid ${one.pid}) is gone`);
  expect((await statusOf(first)).pid).not.toBe(one.pid);
});

async function podAddresses(api: string | undefined): Promise<string[]> {
  const list = (await (await fetch(`${api}/api/v1/namespaces/crm/pods`)).json()) as {
    items: { metadata: { annotations: Record<string, string> } }[];
  };
  return list.items.map(({ metadata }) => JSON.parse(metadata.annotations['sandbox.mainstay.dev/dial'] ?? '{}')[8080]);
}

function answers(address: string): Promise<boolean> {
  return fetch(`http://${address}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

it('comes up once when it is started twice at the same moment', async () => {
  const folder = await newFolder();
  const ups = await Promise.all([
    sandbox(folder, 'up', '--no-seed', '--json'),
    sandbox(folder, 'up', '--no-seed', '--json'),
  ]);
  expect(ups.map(({ code }) => code)).toEqual([0, 0]);
  const pids = ups.map(({ stdout }) => (JSON.parse(stdout) as SandboxStatus).pid);
  expect(new Set(pids).size).toBe(1);
  // Nor does the one that came too late wait for its turn: no process names this folder any more.
  await takeDown(folder);
  expect(await processesNaming(folder)).toEqual([]);
});

async function processesNaming(folder: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'args']);
  return stdout.split('\n').filter((line) => line.includes(folder));
}

it('takes the pid of another program for what it is', async () => {
  const folder = await newFolder();
  const state = { pid: process.pid, startedAt: new Date().toISOString(), control: 'http://127.0.0.1:1' };
  await writeFile(join(folder, 'sandbox.json'), JSON.stringify(state));
  expect((await sandbox(folder, 'status')).code).toBe(69);
  expect(await sandbox(folder, 'down')).toMatchObject({ code: 0 });
  expect(isAlive(process.pid)).toBe(true);
});

it('says why it did not start', async () => {
  const folder = await newFolder();
  // A file where the registry wants its folder.
  await writeFile(join(folder, 'registry'), '');
  const up = await sandbox(folder, 'up');
  expect(up.code).toBe(69);
  expect(up.stderr).toContain('the sandbox did not start: ');
  expect(up.stderr).toContain(`tail ${folder}/daemon.log`);
  expect(await readFile(join(folder, 'daemon.log'), 'utf8')).toContain('failed: ');
});

it.each([
  { args: ['load', '--rps', 'many'], code: 64 },
  { args: ['load', '--rps', '9999'], code: 64 },
  { args: ['fault', 'add', 'router', '--mode', 'melted'], code: 64 },
  { args: ['fault', 'add', 'service', '--error-ratio', '20'], code: 64 },
  { args: ['sideways'], code: 64 },
  { args: ['load'], code: 69 },
  { args: ['fault', 'list'], code: 69 },
])('ends with $code for $args when nothing runs', async ({ args, code }) => {
  const folder = await newFolder();
  const ended = await sandbox(folder, ...args);
  expect(ended.code).toBe(code);
  expect(ended.stderr).not.toBe('');
});
