/** Backups and verifications on a dev server with fakes of the provider, whose histories are kept. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { BackupLab } from '../../harness/backup-lab.ts';
import {
  type BackupFakeOptions,
  createBackupFakes,
  newBackupWorld,
  someDatabasePlan,
} from '../../harness/backup-world.ts';
import { closed, kept, type Kept } from './replay-case.ts';

export interface BackupCase {
  readonly name: string;
  readonly run: (lab: BackupLab, name: string) => Promise<readonly Kept[]>;
}

const { verification } = someDatabasePlan();
const PLAN = someDatabasePlan({ verification: { ...verification, keeperQuestionMs: 500 } });

function stage(lab: BackupLab, options: BackupFakeOptions = {}) {
  const world = newBackupWorld();
  const { fakes } = createBackupFakes(world, { plan: PLAN, ...options });
  return { world, trial: lab.trial(fakes) };
}

/** The verification, its keeper and its guard, when all have ended. */
async function verified(
  lab: BackupLab,
  name: string,
  options: BackupFakeOptions = {},
  input: Record<string, unknown> = {},
): Promise<readonly Kept[]> {
  const { trial } = stage(lab, options);
  const handle = await trial.start('verifyRestore', input);
  await closed(handle as WorkflowHandle);
  const own = kept('verifyRestore', name, handle as WorkflowHandle);
  if (input.dryRun === true) return [own];
  await closed(trial.keeper());
  return [own, kept('keepTemporary', name, trial.keeper())];
}

function idOfContext(): string {
  return (Context.current().info.workflowExecution?.workflowId ?? '').replace(/\/keeper$/, '');
}

export const BACKUP_CASES: readonly BackupCase[] = [
  { name: 'passed', run: (lab, name) => verified(lab, name) },
  { name: 'planned', run: (lab, name) => verified(lab, name, {}, { dryRun: true }) },
  {
    name: 'not-ready',
    run: (lab, name) =>
      verified(lab, name, {
        answers: {
          awaitInstance: async () => ({
            outcome: 'deadline',
            status: 'creating',
            reason: 'still creating',
            billed: true,
          }),
        },
      }),
  },
  {
    name: 'failed-step',
    run: (lab, name) =>
      verified(lab, name, {
        answers: {
          prepareCopy: async () => {
            throw ApplicationFailure.nonRetryable('no right to do this', 'Forbidden');
          },
        },
      }),
  },
  {
    name: 'cancelled',
    run: (lab, name) =>
      verified(lab, name, {
        interfere: (call) => ({
          after: async () => {
            if (call.name === 'awaitInstance') await lab.env.client.workflow.getHandle(idOfContext()).cancel();
          },
        }),
      }),
  },
  {
    name: 'terminated',
    run: (lab, name) =>
      verified(lab, name, {
        interfere: (call) => ({
          after: async () => {
            if (call.name === 'awaitInstance') await lab.env.client.workflow.getHandle(idOfContext()).terminate();
          },
        }),
      }),
  },
  {
    name: 'another-round',
    run: (lab, name) => {
      let rounds = 0;
      return verified(lab, name, {
        interfere: (call) => ({
          before: () => {
            if (call.name !== 'deleteTemporary' || rounds > 0) return;
            rounds += 1;
            throw ApplicationFailure.nonRetryable('no right to delete', 'Forbidden');
          },
        }),
      });
    },
  },
  {
    name: 'backed-up',
    run: async (lab, name) => {
      const { trial } = stage(lab);
      const handle = (await trial.start('backUpDatabase')) as WorkflowHandle;
      await closed(handle);
      return [kept('backUpDatabase', name, handle)];
    },
  },
  {
    name: 'backup-without-copy',
    run: async (lab, name) => {
      const { trial } = stage(lab, {
        answers: {
          copySnapshot: async () => ({ outcome: 'couldNotStart', reasonCode: 'quota', reason: 'quota of copies' }),
        },
      });
      const handle = (await trial.start('backUpDatabase')) as WorkflowHandle;
      await closed(handle);
      return [kept('backUpDatabase', name, handle)];
    },
  },
  {
    name: 'swept',
    run: async (lab, name) => {
      const { trial, world } = stage(lab);
      const identifier = 'mainstay-verify-crm-0123456789';
      const temporary = { region: 'eu-central-1', identifier, operation: 'o', run: 'r', database: 'production/crm' };
      world.instances.set(identifier, { ...temporary, expiresAtMs: 1 });
      const handle = (await trial.start('sweepTemporaries', { database: undefined })) as WorkflowHandle;
      await closed(handle);
      return [kept('sweepTemporaries', name, handle)];
    },
  },
];
