import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../../src/starters/command-error.ts';
import { startTemporal } from '../../../src/starters/demo/temporal-server.ts';
import { startMainstay } from '../../harness/command-line.ts';
import { isMissing, requireTool } from '../../harness/tools.ts';

describe('the demo without a temporal command that works', () => {
  let folder: string;
  const before = { ...process.env };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-demo-test-'));
    // As root the database runs as another account, which must be able to come here.
    await chmod(folder, 0o755);
  });
  afterEach(async () => {
    process.env = { ...before };
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    { when: 'none was found', temporal: undefined, says: 'it was not found', advice: 'TEMPORAL_CLI_PATH' },
    { when: 'it does not start', temporal: '/nowhere/temporal', says: 'ENOENT', advice: 'temporal.log' },
  ])('says what to do when $when', { timeout: 30_000 }, async ({ temporal, says, advice }) => {
    const starting = startTemporal(folder, { temporal, kubectl: 'kubectl' }, new AbortController().signal);
    const error = await starting.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof CommandError)) throw new Error(`expected a CommandError, found ${String(error)}`);
    expect(error.exit).toBe('unavailable');
    expect(error.message).toContain(says);
    expect(error.advice.join()).toContain(advice);
  });
});

describe('the demo', () => {
  it.skipIf(isMissing('temporal'))('ends what it started when it is told to end', { timeout: 90_000 }, async () => {
    const command = startMainstay(['demo'], { TEMPORAL_CLI_PATH: requireTool('temporal') });
    await command.untilSays('creating the example company');
    command.child.kill('SIGTERM');
    const { code, stdout } = await command.end;
    expect(stdout).toContain('ending what the demo started');
    expect(code).toBe(130);
    const folder = /logs and state are in (\S+)/.exec(stdout)?.[1] ?? '';
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
  });
});
