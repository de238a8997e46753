/** What a case of the replay corpus is made of. */
import type { WorkflowHandle } from '@temporalio/client';
import type { WORKFLOWS } from '../../../src/core/model/names.ts';
import type { DeployPlan } from '../../../src/core/model/plan.ts';
import { somePlan } from '../../harness/some-plan.ts';
import { until } from '../../harness/until.ts';
import type { Lab, Trial } from '../../harness/workflow-lab.ts';

/** A workflow whose history is kept as `<type>/<name>.json`. */
export interface Kept {
  readonly type: keyof typeof WORKFLOWS;
  readonly name: string;
  readonly handle: WorkflowHandle;
}

/** Runs real workflows with fakes on a dev server, and answers those whose history is worth keeping. */
export interface ReplayCase {
  readonly name: string;
  readonly run: (lab: Lab, name: string) => Promise<readonly Kept[]>;
}

/** Two steps have every kind of step; more would only make the files long. */
export function shortPlan(overrides: Partial<DeployPlan> = {}): DeployPlan {
  const plan = somePlan();
  const steps = plan.steps
    .filter(({ weightPercent }) => weightPercent === 10 || weightPercent === 100)
    .map((step, index) => ({ ...step, index }));
  return { ...plan, steps, ...overrides };
}

/** The same with an approval before the last step, which expires after the given time. */
export function planWithApproval(deadlineMs = 60_000): DeployPlan {
  const plan = shortPlan();
  const steps = plan.steps.map((step) => ({ ...step, approval: step.index === 1 }));
  return { ...plan, steps, stepApproval: { deadlineMs, onDeadline: 'reject' } };
}

/** However it ended: failed, cancelled and terminated histories replay too. */
export async function closed(handle: WorkflowHandle): Promise<void> {
  await until(
    `${handle.workflowId} is closed`,
    async () => {
      const { status } = await handle.describe();
      return status.name === 'RUNNING' ? undefined : status.name;
    },
    120_000,
  );
}

export function kept(type: Kept['type'], name: string, handle: WorkflowHandle): Kept {
  return { type, name, handle };
}

/** The guard that a deployment started when it was granted the service. */
export async function guardOf(lab: Lab, handle: WorkflowHandle): Promise<WorkflowHandle> {
  const { runId } = await handle.describe();
  const guard = lab.env.client.workflow.getHandle(`guard/${handle.workflowId}/${runId}`);
  await closed(guard);
  return guard;
}

export async function isIdle(trial: Trial): Promise<WorkflowHandle> {
  const entity = trial.ownership();
  await until(
    `${entity.workflowId} is idle`,
    async () => {
      const view = await entity.query<{ readonly owner?: unknown; readonly queue: readonly unknown[] }>('ownership');
      return view.owner === undefined && view.queue.length === 0 ? true : undefined;
    },
    120_000,
  );
  return entity;
}
