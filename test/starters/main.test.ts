import { type Command, CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandError } from '../../src/starters/command-error.ts';
import { deploy, deployCommand } from '../../src/starters/deploy.ts';
import { list } from '../../src/starters/list.ts';
import { messageCommands, sendMessage } from '../../src/starters/messages.ts';
import { status, statusCommand } from '../../src/starters/status.ts';
import { page, runMainstay, startMainstay } from '../harness/command-line.ts';

const LIMIT = { timeout: 60_000 };
const DEPLOY = ['deploy', 'crm-api', '-e', 'demo', '--version', 'v1'];

/** What a wrong command line is answered, without a process of its own. */
async function refusal([name = '', ...args]: readonly string[]): Promise<string> {
  const commands: readonly Command[] = [deployCommand(), statusCommand(), ...messageCommands()];
  const command = commands.find((each) => each.name() === name);
  if (!command) throw new Error(`no command ${name}`);
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  try {
    await command.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0) return error.message;
    if (error instanceof CommandError && error.exit === 'usage') return error.message;
    throw error;
  }
  throw new Error('was accepted');
}

describe('a wrong command line', () => {
  it.each([
    { args: ['deploy', 'crm-api', '--version', 'v1'], says: '--environment' },
    { args: ['deploy', 'crm-api', '-e', 'demo'], says: '--version' },
    { args: ['deploy', 'CRM', '-e', 'demo', '--version', 'v1'], says: 'lower case letters' },
    { args: ['deploy', 'crm-api', '-e', 'demo', '--version', 'v 1'], says: 'Expected a tag' },
    { args: [...DEPLOY, '--on-busy', 'never'], says: 'reject, queue, replace, preempt' },
    { args: [...DEPLOY, '--on-busy', 'preempt'], says: '--reason is required' },
    { args: [...DEPLOY, '--expect-catalogue', 'xyz'], says: '8 hex digits' },
    { args: ['status'], says: 'which operation is meant?' },
    { args: ['status', 'crm-api'], says: 'which operation is meant?' },
    { args: ['approve', 'crm-api', '-e', 'demo'], says: '--plan' },
    { args: ['approve', 'crm-api', '-e', 'demo', '--plan', '1a2b'], says: '8 hex digits' },
    { args: ['abort', 'crm-api', '-e', 'demo'], says: '--reason' },
    { args: ['pause', 'crm-api', '-e', 'demo', '--reason', ' '], says: 'Expected some words' },
  ])('is told what is expected: $args', async ({ args, says }) => {
    expect(await refusal(args)).toContain(says);
  });

  it.each([
    { args: ['deploi'], says: '(Did you mean deploy?)' },
    { args: ['deploy', 'crm-api', '--version', 'v1'], says: '--environment' },
    { args: [...DEPLOY, '--on-busy', 'preempt'], says: '--reason is required' },
  ])('ends the process with 64: $args', LIMIT, async ({ args, says }) => {
    const { code, stderr } = await runMainstay(args);
    expect(stderr).toContain(says);
    expect(code).toBe(64);
  });
});

describe('help', () => {
  it('names every command and where things are set', LIMIT, async () => {
    const { code, stdout } = await runMainstay(['--help']);
    expect(code).toBe(0);
    const names = ['worker', 'deploy', 'status', 'approve', 'reject', 'pause', 'resume', 'skip-step', 'promote-now'];
    for (const name of [...names, 'abort', 'accept-unrestored', 'list', 'catalogue', 'sandbox', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
    expect(stdout).toContain('TEMPORAL_ADDRESS');
  });
});

describe('without a Temporal server', () => {
  let before: string | undefined;
  beforeAll(() => {
    before = process.env.TEMPORAL_ADDRESS;
    process.env.TEMPORAL_ADDRESS = '127.0.0.1:1';
  });
  afterAll(() => {
    if (before === undefined) delete process.env.TEMPORAL_ADDRESS;
    else process.env.TEMPORAL_ADDRESS = before;
  });

  const target = { service: 'crm-api', environment: 'demo' };
  it.each([
    { name: 'deploy', run: () => deploy('crm-api', { environment: 'demo', version: 'v1' }, page()) },
    { name: 'status', run: () => status(target, {}, page()) },
    { name: 'approve', run: () => sendMessage('approve', target, { plan: '1a2b3c4d' }, page()) },
    { name: 'list', run: () => list({}, page()) },
  ])('$name says what to start, within 10 s', LIMIT, async ({ run }) => {
    const startedMs = Date.now();
    const error = await run().catch((thrown: unknown) => thrown);
    if (!(error instanceof CommandError)) throw error;
    expect(error.exit).toBe('unavailable');
    expect(error.message).toContain('no Temporal server answers at 127.0.0.1:1');
    expect(error.advice.join()).toContain('temporal server start-dev');
    expect(Date.now() - startedMs).toBeLessThan(10_000);
  });

  it('a process ends with 69', LIMIT, async () => {
    const { code, stderr } = await runMainstay(['worker'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(stderr).toContain('no Temporal server answers at 127.0.0.1:1');
    expect(code).toBe(69);
  });

  it('a profile that does not exist is told as a wrong setting', LIMIT, async () => {
    const { code, stderr } = await runMainstay(['list'], { TEMPORAL_PROFILE: 'nowhere' });
    expect(stderr).toContain('TEMPORAL_PROFILE');
    expect(code).toBe(64);
  });
});

describe('a reader that goes away', () => {
  it('ends the command quietly', LIMIT, async () => {
    const command = startMainstay(['catalogue', 'schema']);
    command.child.stdout?.destroy();
    const { code, stderr } = await command.end;
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});
