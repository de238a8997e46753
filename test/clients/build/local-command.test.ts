import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalBuilds } from '../../../src/clients/build/local-command.ts';
import type { BuildJobs, BuildRequest } from '../../../src/clients/build/port.ts';
import { processScope, startTimeOf } from '../../../src/clients/build/process-identity.mjs';
import type { BuildEnd } from '../../../src/core/build/build-outcome.ts';
import { eventually } from './eventually.ts';

const digest = `sha256:${'a'.repeat(64)}`;
let stateDir: string;
let builds: BuildJobs;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'mainstay-build-'));
  builds = createLocalBuilds({ stateDir, inherited: process.env });
});
afterEach(async () => {
  for (const name of await readdir(join(stateDir, 'builds')).catch(() => [])) {
    await builds.stop(name, 'stopped').catch(() => {});
  }
  await rm(stateDir, { recursive: true, force: true });
});

function request(script: string, changes: Partial<BuildRequest> = {}): BuildRequest {
  return {
    jobId: 'job-1',
    command: ['sh', '-c', script],
    directory: stateDir,
    environment: {},
    secretNames: [],
    timeoutMs: 30_000,
    ...changes,
  };
}

async function ended(jobId = 'job-1'): Promise<BuildEnd> {
  return eventually('the build ends', async () => {
    const sight = await builds.look(jobId);
    return sight.state === 'ended' && sight.end;
  });
}

async function pidIn(name: string): Promise<number> {
  const read = async () => readFile(join(stateDir, name), 'utf8').catch(() => '');
  return Number(await eventually(`${name} is written`, async () => (await read()).trim() || undefined));
}

async function ownerPid(jobId = 'job-1'): Promise<number> {
  const owner = JSON.parse(await readFile(join(stateDir, 'builds', jobId, 'owner.json'), 'utf8')) as { pid: number };
  return owner.pid;
}

