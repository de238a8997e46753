/** Real workflow code of backups and verifications on a real server, with fakes of the provider. */
import { Context } from '@temporalio/activity';
import type { WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createAwaitOwnerEnd } from '../../src/activities/ownership/await-owner-end.ts';
import { TASK_QUEUES } from '../../src/core/model/names.ts';
import type { backUpDatabase, sweepTemporaries, verifyRestore } from '../../src/workflows/index.ts';
import { type BackupFakes, createBackupFakes, newBackupWorld } from './backup-world.ts';
import { requireTool } from './tools.ts';
import { workflowBundle } from './workflow-lab.ts';

interface Types {
  readonly verifyRestore: typeof verifyRestore;
  readonly backUpDatabase: typeof backUpDatabase;
  readonly sweepTemporaries: typeof sweepTemporaries;
}

export interface BackupTrial {
  readonly workflowId: string;
  start<N extends keyof Types>(
    type: N,
    input?: Record<string, unknown>,
    options?: Partial<WorkflowStartOptions>,
  ): Promise<WorkflowHandle<Types[N]>>;
  keeper(): WorkflowHandle;
}

export interface BackupLab {
  readonly env: TestWorkflowEnvironment;
  trial(fakes: BackupFakes): BackupTrial;
  close(): Promise<void>;
}

let counter = 0;

/** Trials share server and worker; each has its own fakes, found by the number that begins its workflow ids. */
export async function openBackupLab(kind: 'skipping' | 'local'): Promise<BackupLab> {
  const path = requireTool(kind === 'skipping' ? 'temporal-test-server' : 'temporal');
  const server = { executable: { type: 'existing-path', path } as const };
  const env = await (kind === 'skipping'
    ? TestWorkflowEnvironment.createTimeSkipping({ server })
    : TestWorkflowEnvironment.createLocal({ server: { ...server, log: { format: 'pretty', level: 'error' } } }));
  const byTrial = new Map<string, BackupFakes>();
  const names = Object.keys(createBackupFakes(newBackupWorld()).fakes) as (keyof BackupFakes)[];
  const dispatched = names.map((name) => {
    const run = (input: never): unknown => {
      const id = Context.current().info.workflowExecution?.workflowId ?? '';
      const fakes = byTrial.get(id.split('/')[1] ?? '');
      if (!fakes) throw new Error(`no fakes for ${id}`);
      return fakes[name](input);
    };
    return [name, run] as const;
  });
  const activities = { ...Object.fromEntries(dispatched), ...createAwaitOwnerEnd({ client: () => env.client }) };
  const worker = await Worker.create({
    connection: env.nativeConnection,
    activities,
    taskQueue: TASK_QUEUES.main,
    workflowBundle: await workflowBundle(),
    stickyQueueScheduleToStartTimeout: '2s',
  });
  const running = worker.run();
  return {
    env,
    trial: (fakes) => {
      counter += 1;
      const name = `trial-${counter}`;
      byTrial.set(name, fakes);
      const workflowId = `verify-restore/${name}/crm/1`;
      return {
        workflowId,
        start: (type, input = {}, options = {}) =>
          env.client.workflow.start(type, {
            taskQueue: TASK_QUEUES.main,
            workflowId,
            args: [{ database: 'crm', environment: 'production', requestedBy: 'sre-on-call', ...input }],
            ...options,
          }),
        keeper: () => env.client.workflow.getHandle(`${workflowId}/keeper`),
      };
    },
    close: async () => {
      worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}
