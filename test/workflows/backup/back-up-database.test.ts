/** `backUpDatabase` with fakes: each part fails, loses its reply, or is cancelled; retention never runs without a new backup. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupFacts } from '../../../src/core/model/backup.ts';
import { type BackupLab, openBackupLab } from '../../harness/backup-lab.ts';
import { type BackupFakeOptions, createBackupFakes, newBackupWorld, someSnapshot } from '../../harness/backup-world.ts';
import { isMissing } from '../../harness/tools.ts';

const TRACE = [
  'resolveDatabase',
  'takeManifest',
  'createSnapshot',
  'awaitSnapshot',
  'confirmManifest',
  'copySnapshot',
  'awaitSnapshot',
  'startExport',
  'awaitExport',
  'listBackups',
  'deleteBackup',
  'recordBackupOperation',
] as const;

const DAY = 86_400_000;

/** A backup of `days` ago; the newest is verified, so what no tier keeps may go. */
function backup(days: number, isVerified = false): BackupFacts {
  const takenAtMs = Date.now() - days * DAY;
  const { region, identifier, arn } = someSnapshot(`mainstay-production-crm-${days}`, takenAtMs);
  const verified = isVerified ? { verifiedAtMs: Date.now() - DAY } : {};
  return {
    region,
    identifier,
    arn,
    status: 'available',
    ours: true,
    takenAtMs,
    isCopy: false,
    type: 'manual',
    ...verified,
  };
}

describe.skipIf(isMissing('temporal')).concurrent('backUpDatabase', () => {
  let lab: BackupLab;
  beforeAll(async () => {
    lab = await openBackupLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });

  async function run(options: BackupFakeOptions = {}, input: Record<string, unknown> = {}) {
    const world = newBackupWorld();
    world.backups.push(backup(1, true), backup(2), backup(400));
    const { fakes, calls } = createBackupFakes(world, options);
    const trial = lab.trial(fakes);
    const handle = await trial.start('backUpDatabase', input);
    try {
      return { world, calls, trial, result: await handle.result() };
    } catch (error) {
      return { world, calls, trial, error };
    }
  }

  it('takes manifest, snapshot, copy and archive, then prunes what no rule keeps', async () => {
    const { world, calls, result } = await run();
    expect(calls.map(({ name }) => name)).toEqual(TRACE);
    expect(result).toMatchObject({ outcome: 'completed', reasonCode: 'Completed' });
    expect(result?.source).toMatchObject({ region: 'eu-central-1', copies: [expect.stringContaining('eu-west-1')] });
    expect(world.deleted).toEqual(['mainstay-production-crm-400']);
    expect(result?.removed).toMatchObject([{ gone: true }]);
    expect(world.recorded).toMatchObject([{ outcome: 'completed' }]);
  });

  it.each([
    ['takeManifest', 'incomplete', 'ManifestFailed'],
    ['createSnapshot', 'failed', 'SnapshotFailed'],
    ['copySnapshot', 'incomplete', 'CopyFailed'],
    ['startExport', 'incomplete', 'ExportFailed'],
    ['awaitExport', 'incomplete', 'ExportFailed'],
    ['listBackups', 'incomplete', 'RetentionFailed'],
    ['deleteBackup', 'incomplete', 'RetentionFailed'],
  ] as const)('without %s it is %s: %s', async (name, outcome, reasonCode) => {
    const { world, result } = await run({
      interfere: (call) => ({
        before: () => {
          if (call.name === name) throw ApplicationFailure.nonRetryable('the server said no', 'Forbidden');
        },
      }),
    });
    expect(result).toMatchObject({ outcome, reasonCode });
    expect(result?.reason).toContain('the server said no');
    const mayPrune = ['startExport', 'awaitExport'].includes(name);
    expect(world.deleted).toEqual(mayPrune ? ['mainstay-production-crm-400'] : []);
    expect(world.recorded).toMatchObject([{ outcome, reasonCode }]);
  });

  it.each([
    ['the snapshot fails at the provider', { outcome: 'failed', status: 'failed', reason: 'status is failed' }],
    ['its time is over', { outcome: 'deadline', status: 'creating', reason: 'still creating' }],
  ] as const)('prunes nothing when %s', async (_when, answer) => {
    const { world, result } = await run({ answers: { awaitSnapshot: async () => answer } });
    expect(result).toMatchObject({ outcome: 'failed', reasonCode: 'SnapshotFailed' });
    expect(world.deleted).toEqual([]);
  });

  it.each(TRACE.map((name, index) => ({ name, index })))(
    'loses the reply of $name ($index) after its effect',
    async ({ index }) => {
      let lost = false;
      const { world, result } = await run({
        interfere: (_call, at) => ({
          after: () => {
            if (at !== index || lost) return;
            lost = true;
            throw ApplicationFailure.create({ message: 'connection reset', type: 'OutcomeUnknown' });
          },
        }),
      });
      expect(lost).toBe(true);
      expect(result).toMatchObject({ outcome: 'completed' });
      const made = world.snapshots.slice(1).map(({ identifier, region }) => `${identifier} ${region}`);
      expect(made).toHaveLength(2);
    },
  );

  it.each(TRACE.slice(0, -1).map((name, index) => ({ name, index })))(
    'is cancelled at $name ($index): prunes nothing more, and says so',
    async ({ index }) => {
      const { world, error, calls } = await run({
        interfere: (_call, at) => ({
          after: async () => {
            if (at !== index) return;
            const id = Context.current().info.workflowExecution?.workflowId ?? '';
            await lab.env.client.workflow.getHandle(id).cancel();
          },
        }),
      });
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      expect(world.recorded).toMatchObject([{ outcome: 'aborted', reasonCode: 'Cancelled' }]);
      // The plan is read within the workflow task: the next activity may be sent before the request is seen.
      const after = calls.slice(index + 1).map(({ name }) => name);
      expect(index === 0 ? after.filter((name) => name !== 'takeManifest') : after).toEqual(['recordBackupOperation']);
    },
  );

  it('says what retention would do, and changes nothing, in a dry run', async () => {
    const { world, calls, result } = await run({}, { dryRun: true });
    expect(calls.map(({ name }) => name)).toEqual(['resolveDatabase', 'listBackups']);
    expect(result).toMatchObject({ outcome: 'planned', plan: { instance: 'crm-production' } });
    expect(result?.reason).toContain('mainstay-production-crm-400');
    expect(world.deleted).toEqual([]);
  });
});
