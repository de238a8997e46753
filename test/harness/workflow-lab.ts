import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { createAwaitOwnerEnd } from '../../src/activities/ownership/await-owner-end.ts';
import { createRequestOwnership } from '../../src/activities/ownership/request-ownership.ts';
import { TASK_QUEUES } from '../../src/core/model/names.ts';
import type { DeployInput } from '../../src/core/model/plan.ts';
import type { deployService } from '../../src/workflows/index.ts';
import type { Fakes } from './fake-world.ts';
import { requireTool } from './tools.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The workflow code, bundled once a process. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  return bundle;
}

export interface Lab {
  readonly env: TestWorkflowEnvironment;
  /** Runs workers of both queues with these activities while the body runs. */
  run<T>(fakes: Fakes, body: () => Promise<T>): Promise<T>;
  start(input?: Partial<DeployInput>, workflowId?: string): Promise<WorkflowHandle<typeof deployService>>;
  close(): Promise<void>;
}

let counter = 0;

/** Real workflow code on a real server: `skipping` for long waits, `local` for what the time-skipping server lacks. */
export async function openLab(kind: 'skipping' | 'local'): Promise<Lab> {
  const env =
    kind === 'skipping'
      ? await TestWorkflowEnvironment.createTimeSkipping({
          server: { executable: { type: 'existing-path', path: requireTool('temporal-test-server') } },
        })
      : await TestWorkflowEnvironment.createLocal({
          server: { executable: { type: 'existing-path', path: requireTool('temporal') } },
        });

  async function run<T>(fakes: Fakes, body: () => Promise<T>): Promise<T> {
    const client = (): TestWorkflowEnvironment['client'] => env.client;
    const activities = { ...fakes, ...createRequestOwnership({ client }), ...createAwaitOwnerEnd({ client }) };
    const common = { connection: env.nativeConnection, activities, stickyQueueScheduleToStartTimeout: '2s' as const };
    const main = await Worker.create({
      ...common,
      taskQueue: TASK_QUEUES.main,
      workflowBundle: await workflowBundle(),
    });
    const watch = await Worker.create({ ...common, taskQueue: TASK_QUEUES.watch });
    return main.runUntil(watch.runUntil(body));
  }

  return {
    env,
    run,
    start: (input = {}, workflowId) => {
      counter += 1;
      return env.client.workflow.start<typeof deployService>('deployService', {
        taskQueue: TASK_QUEUES.main,
        workflowId: workflowId ?? `deploy/production/${input.service ?? 'crm-api'}/${process.pid}-${counter}`,
        args: [
          { service: 'crm-api', environment: 'production', version: 'v2', requestedBy: 'release-manager', ...input },
        ],
      });
    },
    close: () => env.teardown(),
  };
}
