import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LookSummary, StepTally } from '../../src/core/model/operation.ts';
import type { ObserveStepInput } from '../../src/core/model/observe.ts';
import { CommandError } from '../../src/starters/command-error.ts';
import { deploy } from '../../src/starters/deploy.ts';
import { list } from '../../src/starters/list.ts';
import { sendMessage } from '../../src/starters/messages.ts';
import { report } from '../../src/starters/report.ts';
import { status } from '../../src/starters/status.ts';
import { page } from '../harness/command-line.ts';
import { createFakes, failingTally, type FakeOptions, newWorld, passingTally } from '../harness/fake-world.ts';
import { somePlan } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

const LIMIT = { timeout: 90_000 };
const HOUR = 3_600_000;

/** A gate that a fake waits at until the test opens it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function lookAt(input: ObserveStepInput): LookSummary {
  const counts = { nC: 1204, eC: 5, nS: 3600, eS: 14 };
  const reason = 'error-ratio 0.41 % (5 of 1,204 canary requests)';
  const weights = { weightPercent: input.weightPercent, appliedPercent: input.weightPercent };
  return { atMs: Date.now(), step: input.step, ...weights, phase: 'running', reason, metrics: [], ...counts };
}

describe.skipIf(isMissing('temporal'))('the command line against real workflows', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('local');
    process.env.TEMPORAL_ADDRESS = lab.env.address;
    process.env.TEMPORAL_NAMESPACE = lab.env.namespace ?? 'default';
    process.env.MAINSTAY_LEDGER = 'off';
  }, 90_000);
  afterAll(() => lab?.close());

  function service(options: FakeOptions = {}): {
    name: string;
    options: { environment: string; version: string; by: string };
  } {
    const { service: name } = lab.trial(createFakes(newWorld(), options).fakes);
    return { name, options: { environment: 'production', version: 'v2', by: 'release-manager' } };
  }

  async function refusal(run: () => Promise<unknown>): Promise<CommandError> {
    const error = await run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof CommandError) return error;
    throw error instanceof Error ? error : new Error('was accepted');
  }

  /** Polls `status` until it says the text; a deployment under way is seen at its next phase. */
  async function untilStatus(name: string, text: string): Promise<string> {
    const deadlineMs = Date.now() + 30_000;
    let last = '';
    while (Date.now() < deadlineMs) {
      const output = page();
      await status({ service: name, environment: 'production' }, {}, output).catch(() => undefined);
      last = output.text.replaceAll(/\s+/g, ' ');
      if (last.includes(text)) return output.text;
    }
    throw new Error(`status never said "${text}": ${last}`);
  }

  it('follows a good deployment to its end and ends with 0', LIMIT, async () => {
    const { name, options } = service();
    const output = page();
    expect(await deploy(name, options, output)).toBe(0);
    expect(output.text).toMatch(new RegExp(`^started deploy/production/${name}/`, 'm'));
    expect(output.text).toContain(`PROMOTED  ${name} v2 in production`);
    expect(output.text).toContain('exit code 0 (ok)');
  });

  it('tells the whole account of a rollback and ends with 10', LIMIT, async () => {
    const { name, options } = service({ observe: failingTally });
    const output = page();
    expect(await deploy(name, options, output)).toBe(10);
    expect(output.text).toContain(`ROLLED BACK  ${name} v2 in production`);
    expect(output.text).toMatch(/why +error-ratio 8\.10 % \(26 of 321 canary requests/);
    expect(output.text).toMatch(/restored ✓ HTTPRoute crm\/crm-api, backends: crm-api 100 \(set back\)/);
  });

  it('--json gives one object a line, the last one the end', LIMIT, async () => {
    const { name, options } = service();
    const output = page();
    expect(await deploy(name, { ...options, json: true }, output)).toBe(0);
    const events = output.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ event: 'note' });
    expect(events.at(-1)).toMatchObject({ event: 'end', result: { outcome: 'promoted' } });
  });

  it('--dry-run shows plan and checks and changes nothing', LIMIT, async () => {
    const { name, options } = service();
    const output = page();
    expect(await deploy(name, { ...options, dryRun: true }, output)).toBe(0);
    expect(output.text).toContain('PLANNED');
    expect(output.text).toContain('steps: 10 % for 10 min, 25 % for 10 min');
    expect(output.text).toMatch(/checks +image: pass/);
  });

  it('asks for an approval, refuses another plan, takes the right one', LIMIT, async () => {
    const plan = somePlan({ startApproval: { deadlineMs: HOUR, onDeadline: 'reject' } });
    const { name, options } = service({ plan });
    const running = deploy(name, options, page());
    const asked = await untilStatus(name, 'waiting for approval to start');
    const command = /mainstay approve --id (\S+) --plan ([0-9a-f]{8}) /.exec(asked);
    const [, id = '', digest = ''] = command ?? [];
    const target = { service: name, environment: 'production' };

    const wrong = await refusal(() => sendMessage('approve', target, { plan: 'ffffffff' }, page()));
    expect(wrong.exit).toBe('refused');
    expect(wrong.message).toContain('the approval names plan ffffffff');
    expect(wrong.advice.join('\n')).toContain(`mainstay approve --id ${id} --plan ${digest}`);

    const answer = page();
    expect(await sendMessage('approve', { id }, { plan: digest, by: 'release-manager' }, answer)).toBe(0);
    expect(answer.text).toContain(`approve: accepted by ${id}`);
    expect(await running).toBe(0);
  });

  it('shows the live numbers of the watching activity, and messages reach the owner by name', LIMIT, async () => {
    const held = gate();
    const observe = async (input: ObserveStepInput): Promise<StepTally> => {
      Context.current().heartbeat({ look: lookAt(input) });
      await held.opened;
      return passingTally(input);
    };
    const { name, options } = service({ observe });
    const output = page();
    const running = deploy(name, options, output);
    const text = await untilStatus(name, 'ago at 10 %, the router shows 10 %');
    expect(text).toContain(`mainstay pause ${name} --environment production`);

    const target = { service: name, environment: 'production' };
    const soon = await refusal(() => sendMessage('resume', target, {}, page()));
    expect(soon).toMatchObject({ exit: 'refused' });
    expect(soon.message).toContain('it is not paused');

    const busy = page();
    expect(await deploy(name, options, busy)).toBe(14);
    expect(busy.text).toMatch(/REJECTED/);
    expect(busy.text).toContain('(ServiceBusy)');

    const listed = page();
    await list({ environment: 'production' }, listed);
    expect(listed.text).toContain(`Deploying ${name} v2 to production`);

    expect(await sendMessage('abort', target, { reason: 'enough seen', by: 'sre-on-call' }, page())).toBe(0);
    held.open();
    expect(await running).toBe(12);
    expect(output.text).toContain('ABORTED');

    const gone = await refusal(() => sendMessage('pause', target, { reason: 'too late' }, page()));
    expect(gone.exit).toBe('noOperation');
  });

  it('bad input ends with 65 and lists every problem', LIMIT, async () => {
    const { ApplicationFailure } = await import('@temporalio/common');
    const problems = [{ path: 'service', expected: 'a service of the catalogue', found: '"crm"' }];
    const before = (): never => {
      throw ApplicationFailure.nonRetryable('the input is wrong', 'InvalidInput', { problems });
    };
    const { name, options } = service({ interfere: (call) => (call.name === 'resolvePlan' ? { before } : undefined) });
    const output = page();
    expect(await deploy(name, options, output)).toBe(65);
    expect(output.text).toContain('- service: expected a service of the catalogue, found "crm"');
  });

  it('a terminated one ends with 17, and status still tells six things', LIMIT, async () => {
    const plan = somePlan({ startApproval: { deadlineMs: HOUR, onDeadline: 'reject' } });
    const { name, options } = service({ plan });
    const workflowId = `deploy/production/${name}/ended-by-hand`;
    const output = page();
    const running = deploy(name, { ...options, workflowId }, output);
    await untilStatus(name, 'waiting for approval to start');
    await lab.env.client.workflow.getHandle(workflowId).terminate('by hand');
    expect(await running).toBe(17);
    expect(output.text).toContain('TERMINATED');
    const told = page();
    await status({ id: workflowId }, {}, told);
    expect(told.text.replaceAll(/\s+/g, ' ')).toContain('The workflow was terminated');
    const reported = page();
    expect(await report(workflowId, {}, reported)).toBe(0);
    expect(reported.text).toContain(`TERMINATED  ${name} v2 in production`);
    expect(reported.text).toContain('Missing: MAINSTAY_LEDGER is off.');
  });

  it('a cancelled one ends with 12', LIMIT, async () => {
    const plan = somePlan({ startApproval: { deadlineMs: HOUR, onDeadline: 'reject' } });
    const { name, options } = service({ plan });
    const workflowId = `deploy/production/${name}/cancelled`;
    const running = deploy(name, { ...options, workflowId }, page());
    await untilStatus(name, 'waiting for approval to start');
    await lab.env.client.workflow.getHandle(workflowId).cancel();
    expect(await running).toBe(12);
    const reported = page();
    expect(await report(name, { environment: 'production', format: 'json' }, reported)).toBe(0);
    expect(JSON.parse(reported.text)).toMatchObject({ workflowId, outcome: 'aborted', reasonCode: 'Cancelled' });
    const nowhere = { environment: 'production', output: '/nowhere/report.md' };
    expect((await refusal(() => report(name, nowhere, page()))).exit).toBe('notWritten');
  });

  it('a report of what nobody knows is refused, and so is a list without a ledger', LIMIT, async () => {
    expect((await refusal(() => report('deploy/production/x/never', {}, page()))).exit).toBe('noOperation');
    expect((await refusal(() => report(undefined, {}, page()))).exit).toBe('usage');
    expect((await refusal(() => report(undefined, { list: true }, page()))).exit).toBe('unavailable');
  });
});
