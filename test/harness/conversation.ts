/** Talking to a running deployment as a person does. */
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { OperationStatus } from '../../src/core/model/deploy-state.ts';
import type { DeployPlan } from '../../src/core/model/plan.ts';
import { createFakes, type FakeOptions, newWorld, passingTally } from './fake-world.ts';
import { somePlan } from './some-plan.ts';
import { until } from './until.ts';
import type { Lab } from './workflow-lab.ts';

export const BY = { by: 'on-call engineer', reason: 'checked the dashboards' };

export function withApprovalAt(weight: number, overrides: Partial<DeployPlan> = {}): DeployPlan {
  const plan = somePlan(overrides);
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, approval: step.weightPercent === weight })) };
}

export function begin(lab: Lab, options: FakeOptions = {}, world = newWorld()) {
  const { fakes, calls } = createFakes(world, options);
  const trial = lab.trial(fakes);
  const names = (): string[] => calls.map((call) => call.name);
  return { world, calls, names, trial };
}

export function statusOf(handle: WorkflowHandle): Promise<OperationStatus> {
  return handle.query<OperationStatus>('status');
}

export function waitsFor(handle: WorkflowHandle, what: string): Promise<OperationStatus> {
  return until(`waiting for ${what}`, async () => {
    const now = await statusOf(handle);
    return now.waiting?.for === what ? now : undefined;
  });
}

export function send(handle: WorkflowHandle, name: string, input: unknown): Promise<unknown> {
  return handle.executeUpdate(name, { args: [input] });
}

/** The workflow whose activity is running. */
export function self(lab: Lab): WorkflowHandle {
  return lab.env.client.workflow.getHandle(Context.current().info.workflowExecution?.workflowId ?? '');
}

/** Sends a message from within the first watch of a step: the moment when a person would. */
export function during(lab: Lab, step: number, message: string): NonNullable<FakeOptions['observe']> {
  let sent = false;
  return async (input) => {
    if (input.step === step && input.mode === 'step' && !sent) {
      sent = true;
      await send(self(lab), message, BY);
    }
    return passingTally(input);
  };
}
