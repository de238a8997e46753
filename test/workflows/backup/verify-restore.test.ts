/**
 * The interruption sweep of `verifyRestore` with fakes: the happy path is taken once, then every activity of it is failed
 * for good, loses its reply, or is interrupted. Whatever happens, nothing temporary is left (S6), and nothing passes.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupResult, BackupStatus } from '../../../src/core/model/backup-operation.ts';
import { TASK_QUEUES } from '../../../src/core/model/names.ts';
import { type BackupLab, type BackupTrial, openBackupLab } from '../../harness/backup-lab.ts';
import {
  type BackupCall,
  type BackupFakeOptions,
  type BackupWorld,
  createBackupFakes,
  newBackupWorld,
  PASSED,
  someDatabasePlan,
  SNAPSHOT,
} from '../../harness/backup-world.ts';
import { isMissing } from '../../harness/tools.ts';
import { until } from '../../harness/until.ts';

const TRACE = [
  'resolveDatabase',
  'chooseSnapshot',
  'restoreInstance',
  'awaitInstance',
  'prepareCopy',
  'runRestoreSuite',
  'deleteTemporary',
  'proveGone',
  'markVerified',
  'recordBackupOperation',
] as const;
const RESTORE = TRACE.indexOf('restoreInstance');
const DELETE = TRACE.indexOf('deleteTemporary');

const { verification } = someDatabasePlan();
/** The keeper asks quickly, as in the sandbox. */
const PLAN = someDatabasePlan({ verification: { ...verification, keeperQuestionMs: 200 } });

interface Ran {
  readonly world: BackupWorld;
  readonly calls: readonly BackupCall[];
  readonly trial: BackupTrial;
  readonly result?: BackupResult;
  readonly error?: unknown;
}

