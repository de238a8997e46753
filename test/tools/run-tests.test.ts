import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGTERM');
});

describe('run-tests', { timeout: 90_000 }, () => {
  it.each([
    {
      fixtures: ['passing'],
      closing: '2 passed, 0 failed, 1 skipped',
      exitCode: 0,
      says: ['no kubectl on this machine'],
    },
    {
      fixtures: ['failing', 'unloadable', 'unhandled'],
      closing: '2 passed, 4 failed, 1 skipped',
      exitCode: 1,
      says: ['"replicas": 5', 'the server did not start', 'cannot be loaded', 'nobody waits for this'],
    },
    { fixtures: ['skipped'], closing: '0 passed, 0 failed, 1 skipped', exitCode: 1, says: ['no test ran'] },
  ])('closes with $closing for $fixtures', async ({ fixtures, closing, exitCode, says }) => {
    const run = await runFixtures(fixtures);
    for (const words of says) expect(run.output).toContain(words);
    expect({ lastLine: run.lastLine, exitCode: run.exitCode }).toEqual({ lastLine: closing, exitCode });
  });

  it('ends a run that takes longer than its budget, and counts that as a failure', async () => {
    const run = await runFixtures(['endless'], { MAINSTAY_TEST_BUDGET_S: '3', MAINSTAY_TEST_GRACE_S: '1' });
    expect(run.output).toContain('longer than its budget of 3 s');
    expect(run.lastLine).toMatch(/^\d passed, 1 failed, \d skipped$/);
    expect(run.exitCode).toBe(1);
  });
});

/** Runs the fixture files through the runner, outside of this run's own environment. */
async function runFixtures(fixtures: readonly string[], settings: Record<string, string> = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|MAINSTAY_TEST|NODE_OPTIONS)/.test(name));
  const config = '--config=test/tools/fixtures/vitest.config.ts';
  const files = fixtures.map((name) => `fixtures/${name}`);
  const child = spawn(process.execPath, ['tools/run-tests.mjs', config, ...files], {
    env: { ...Object.fromEntries(inherited), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const [output, , [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  running.delete(child);
  return { output, exitCode: exitCode as number, lastLine: output.trimEnd().split('\n').at(-1) };
}
