import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startGuarded } from '../../../../src/sandbox/cluster/node/guarded-process.ts';
import { eventually } from '../eventually.ts';

const env = { PATH: process.env.PATH ?? '' };
const MODULE = new URL('../../../../src/sandbox/cluster/node/guarded-process.ts', import.meta.url).href;

function startScript(script: string) {
  return startGuarded({ argv: [process.execPath, '-e', script], cwd: '/tmp', env });
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is dead already, it only waits for its parent.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])
      .toString()
      .startsWith('Z');
  } catch {
    return false;
  }
}

describe('guarded process', () => {
  it('answers exit code and output of the command', async () => {
    const running = startScript('console.log("out"); console.error("err"); process.exitCode = 7');
    const [out, err, code] = await Promise.all([text(running.stdout), text(running.stderr), running.exited]);
    expect([out, err, code]).toEqual(['out\n', 'err\n', 7]);
  });

  it('passes SIGTERM on and keeps the exit code of a command that handles it', async () => {
    const running = startScript(
      'process.on("SIGTERM", () => process.exit(3)); setInterval(() => 0, 1000); console.log("up")',
    );
    await once(running.stdout, 'data');
    running.terminate();
    expect(await running.exited).toBe(3);
  });

  it('reports 143 for a command that SIGTERM ends and 137 after a kill', async () => {
    const soft = startScript('setInterval(() => 0, 1000); console.log("up")');
    await once(soft.stdout, 'data');
    soft.terminate();
    expect(await soft.exited).toBe(143);
    const hard = startScript('process.on("SIGTERM", () => 0); setInterval(() => 0, 1000); console.log("up")');
    await once(hard.stdout, 'data');
    hard.terminate();
    hard.kill();
    hard.stdout.resume();
    expect(await hard.exited).toBe(137);
  });

  it('reports 127 for a command that does not exist', async () => {
    const running = startGuarded({ argv: ['/no-such-folder/no-such-command'], cwd: '/tmp', env });
    running.stdout.resume();
    const [err, code] = await Promise.all([text(running.stderr), running.exited]);
    expect(code).toBe(127);
    expect(err).toContain('not found');
  });

  it('reports 128 when it cannot be started at all', async () => {
    const running = startGuarded({ argv: ['true'], cwd: '/no/such/folder', env });
    expect(await running.exited).toBe(128);
  });

  it('ends what the command left running', async () => {
    const running = startScript(
      'const c = require("child_process").spawn("sleep", ["300"], { stdio: "ignore" }); console.log(c.pid); c.unref()',
    );
    const pid = Number(await text(running.stdout));
    running.stderr.resume();
    expect(await running.exited).toBe(0);
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });

  it('dies with the process that started it, even when that is killed', async () => {
    const script = `
      import(${JSON.stringify(MODULE)}).then(({ startGuarded }) => {
        const running = startGuarded({
          argv: [process.execPath, '-e', 'process.on("SIGTERM", () => 0); console.log(process.pid); setInterval(() => 0, 1000)'],
          cwd: '/tmp', env: process.env,
        });
        running.stdout.pipe(process.stdout);
      });`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(chunk.toString());
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
      await eventually(() => expect(isAlive(pid)).toBe(false));
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
