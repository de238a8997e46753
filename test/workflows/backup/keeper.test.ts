/** Keepers in long waits: what does not go away, what expires, what was never seen; on the time-skipping server. */
import { ApplicationFailure } from '@temporalio/activity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackupStatus, KeepTemporaryInput } from '../../../src/core/model/backup-operation.ts';
import { TASK_QUEUES } from '../../../src/core/model/names.ts';
import type { TemporaryInstance } from '../../../src/core/model/temporary.ts';
import { type BackupLab, openBackupLab } from '../../harness/backup-lab.ts';
import {
  type BackupFakeOptions,
  createBackupFakes,
  newBackupWorld,
  someDatabasePlan,
} from '../../harness/backup-world.ts';
import { isMissing } from '../../harness/tools.ts';

const HOUR = 3_600_000;
const PLAN = someDatabasePlan();

describe.skipIf(isMissing('temporal-test-server'))('a keeper', () => {
  let lab: BackupLab;
  beforeEach(async () => {
    lab = await openBackupLab('skipping');
  });
  afterEach(async () => {
    await lab.close();
  });

  function stage(options: BackupFakeOptions = {}) {
    const world = newBackupWorld();
    const { fakes, calls } = createBackupFakes(world, { plan: PLAN, ...options });
    return { world, calls, trial: lab.trial(fakes) };
  }

  function temporary(expiresAtMs: number, identifier = 'mainstay-verify-crm-0123456789'): TemporaryInstance {
    const database = 'production/crm';
    return { region: 'eu-central-1', identifier, operation: 'verify', run: 'run', database, expiresAtMs };
  }

  it('goes on for ever, tells its parent what is left, and the verification is a FAIL although the data passed', async () => {
    let rounds = 0;
    const { world, trial, calls } = stage({
      answers: {
        deleteTemporary: async ({ temporary: { identifier } }) => {
          rounds += 1;
          if (rounds > 12) world.instances.delete(identifier);
          return { outcome: 'deleting', reason: 'accepted' };
        },
      },
    });
    const result = await (await trial.start('verifyRestore')).result();
    expect(result).toMatchObject({ outcome: 'failed', reasonCode: 'Leftover' });
    expect(result.reason).toContain('STILL RUNNING AND BILLING');
    expect(result.reason).toContain('Before that: passed');
    expect(result.removed).toMatchObject([{ gone: false }]);
    expect(result.verification?.verdict).toBe('FAIL');
    expect(world.verified).toEqual([]);
    const status = await trial.keeper().query<BackupStatus>('status');
    expect(status.what).toContain('STILL RUNNING AND BILLING');
    expect(status.may[0]?.command).toContain('aws rds delete-db-instance --region eu-central-1');
    const report = await trial.keeper().result();
    expect(report).toMatchObject({ gone: true });
    expect(world.instances.size).toBe(0);
    expect(calls.filter(({ name }) => name === 'deleteTemporary').length).toBe(13);
  });

  it('goes on when the deletion fails for good, and proves absence in the end', async () => {
    let failures = 0;
    const { world, trial } = stage({
      interfere: ({ name }) => ({
        before: () => {
          if (name !== 'deleteTemporary' || failures >= 3) return;
          failures += 1;
          throw ApplicationFailure.nonRetryable('no right to delete', 'Forbidden');
        },
      }),
    });
    const result = await (await trial.start('verifyRestore')).result();
    expect(failures).toBe(3);
    expect(result.outcome).toBe('passed');
    expect(world.instances.size).toBe(0);
  });

  it('deletes at the expiry though its verification still runs', async () => {
    const { world, trial } = stage({
      plan: { ...PLAN, verification: { ...PLAN.verification, expiryMs: 4 * HOUR } },
      interfere: ({ name }, index) => ({
        before: () => {
          // Throttled for longer than the copy may live.
          if (name === 'awaitInstance' && world.instances.size > 0 && index < 10_000) {
            throw ApplicationFailure.create({ message: 'slow down', type: 'Throttled', nextRetryDelay: HOUR });
          }
        },
      }),
    });
    const result = await (await trial.start('verifyRestore')).result();
    expect(await trial.keeper().result()).toMatchObject({ gone: true });
    expect(result.outcome).toBe('couldNotVerify');
    expect(world.instances.size).toBe(0);
  });

  it('looks again after its parent ended before the instance was ever seen', async () => {
    const { world, trial } = stage();
    const kept = temporary(Date.now() + 100 * HOUR);
    let looks = 0;
    const late = createBackupFakes(world, {
      plan: PLAN,
      interfere: ({ name }) => ({
        after: () => {
          if (name !== 'proveGone') return;
          looks += 1;
          // The call that was under way when the parent was terminated arrives now.
          if (looks === 1) world.instances.set(kept.identifier, kept);
        },
      }),
    });
    const name = lab.trial(late.fakes);
    expect(trial.workflowId).not.toBe(name.workflowId);
    const input: KeepTemporaryInput = {
      temporary: kept,
      parent: { workflowId: 'verify-restore/no-such/parent', runId: '' },
      questionMs: 60_000,
      goneWithinMs: HOUR,
      pollMs: 1_000,
      lateCreateMs: 180_000,
    };
    const handle = await lab.env.client.workflow.start('keepTemporary', {
      taskQueue: TASK_QUEUES.main,
      workflowId: `${name.workflowId}/keeper`,
      args: [input],
    });
    expect(await handle.result()).toMatchObject({ gone: true, cause: 'parentEnded' });
    expect(looks).toBe(2);
    expect(world.instances.size).toBe(0);
  });

  it('takes a cancellation as the wish to delete', async () => {
    const { world, trial } = stage({
      interfere: ({ name }) => ({
        after: async () => {
          if (name === 'awaitInstance') await trial.keeper().cancel();
        },
      }),
    });
    const result = await (await trial.start('verifyRestore')).result();
    expect(result.outcome).not.toBe('failed');
    expect(world.instances.size).toBe(0);
    expect(await trial.keeper().result()).toMatchObject({ gone: true });
  });

  it('is replaced by its parent when somebody terminates it', async () => {
    const { world, trial } = stage({
      interfere: ({ name }) => ({
        after: async () => {
          if (name === 'prepareCopy') await trial.keeper().terminate('by hand');
        },
      }),
    });
    const result = await (await trial.start('verifyRestore')).result();
    expect(result.outcome).toBe('passed');
    expect(result.removed[0]?.says).toContain('its keeper had ended');
    expect(world.instances.size).toBe(0);
  });

  it('creates nothing when no keeper can be started', async () => {
    const { world, trial } = stage();
    // A workflow of that id runs already.
    await lab.env.client.workflow.start('guardOwnership', {
      taskQueue: TASK_QUEUES.main,
      workflowId: `${trial.workflowId}/keeper`,
      args: [{ ownershipId: 'none', requestId: 'none' }],
    });
    const result = await (await trial.start('verifyRestore')).result();
    expect(result).toMatchObject({ outcome: 'couldNotVerify', reasonCode: 'KeeperFailed' });
    expect(world.created).toEqual([]);
  });

  it('is helped by a sweep, which deletes only what is past its time', async () => {
    const { world, trial } = stage();
    const old = temporary(Date.now() - HOUR, 'mainstay-verify-crm-old');
    const young = temporary(Date.now() + 100 * HOUR, 'mainstay-verify-crm-young');
    for (const each of [old, young]) world.instances.set(each.identifier, each);
    const result = await (await trial.start('sweepTemporaries', { database: undefined })).result();
    expect(result).toMatchObject({ outcome: 'completed' });
    expect(result.removed).toMatchObject([
      { object: 'DB instance mainstay-verify-crm-old (eu-central-1)', gone: true },
    ]);
    expect([...world.instances.keys()]).toEqual([young.identifier]);
  });

  it('whose work a sweep cannot do either is told of as a failure', async () => {
    const { world, trial } = stage({
      answers: { deleteTemporary: async () => ({ outcome: 'deleting', reason: 'accepted' }) },
    });
    const old = temporary(Date.now() - HOUR, 'mainstay-verify-crm-old');
    world.instances.set(old.identifier, old);
    const result = await (await trial.start('sweepTemporaries', { database: undefined })).result();
    expect(result).toMatchObject({ outcome: 'failed', reasonCode: 'Leftover' });
    expect(world.recorded).toMatchObject([{ outcome: 'failed' }]);
  });
});