describe('a local build', () => {
  it('runs the command with version and repository, and records how it ended', async () => {
    const script = `echo "$MAINSTAY_VERSION $MAINSTAY_REPOSITORY in $PWD"; echo warning >&2; echo ${digest}; echo`;
    const environment = { MAINSTAY_VERSION: 'v1', MAINSTAY_REPOSITORY: 'r/a' };
    await builds.start(request(script, { environment }));
    expect(await ended()).toMatchObject({ ended: 'exited', exitCode: 0, signal: null, lastOutputLine: digest });
    const log = await readFile(join(stateDir, 'builds', 'job-1', 'log.txt'), 'utf8');
    expect(log).toContain(`v1 r/a in ${stateDir}`);
    expect(log).toContain('warning');
  });

  it('does not hand our own settings and credentials to the command', async () => {
    const inherited = { ...process.env, TEMPORAL_API_KEY: 'key-1', MAINSTAY_CONFIG: 'x.yaml', BUILD_CACHE: 'kept' };
    builds = createLocalBuilds({ stateDir, inherited });
    await builds.start(request('echo "[$TEMPORAL_API_KEY][$MAINSTAY_CONFIG][$BUILD_CACHE]"'));
    expect((await ended()).lastOutputLine).toBe('[][][kept]');
  });

  it('is one build however often and at once it is started', async () => {
    const script = 'echo x >> count; sleep 0.3; echo done';
    const other = createLocalBuilds({ stateDir, inherited: process.env });
    await Promise.all([builds.start(request(script)), other.start(request(script)), builds.start(request(script))]);
    await builds.start(request(script));
    await ended();
    await other.start(request(script));
    expect(await readFile(join(stateDir, 'count'), 'utf8')).toBe('x\n');
  });

  it('goes on when its starter is killed, and the next worker adopts it', async () => {
    const script = 'echo x >> count; echo begun; while [ ! -e go ]; do sleep 0.05; done; echo adopted';
    const starter = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        new URL('./start-and-wait.ts', import.meta.url).pathname,
        stateDir,
        JSON.stringify(request(script)),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      await new Promise<void>((resolve, reject) => {
        starter.stdout.once('data', () => resolve());
        starter.once('exit', (code) => reject(new Error(`the starter ended with ${code}`)));
      });
    } finally {
      starter.kill('SIGKILL');
    }
    await new Promise<void>((resolve) => starter.once('close', () => resolve()));
    await builds.start(request(script));
    await eventually('its last line is seen', async () => {
      const sight = await builds.look('job-1');
      return sight.state === 'running' && sight.lastLine === 'begun';
    });
    await writeFile(join(stateDir, 'go'), '');
    expect(await ended()).toMatchObject({ ended: 'exited', exitCode: 0, lastOutputLine: 'adopted' });
    expect(await readFile(join(stateDir, 'count'), 'utf8')).toBe('x\n');
  });

  it('has vanished when its runner is killed; the command does not go on alone, and it is not started again', async () => {
    const script = 'echo $$ > command-pid; echo half way; echo x >> count; sleep 60';
    await builds.start(request(script));
    const command = await pidIn('command-pid');
    await eventually('it logs', async () => {
      const sight = await builds.look('job-1');
      return sight.state === 'running' && sight.lastLine === 'half way';
    });
    process.kill(await ownerPid(), 'SIGKILL');
    const end = await ended();
    expect(end).toMatchObject({ ended: 'vanished', tail: ['half way'] });
    expect(end.problem).toContain('is gone and left no result');
    await eventually('the command is gone', () => startTimeOf(command) === undefined);
    await builds.start(request(script));
    expect(await ended()).toEqual(end);
    expect(await readFile(join(stateDir, 'count'), 'utf8')).toBe('x\n');
  });

  it('does not take a stranger with the same pid for its runner', async () => {
    const folder = join(stateDir, 'builds', 'job-1');
    await mkdir(folder, { recursive: true });
    const stranger = { pid: process.pid, startTime: '1', scope: processScope(), startedAtMs: Date.now() };
    await writeFile(join(folder, 'owner.json'), JSON.stringify(stranger));
    expect(await builds.look('job-1')).toMatchObject({ state: 'ended', end: { ended: 'vanished' } });
  });

  it('goes by the signs of life where processes cannot be told', async () => {
    const folder = join(stateDir, 'builds', 'job-1');
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'owner.json'),
      JSON.stringify({ pid: 4_000_000, scope: 'elsewhere', startedAtMs: Date.now() }),
    );
    await writeFile(join(folder, 'alive'), '');
    expect(await builds.look('job-1')).toMatchObject({ state: 'running' });
    const old = new Date(Date.now() - 60_000);
    await utimes(join(folder, 'alive'), old, old);
    expect(await builds.look('job-1')).toMatchObject({ state: 'ended', end: { ended: 'vanished' } });
  });

  it('ends at its time, with everything in its process group', async () => {
    const script = 'sh -c "echo \\$\\$ > child-pid; sleep 60" & wait';
    await builds.start(request(script, { timeoutMs: 500 }));
    const child = await pidIn('child-pid');
    expect(await ended()).toMatchObject({ ended: 'timedOut', exitCode: null });
    await eventually('the child is gone', () => startTimeOf(child) === undefined);
  });

  it('is stopped when asked, also when it ignores SIGTERM', async () => {
    await builds.start(request("trap '' TERM; echo $$ > command-pid; while :; do sleep 0.1; done"));
    const command = await pidIn('command-pid');
    await builds.stop('job-1', 'stopped');
    expect(await ended()).toMatchObject({ ended: 'stopped' });
    await eventually('the command is gone', () => startTimeOf(command) === undefined);
  });

  it('ends with its command, not with what the command left in the background', async () => {
    const startedMs = Date.now();
    await builds.start(request('sleep 3 & echo done'));
    expect(await ended()).toMatchObject({ ended: 'exited', exitCode: 0, lastOutputLine: 'done' });
    expect(Date.now() - startedMs).toBeLessThan(2800);
  });

  it.each([
    { what: 'program', changes: { command: ['no-such-program'] }, says: 'no-such-program: no such program' },
    { what: 'directory', changes: { directory: '/no/such/place' }, says: 'directory /no/such/place: ENOENT' },
  ])('says so when its $what is not there', async ({ changes, says }) => {
    await builds.start(request('', changes));
    expect(await ended()).toMatchObject({ ended: 'notStarted', problem: says });
  });

  it('keeps the last 20 lines, and no line without end', async () => {
    const script =
      'i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); done; head -c 300000 /dev/zero | tr "\\0" x; echo; printf end';
    await builds.start(request(script));
    const end = await ended();
    expect(end.tail).toHaveLength(20);
    expect(end.tail.at(-1)).toBe('end');
    expect(end.tail[0]).toBe('line 22');
    expect(end.lastOutputLine).toBe('end');
    expect((await readFile(join(stateDir, 'builds', 'job-1', 'log.txt'))).length).toBeLessThan(100_000);
  });

  it('writes no secret anywhere: not plain, not encoded, not by its lines', async () => {
    const token = 's3cr3t/with space';
    const environment = {
      TOKEN: token,
      KEY: 'first-line-of-key\nsecond-line-of-key',
      ENCODED: `${Buffer.from(token).toString('base64')} ${encodeURIComponent(token)}`,
      PLAIN: 'visible',
    };
    const script = 'echo "t $TOKEN" >&2; echo "$KEY"; echo "$ENCODED"; echo "p $PLAIN"';
    await builds.start(request(script, { environment, secretNames: ['TOKEN', 'KEY'] }));
    const end = await ended();
    expect(end.tail).toEqual(expect.arrayContaining(['t ***', '***', '*** ***', 'p visible']));
    const folder = join(stateDir, 'builds', 'job-1');
    for (const name of await readdir(folder)) {
      expect(await readFile(join(folder, name), 'utf8')).not.toMatch(/s3cr3t|line-of-key/);
    }
  });

  it('is unknown to another state directory', async () => {
    await builds.start(request('echo done'));
    const elsewhere = createLocalBuilds({ stateDir: join(stateDir, 'other'), inherited: process.env });
    expect(await elsewhere.look('job-1')).toEqual({ state: 'absent' });
  });

  it('refuses an id that could leave its folder', async () => {
    await expect(builds.look('../../etc')).rejects.toMatchObject({ code: 'InvalidInput' });
  });

  it('forgets builds that ended long ago', async () => {
    await builds.start(request('echo one'));
    await ended();
    const old = new Date(Date.now() - 8 * 24 * 3_600_000);
    await utimes(join(stateDir, 'builds', 'job-1', 'result.json'), old, old);
    await builds.start(request('echo two', { jobId: 'job-2' }));
    expect(await builds.look('job-1')).toEqual({ state: 'absent' });
    await ended('job-2');
  });

  it('is Unavailable when its folder cannot be written', async () => {
    const blocked = join(stateDir, 'file');
    await writeFile(blocked, '');
    const jobs = createLocalBuilds({ stateDir: blocked, inherited: process.env });
    await expect(jobs.start(request('echo'))).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining(`state directory for builds ${blocked}`),
    });
  });
});