// Side by side: a trial is mostly waiting for the server.
describe.skipIf(isMissing('temporal')).concurrent('verifyRestore', () => {
  let lab: BackupLab;
  beforeAll(async () => {
    lab = await openBackupLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });

  function stage(options: BackupFakeOptions = {}) {
    const world = newBackupWorld();
    const { fakes, calls } = createBackupFakes(world, { plan: PLAN, ...options });
    return { world, calls, trial: lab.trial(fakes) };
  }

  async function run(options: BackupFakeOptions = {}, input: Record<string, unknown> = {}): Promise<Ran> {
    const staged = stage(options);
    const handle = await staged.trial.start('verifyRestore', input);
    try {
      return { ...staged, result: await handle.result() };
    } catch (error) {
      return { ...staged, error };
    }
  }

  it('restores, checks, deletes, proves, marks and records', async () => {
    const { world, calls, result, trial } = await run();
    expect(calls.map(({ name }) => name)).toEqual(TRACE);
    expect(result).toMatchObject({ outcome: 'passed', reasonCode: 'Passed', source: { name: SNAPSHOT } });
    expect(result?.phases.map(({ name }) => name)).toEqual([
      'choose',
      'keep',
      'restore',
      'available',
      'connect',
      'checks',
      'delete',
    ]);
    expect(result?.verification).toMatchObject({ verdict: 'PASS', rtoMs: PLAN.rtoMs, rows: 2_500 });
    expect(result?.verification?.restoreMs).toBeGreaterThanOrEqual(0);
    expect(result?.removed).toMatchObject([{ gone: true }]);
    expect(world.instances.size).toBe(0);
    expect(world.verified).toEqual([SNAPSHOT]);
    expect(world.recorded).toMatchObject([{ outcome: 'passed', requestedBy: 'sre-on-call' }]);
    expect(await trial.keeper().result()).toMatchObject({ gone: true, cause: 'asked' });
    const status = await lab.env.client.workflow.getHandle(trial.workflowId).query<BackupStatus>('status');
    expect(status.what).toContain('PASS');
    expect(status.phase).toBe('ended');
  });

  it('has a keeper that owns the name before anything is created', async () => {
    let keeperWas = '';
    const { result } = await run({
      interfere: ({ name }) => ({
        before: async () => {
          if (name !== 'restoreInstance') return;
          const id = Context.current().info.workflowExecution?.workflowId ?? '';
          const status = await lab.env.client.workflow.getHandle(`${id}/keeper`).query<BackupStatus>('status');
          keeperWas = status.phase;
        },
      }),
    });
    expect(keeperWas).toBe('keeping');
    expect(result?.outcome).toBe('passed');
  });

  const CODES: Readonly<Partial<Record<(typeof TRACE)[number], string>>> = {
    resolveDatabase: 'PlanFailed',
    chooseSnapshot: 'ChooseFailed',
    restoreInstance: 'RestoreFailed',
    awaitInstance: 'AwaitFailed',
    prepareCopy: 'PrepareFailed',
    runRestoreSuite: 'SuiteFailed',
  };

  it.each(Object.entries(CODES))('could not verify when %s fails for good: %s', async (name, reasonCode) => {
    const { world, result, trial, error } = await run({
      interfere: (call) => ({
        before: () => {
          if (call.name === name) throw ApplicationFailure.nonRetryable('the server said no', 'Forbidden');
        },
      }),
    });
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'couldNotVerify', reasonCode });
    expect(result?.reason).toContain('the server said no');
    expect(world.instances.size).toBe(0);
    expect(world.verified).toEqual([]);
    expect(world.recorded).toMatchObject([{ outcome: 'couldNotVerify', reasonCode }]);
    if (['resolveDatabase', 'chooseSnapshot'].includes(name)) expect(world.created).toEqual([]);
    else expect(await trial.keeper().result()).toMatchObject({ gone: true, cause: 'asked' });
  });

  it('passes although the mark cannot be set, and says so', async () => {
    const { world, result } = await run({
      interfere: ({ name }) => ({
        before: () => {
          if (name === 'markVerified') throw ApplicationFailure.nonRetryable('no right to tag', 'Forbidden');
        },
      }),
    });
    expect(result?.outcome).toBe('passed');
    expect(result?.warnings.join()).toContain('no right to tag');
    expect(world.instances.size).toBe(0);
  });

  it('fails with InvalidInput before anything is done', async () => {
    const { error, calls } = await run({
      answers: {
        resolveDatabase: async () => {
          throw ApplicationFailure.nonRetryable('verifyRestore: 1 problem', 'InvalidInput', []);
        },
      },
    });
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'InvalidInput' });
    expect(calls).toHaveLength(1);
  });

  it.each(TRACE.map((name, index) => ({ name, index })))(
    'loses the reply of $name ($index) after its effect',
    async ({ name }) => {
      let lost = false;
      const { world, result } = await run({
        interfere: (call) => ({
          after: () => {
            if (call.name !== name || lost) return;
            lost = true;
            throw ApplicationFailure.create({ message: 'connection reset', type: 'OutcomeUnknown' });
          },
        }),
      });
      expect(lost).toBe(true);
      expect(result).toMatchObject({ outcome: 'passed' });
      expect(world.created).toHaveLength(1);
      expect(world.instances.size).toBe(0);
    },
  );

  it.each(TRACE.slice(0, DELETE).map((name, index) => ({ name, index })))(
    'deletes first when it is cancelled at $name ($index)',
    async ({ name, index }) => {
      const { world, error, trial } = await run({
        interfere: (call) => ({
          after: async () => {
            if (call.name === name) await lab.env.client.workflow.getHandle(idOfContext()).cancel();
          },
        }),
      });
      expect(error).toBeInstanceOf(WorkflowFailedError);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      expect(world.instances.size).toBe(0);
      expect(world.verified).toEqual([]);
      expect(world.recorded).toMatchObject([{ outcome: 'aborted', reasonCode: 'Cancelled' }]);
      const { memo } = await lab.env.client.workflow.getHandle(trial.workflowId).describe();
      expect(memo?.mainstayReport).toMatchObject({ outcome: 'aborted' });
      if (index >= RESTORE) expect(await trial.keeper().result()).toMatchObject({ gone: true, cause: 'asked' });
    },
  );

  it.each(TRACE.slice(RESTORE, DELETE).map((name, index) => ({ name, index })))(
    'is terminated at $name: its keeper deletes',
    async ({ name }) => {
      const { world, error, trial } = await run({
        interfere: (call) => ({
          after: async () => {
            if (call.name === name) await lab.env.client.workflow.getHandle(idOfContext()).terminate('by hand');
          },
        }),
      });
      expect(error).toBeInstanceOf(WorkflowFailedError);
      await until('deleted', () => (world.instances.size === 0 ? true : undefined));
      expect(await trial.keeper().result()).toMatchObject({ gone: true, cause: 'parentEnded' });
      expect(world.created).toHaveLength(1);
    },
  );

  it('aborts when it is asked to, deleting first', async () => {
    const { world, result } = await run({
      interfere: (call) => ({
        after: async () => {
          if (call.name !== 'awaitInstance') return;
          const handle = lab.env.client.workflow.getHandle(idOfContext());
          await handle.executeUpdate('abort', { args: [{ by: 'sre-on-call', reason: 'wrong day' }] });
        },
      }),
    });
    expect(result).toMatchObject({ outcome: 'aborted', reason: 'aborted by sre-on-call: wrong day' });
    expect(result?.removed).toMatchObject([{ gone: true }]);
    expect(world.instances.size).toBe(0);
  });

  it.each([
    ['foreign', 'RestoreForeign'],
    ['sourceGone', 'RestoreSourceGone'],
    ['quota', 'RestoreQuota'],
    ['capacity', 'RestoreCapacity'],
    ['precondition', 'RestorePrecondition'],
  ] as const)('could not verify when the restore cannot begin: %s', async (reasonCode, expected) => {
    const { result } = await run({
      answers: { restoreInstance: async () => ({ outcome: 'couldNotStart', reasonCode, reason: 'not now' }) },
    });
    expect(result).toMatchObject({ outcome: 'couldNotVerify', reasonCode: expected });
  });

  it('could not verify when the copy is not ready in time, and deletes it', async () => {
    const { result, world } = await run({
      answers: {
        awaitInstance: async () => ({
          outcome: 'deadline',
          status: 'storage-full',
          reason: 'storage-full for 3 h',
          billed: true,
        }),
      },
    });
    expect(result).toMatchObject({ outcome: 'couldNotVerify', reasonCode: 'NotReadyInTime' });
    expect(world.instances.size).toBe(0);
  });

  it.each([
    ['FAIL', 'failed', 'ChecksFailed'],
    ['COULD-NOT-VERIFY', 'couldNotVerify', 'SuiteCouldNotVerify'],
  ] as const)('%s of the suite is %s', async (verdict, outcome, reasonCode) => {
    const { result, world } = await run({
      answers: {
        runRestoreSuite: async () => ({ ...PASSED, verdict, reasons: ['digest public.orders differs'] }),
      },
    });
    expect(result).toMatchObject({ outcome, reasonCode, reason: 'digest public.orders differs' });
    expect(result?.verification?.verdict).toBe(verdict);
    expect(world.verified).toEqual([]);
  });

  it('plans without changing anything', async () => {
    const { result, calls } = await run({}, { dryRun: true });
    expect(calls.map(({ name }) => name)).toEqual(['resolveDatabase', 'chooseSnapshot']);
    expect(result).toMatchObject({ outcome: 'planned', reasonCode: 'DryRun', plan: { instance: 'crm-production' } });
  });

  it.each([
    ['random', { choice: 'random' }],
    [SNAPSHOT, { choice: 'named', identifier: SNAPSHOT }],
    [undefined, { choice: 'latest' }],
  ])('chooses %s', async (snapshot, expected) => {
    const { calls } = await run({}, { dryRun: true, ...(snapshot !== undefined && { snapshot }) });
    expect(calls[1]?.input).toMatchObject(expected);
  });

  it('is about the time that its schedule meant, not about the time it was started', async () => {
    const { trial, calls, world } = stage();
    const scheduleId = `mainstay/verification/${trial.workflowId.split('/')[1]}/crm`;
    const handle = await lab.env.client.schedule.create({
      scheduleId,
      spec: { calendars: [{ dayOfMonth: 1, hour: 4 }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'verifyRestore',
        workflowId: trial.workflowId,
        taskQueue: TASK_QUEUES.main,
        args: [{ database: 'crm', environment: 'production', snapshot: 'random' }],
      },
      state: { paused: true },
    });
    const day = (text: string): Date => new Date(`2026-${text}T00:00:00Z`);
    await handle.backfill({ start: day('02-28'), end: day('04-02'), overlap: 'ALLOW_ALL' });
    const asked = await until('both months', () => {
      const found = calls
        .filter(({ name }) => name === 'chooseSnapshot')
        .map(({ input }) => input as { nominalAtMs: number });
      return found.length === 2
        ? found.map(({ nominalAtMs }) => new Date(nominalAtMs).toISOString()).sort()
        : undefined;
    });
    expect(asked).toEqual(['2026-03-01T04:00:00.000Z', '2026-04-01T04:00:00.000Z']);
    await handle.delete();
    const recorded = await until('recorded', () => (world.recorded.length === 2 ? world.recorded : undefined));
    expect(recorded.map(({ requestedBy }) => requestedBy)).toEqual([
      `schedule ${scheduleId}`,
      `schedule ${scheduleId}`,
    ]);
  });
});

function idOfContext(): string {
  return (Context.current().info.workflowExecution?.workflowId ?? '').replace(/\/keeper$/, '');
}
