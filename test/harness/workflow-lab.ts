import { Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { createAwaitOwnerEnd } from '../../src/activities/ownership/await-owner-end.ts';
import { createRequestOwnership } from '../../src/activities/ownership/request-ownership.ts';
import { withOwnership } from '../../src/activities/ownership/with-ownership.ts';
import { TASK_QUEUES } from '../../src/core/model/names.ts';
import type { DeployInput } from '../../src/core/model/plan.ts';
import { loadWorkflowBundle } from '../../src/worker/workflow-bundle.ts';
import type { deployService } from '../../src/workflows/index.ts';
import { createFakes, type Fakes, newWorld } from './fake-world.ts';
import { requireTool } from './tools.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});

let bundle: Promise<WorkflowBundleOption> | undefined;

/** The workflow code as a worker loads it. */
export function workflowBundle(): Promise<WorkflowBundleOption> {
  bundle ??= loadWorkflowBundle();
  return bundle;
}

/** One service with its own fakes: the trials of a file share server and workers, and cannot meet. */
export interface Trial {
  readonly service: string;
  start(input?: Partial<DeployInput>): Promise<WorkflowHandle<typeof deployService>>;
  ownership(): WorkflowHandle;
}

export interface Lab {
  readonly env: TestWorkflowEnvironment;
  trial(fakes: Fakes): Trial;
  close(): Promise<void>;
}

const ENVIRONMENT = 'production';
let counter = 0;

/**
 * Real workflow code on a real server: `skipping` for long waits, `local` for what the time-skipping server lacks. One
 * pair of workers a lab: a server that still holds the polls of an earlier worker hands it tasks that nobody gets.
 */
export async function openLab(kind: 'skipping' | 'local'): Promise<Lab> {
  const env = await startServer(kind);
  const byService = new Map<string, Fakes>();
  const client = (): TestWorkflowEnvironment['client'] => env.client;
  const activities = {
    ...dispatched(byService, client),
    ...createRequestOwnership({ client }),
    ...createAwaitOwnerEnd({ client }),
  };
  const common = { connection: env.nativeConnection, activities, stickyQueueScheduleToStartTimeout: '2s' as const };
  const workers = [
    await Worker.create({ ...common, taskQueue: TASK_QUEUES.main, workflowBundle: await workflowBundle() }),
    await Worker.create({ ...common, taskQueue: TASK_QUEUES.watch }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));

  return {
    env,
    trial: (fakes) => {
      counter += 1;
      const service = `crm-api-${counter}`;
      byService.set(service, fakes);
      let starts = 0;
      return {
        service,
        start: (input = {}) => {
          starts += 1;
          return env.client.workflow.start<typeof deployService>('deployService', {
            taskQueue: TASK_QUEUES.main,
            workflowId: `deploy/${ENVIRONMENT}/${service}/${starts}`,
            args: [{ service, environment: ENVIRONMENT, version: 'v2', requestedBy: 'release-manager', ...input }],
          });
        },
        ownership: () => env.client.workflow.getHandle(`ownership/${ENVIRONMENT}/service/${service}`),
      };
    },
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

function startServer(kind: 'skipping' | 'local'): Promise<TestWorkflowEnvironment> {
  const path = requireTool(kind === 'skipping' ? 'temporal-test-server' : 'temporal');
  const server = { executable: { type: 'existing-path', path } as const };
  return kind === 'skipping'
    ? TestWorkflowEnvironment.createTimeSkipping({ server })
    : TestWorkflowEnvironment.createLocal({ server: { ...server, log: { format: 'pretty', level: 'error' } } });
}

/** Every activity, handed to the fakes of the service that stands third in the workflow id. */
function dispatched(byService: ReadonlyMap<string, Fakes>, client: () => TestWorkflowEnvironment['client']): Fakes {
  const names = Object.keys(createFakes(newWorld()).fakes) as (keyof Fakes)[];
  const entries = names.map((name) => {
    const run = (input: never): unknown => {
      const service = Context.current().info.workflowExecution?.workflowId.split('/')[2] ?? '';
      const fakes = byService.get(service);
      if (!fakes) throw new Error(`no fakes for ${service}`);
      return fakes[name](input);
    };
    return [name, run] as const;
  });
  return withOwnership(Object.fromEntries(entries) as unknown as Fakes, client);
}
