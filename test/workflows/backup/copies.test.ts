/** Dumps and copies: their outcomes, with fakes, on the time-skipping server. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupResult, BackupStatus } from '../../../src/core/model/backup-operation.ts';
import { type CopyLab, openCopyLab, SOME_CLUSTER_COPY } from '../../harness/copy-lab.ts';
import { isMissing } from '../../harness/tools.ts';

describe.skipIf(isMissing('temporal-test-server'))('a copy', () => {
  let lab: CopyLab;
  beforeAll(async () => {
    lab = await openCopyLab('skipping');
  });
  afterAll(async () => {
    await lab.close();
  });

  it.each([
    { workflow: 'dumpDatabase', calls: ['resolveDatabase', 'takeDump', 'verifyDump', 'pruneDumps'] },
    {
      workflow: 'backUpCluster',
      calls: ['resolveClusterBackup', 'copyCluster', 'verifyCluster', 'pruneClusterCopies'],
    },
    { workflow: 'backUpCache', calls: ['resolveCache', 'copyCache', 'verifyCache', 'pruneCacheCopies'] },
  ] as const)('$workflow is taken, proven, and then takes the place of old ones', async ({ workflow, calls }) => {
    const trial = await lab.start(workflow);
    const result = (await trial.handle.result()) as BackupResult;
    expect(result).toMatchObject({
      operation: workflow,
      outcome: 'completed',
      environment: 'production',
      source: { name: 's3://backups/k', bytes: 10, manifest: 's3://backups/k' },
      removed: [{ object: 'old/', gone: true }],
      requestedBy: 'release-manager',
    });
    expect(trial.calls).toEqual([...calls, 'recordBackupOperation']);
    const status = (await trial.handle.query('status')) as BackupStatus;
    expect(status).toMatchObject({ phase: 'ended', seen: expect.stringContaining('retention: 1 pruned') });
  });

  it.each([
    {
      when: 'no pg_dump fits',
      changes: { takeDump: () => ({ outcome: 'couldNotDump', reasonCode: 'noProgram', reason: 'install 18' }) },
      outcome: 'failed',
      reasonCode: 'NoProgram',
      reason: 'install 18',
    },
    {
      when: 'the source is damaged',
      changes: { takeDump: () => ({ outcome: 'couldNotDump', reasonCode: 'damage', reason: 'invalid page' }) },
      outcome: 'failed',
      reasonCode: 'SourceDamaged',
      reason: 'invalid page',
    },
    {
      when: 'the dump fails for good',
      changes: {
        takeDump: () => {
          throw ApplicationFailure.nonRetryable('too late', 'PreconditionFailed');
        },
      },
      outcome: 'failed',
      reasonCode: 'DumpFailed',
      reason: 'takeDump: too late',
    },
    {
      when: 'the archive lacks a table',
      changes: { verifyDump: () => ({ outcome: 'failed', reason: 'lacks x' }) },
      outcome: 'failed',
      reasonCode: 'ChecksFailed',
      reason: 'lacks x',
    },
    {
      when: 'nobody can read it back',
      changes: {
        verifyDump: () => {
          throw ApplicationFailure.nonRetryable('no rights', 'Forbidden');
        },
      },
      outcome: 'couldNotVerify',
      reasonCode: 'NotProven',
      reason: 'copied, but not proven: verifyDump: no rights',
    },
    {
      when: 'retention fails',
      changes: {
        pruneDumps: () => {
          throw ApplicationFailure.nonRetryable('no rights', 'Forbidden');
        },
      },
      outcome: 'incomplete',
      reasonCode: 'RetentionFailed',
      reason: 'read back; retention: pruneDumps: no rights',
    },
  ])('says when $when', async ({ changes, outcome, reasonCode, reason }) => {
    const trial = await lab.start('dumpDatabase', changes);
    expect(await trial.handle.result()).toMatchObject({ outcome, reasonCode, reason });
    const isPruned = trial.calls.includes('pruneDumps');
    expect(isPruned).toBe(reasonCode === 'RetentionFailed');
  });

  it('is tried again after transient trouble, and warns of what was left out', async () => {
    let failures = 0;
    const trial = await lab.start('backUpCluster', {
      copyCluster: () => {
        failures += 1;
        if (failures < 3) throw ApplicationFailure.retryable('503', 'Unavailable');
        return { outcome: 'copied', copy: SOME_CLUSTER_COPY, adopted: true };
      },
    });
    expect(await trial.handle.result()).toMatchObject({
      outcome: 'completed',
      warnings: ['left out: Pod x: made', 'left out: 2 more, in the manifest'],
    });
    expect(failures).toBe(3);
  });

  it('that is only planned copies nothing; wrong input fails with its problems', async () => {
    const planned = await lab.start('backUpCache', {}, { dryRun: true });
    expect(await planned.handle.result()).toMatchObject({ outcome: 'planned' });
    expect(planned.calls).toEqual(['resolveCache']);
    const wrong = await lab.start('backUpCache', {
      resolveCache: () => {
        throw ApplicationFailure.nonRetryable('backUpCache: 1 problem', 'InvalidInput', []);
      },
    });
    await expect(wrong.handle.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  });

  it('can be aborted in the middle: what runs is cancelled, and waited for', async () => {
    let cleaned = false;
    const trial = await lab.start('backUpCache', {
      copyCache: async () => {
        const context = Context.current();
        const beat = setInterval(() => context.heartbeat(), 100);
        try {
          await context.cancelled;
        } finally {
          clearInterval(beat);
          cleaned = true;
        }
      },
    });
    await expect.poll(() => trial.calls, { timeout: 20_000 }).toContain('copyCache');
    await trial.handle.executeUpdate('abort', { args: [{ by: 'release-manager', reason: 'wrong cache' }] });
    expect(await trial.handle.result()).toMatchObject({ outcome: 'aborted', reasonCode: 'Aborted' });
    expect(cleaned).toBe(true);
    expect(trial.calls).not.toContain('verifyCache');
  });
});
