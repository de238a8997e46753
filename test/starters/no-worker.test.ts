import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandError } from '../../src/starters/command-error.ts';
import { deploy } from '../../src/starters/deploy.ts';
import { list } from '../../src/starters/list.ts';
import { sendMessage } from '../../src/starters/messages.ts';
import { status } from '../../src/starters/status.ts';
import { page, startMainstay } from '../harness/command-line.ts';
import { isMissing, requireTool } from '../harness/tools.ts';

const LIMIT = { timeout: 90_000 };
const OPTIONS = { environment: 'demo', version: 'v1', by: 'release-manager' };
const TARGET = { service: 'crm-api', environment: 'demo' };

describe.skipIf(isMissing('temporal'))('with a server but no worker', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    const executable = { type: 'existing-path', path: requireTool('temporal') } as const;
    env = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    process.env.TEMPORAL_ADDRESS = env.address;
    process.env.TEMPORAL_NAMESPACE = env.namespace ?? 'default';
  });
  afterAll(() => env?.teardown());

  async function within10s(run: () => Promise<unknown>): Promise<CommandError | undefined> {
    const startedMs = Date.now();
    const error = await run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    if (error === undefined || error instanceof CommandError) return error;
    throw error instanceof Error ? error : new Error(String(error));
  }

  it('a message finds no operation and says how to begin one', LIMIT, async () => {
    const error = await within10s(() => sendMessage('pause', TARGET, { reason: 'a look' }, page()));
    expect(error?.exit).toBe('noOperation');
    expect(error?.message).toBe('no operation runs on crm-api in demo');
    expect(error?.advice.join()).toContain('mainstay deploy crm-api --environment demo');
  });

  it('status of a service that never had an operation says so', LIMIT, async () => {
    const error = await within10s(() => status(TARGET, {}, page()));
    expect(error?.exit).toBe('noOperation');
  });

  it('deploy starts it, says that no worker polls and how to start one', LIMIT, async () => {
    const output = page();
    const error = await within10s(() => deploy('crm-api', OPTIONS, output));
    expect(error?.exit).toBe('unavailable');
    expect(error?.message).toContain('no worker polls the task queue mainstay (workflows)');
    expect(error?.advice.join()).toContain('start a worker: mainstay worker');
    expect(output.text).toMatch(/^started deploy\/demo\/crm-api\/\d{8}T\d{6}Z-[0-9a-f]{4}$/m);
  });

  it('status tells all six things from the memo, and that it stands still', LIMIT, async () => {
    const output = page();
    expect(await within10s(() => status(TARGET, {}, output))).toBeUndefined();
    for (const label of ['what', 'why', 'seen', 'next', 'may', 'undone']) {
      expect(output.text).toMatch(new RegExp(`^${label} +\\S`, 'm'));
    }
    expect(output.text).toContain('Deploying crm-api v1 to demo');
    expect(output.text.replaceAll(/\s+/g, ' ')).toContain('It stands still: no worker polls the task queue');
  });

  it('status --json carries the same', LIMIT, async () => {
    const output = page();
    await status(TARGET, { json: true }, output);
    expect(JSON.parse(output.text)).toMatchObject({
      isRunning: true,
      memo: { service: 'crm-api', environment: 'demo', version: 'v1', phase: 'preparing' },
      worker: { polls: false },
      undone: 'Nothing: it has changed nothing yet.',
    });
  });

  it('a message is not sent into the void', LIMIT, async () => {
    const error = await within10s(() => sendMessage('abort', TARGET, { reason: 'wrong version' }, page()));
    expect(error?.exit).toBe('unavailable');
    expect(error?.message).toContain('no worker polls');
  });

  it('list shows it, and only where it is', LIMIT, async () => {
    const here = page();
    await list({ environment: 'demo' }, here);
    expect(here.text).toContain('Deploying crm-api v1 to demo');
    const elsewhere = page();
    await list({ environment: 'production' }, elsewhere);
    expect(elsewhere.text).toContain('No operation runs in production.');
  });

  it('the same id a second time is refused, not started twice', LIMIT, async () => {
    const options = { ...OPTIONS, workflowId: 'deploy/demo/billing/once', detach: true };
    expect(await deploy('billing', options, page())).toBe(0);
    const error = await within10s(() => deploy('billing', options, page()));
    expect(error?.exit).toBe('busy');
  });

  it('several that could be meant are listed, not guessed', LIMIT, async () => {
    for (const workflowId of ['deploy/demo/search/one', 'deploy/demo/search/two']) {
      await deploy('search', { ...OPTIONS, workflowId, detach: true }, page());
    }
    const error = await within10s(() =>
      sendMessage('pause', { service: 'search', environment: 'demo' }, { reason: 'a look' }, page()),
    );
    expect(error?.message).toContain('2 operations on search in demo could be meant');
    expect(error?.advice.join()).toContain('--id deploy/demo/search/one');
  });

  it('Ctrl-C leaves the view with 130; the operation goes on', LIMIT, async () => {
    const args = [
      'deploy',
      'orders',
      '-e',
      'demo',
      '--version',
      'v1',
      '--wait-for-worker',
      '--workflow-id',
      'deploy/demo/orders/1',
    ];
    const command = startMainstay(args, { TEMPORAL_ADDRESS: env.address });
    await command.untilSays('Deploying orders v1 to demo');
    command.child.kill('SIGINT');
    const { code, stdout } = await command.end;
    expect(stdout).toContain('mainstay status --id deploy/demo/orders/1 --watch');
    expect(stdout).toContain('mainstay abort --id deploy/demo/orders/1');
    expect(code).toBe(130);
    const { status: run } = await env.client.workflow.getHandle('deploy/demo/orders/1').describe();
    expect(run.name).toBe('RUNNING');
  });
});
