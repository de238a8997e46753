/** Dumps and copies: their outcomes, with fakes, on the time-skipping server. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupActivities } from '../../../src/activities/backup-activities.ts';
import type { CopyActivities } from '../../../src/activities/copy-activities.ts';
import type { BackupResult, BackupStatus } from '../../../src/core/model/backup-operation.ts';
import { TASK_QUEUES } from '../../../src/core/model/names.ts';
import { someDatabasePlan } from '../../harness/backup-world.ts';
import { isMissing, requireTool } from '../../harness/tools.ts';
import { workflowBundle } from '../../harness/workflow-lab.ts';

type Fakes = CopyActivities & Pick<BackupActivities, 'resolveDatabase' | 'recordBackupOperation'>;
type FakeName = keyof Fakes;
type Changes = { readonly [N in FakeName]?: (...args: Parameters<Fakes[N]>) => unknown };

const OBJECT = { region: 'eu-central-1', bucket: 'backups', key: 'k', sha256: 'x', bytes: 10 };
const DUMP = {
  folder: 'f/',
  archive: OBJECT,
  manifest: OBJECT,
  serverVersion: 150_018,
  pgDumpVersion: '15.18',
  relations: 3,
  takenAtMs: 1,
  tookMs: 1,
};
const CLUSTER = {
  folder: 'f/',
  bundle: OBJECT,
  manifest: OBJECT,
  objects: 4,
  counts: {},
  secrets: 1,
  leftOut: [{ object: 'Pod x', why: 'made' }],
  leftOutCount: 3,
  takenAtMs: 1,
};
const CACHE = {
  folder: 'f/',
  rdb: OBJECT,
  manifest: OBJECT,
  rdbVersion: 10,
  server: 'redis 7',
  keysBefore: 2,
  keysAfter: 2,
  takenAtMs: 1,
  tookMs: 1,
};
const COPY_PLAN = {
  deadlineMs: 60_000,
  catalogueDigest: 'd',
  bucket: 'backups',
  prefix: 'p',
  kinds: [],
  namespaces: ['crm'],
  cache: 'sessions',
};

describe.skipIf(isMissing('temporal-test-server'))('a copy', () => {
  let env: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  const trials = new Map<string, { readonly changes: Changes; readonly calls: string[] }>();
  let counter = 0;

  beforeAll(async () => {
    const path = requireTool('temporal-test-server');
    env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
    worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: TASK_QUEUES.main,
      workflowBundle: await workflowBundle(),
      activities: dispatched(),
    });
    running = worker.run();
  });
  afterAll(async () => {
    worker.shutdown();
    await running;
    await env.teardown();
  });

  async function start(
    workflow: 'dumpDatabase' | 'backUpCluster' | 'backUpCache',
    changes: Changes = {},
    input: object = {},
  ) {
    counter += 1;
    const workflowId = `copy/${counter}`;
    const calls: string[] = [];
    trials.set(workflowId, { changes, calls });
    const subject =
      workflow === 'dumpDatabase' ? { database: 'crm' } : workflow === 'backUpCache' ? { cache: 'sessions' } : {};
    const args = [{ ...subject, environment: 'production', requestedBy: 'release-manager', ...input }];
    const handle = await env.client.workflow.start(workflow, { taskQueue: TASK_QUEUES.main, workflowId, args });
    return { handle, calls };
  }

  it.each([
    { workflow: 'dumpDatabase', calls: ['resolveDatabase', 'takeDump', 'verifyDump', 'pruneDumps'] },
    {
      workflow: 'backUpCluster',
      calls: ['resolveClusterBackup', 'copyCluster', 'verifyCluster', 'pruneClusterCopies'],
    },
    { workflow: 'backUpCache', calls: ['resolveCache', 'copyCache', 'verifyCache', 'pruneCacheCopies'] },
  ] as const)('$workflow is taken, proven, and then takes the place of old ones', async ({ workflow, calls }) => {
    const trial = await start(workflow);
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
    const trial = await start('dumpDatabase', changes);
    expect(await trial.handle.result()).toMatchObject({ outcome, reasonCode, reason });
    const isPruned = trial.calls.includes('pruneDumps');
    expect(isPruned).toBe(reasonCode === 'RetentionFailed');
  });

  it('is tried again after transient trouble, and warns of what was left out', async () => {
    let failures = 0;
    const trial = await start('backUpCluster', {
      copyCluster: () => {
        failures += 1;
        if (failures < 3) throw ApplicationFailure.retryable('503', 'Unavailable');
        return { outcome: 'copied', copy: CLUSTER, adopted: true };
      },
    });
    expect(await trial.handle.result()).toMatchObject({
      outcome: 'completed',
      warnings: ['left out: Pod x: made', 'left out: 2 more, in the manifest'],
    });
    expect(failures).toBe(3);
  });

  it('that is only planned copies nothing; wrong input fails with its problems', async () => {
    const planned = await start('backUpCache', {}, { dryRun: true });
    expect(await planned.handle.result()).toMatchObject({ outcome: 'planned' });
    expect(planned.calls).toEqual(['resolveCache']);
    const wrong = await start('backUpCache', {
      resolveCache: () => {
        throw ApplicationFailure.nonRetryable('backUpCache: 1 problem', 'InvalidInput', []);
      },
    });
    await expect(wrong.handle.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  });

  it('can be aborted in the middle: what runs is cancelled, and waited for', async () => {
    let cleaned = false;
    const trial = await start('backUpCache', {
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

  /** Each activity, as the trial of its workflow has it. */
  function dispatched(): Record<string, (input: never) => unknown> {
    return Object.fromEntries(
      Object.entries(HAPPY).map(([name, happy]) => [
        name,
        (input: never): unknown => {
          const trial = trials.get(Context.current().info.workflowExecution?.workflowId ?? '');
          if (!trial) throw new Error('no trial');
          if (trial.calls.at(-1) !== name) trial.calls.push(name);
          const changed = trial.changes[name as FakeName] as ((input: never) => unknown) | undefined;
          return Promise.resolve().then(() => (changed ?? (happy as (input: never) => unknown))(input));
        },
      ]),
    );
  }
});

const PRUNED = { removed: [{ folder: 'old/', reason: 'old' }], kept: 1 };
const HAPPY: { readonly [N in FakeName]: (...args: Parameters<Fakes[N]>) => unknown } = {
  resolveDatabase: () => ({
    plan: someDatabasePlan({ dump: { bucket: 'backups', prefix: 'dumps', keepMs: 1, deadlineMs: 60_000 } }),
  }),
  resolveClusterBackup: () => ({ plan: COPY_PLAN }),
  resolveCache: () => ({ plan: COPY_PLAN }),
  recordBackupOperation: () => ({ recorded: 'written' }),
  takeDump: () => ({ outcome: 'dumped', dump: DUMP, adopted: false, notes: [] }),
  verifyDump: () => ({ outcome: 'verified', says: 'read back', entries: 3, bytes: 10, tookMs: 1 }),
  pruneDumps: () => PRUNED,
  copyCluster: () => ({ outcome: 'copied', copy: CLUSTER, adopted: false }),
  verifyCluster: () => ({ outcome: 'verified', says: ['tried'], checked: 4, changedSince: [] }),
  pruneClusterCopies: () => PRUNED,
  copyCache: () => ({ outcome: 'copied', copy: CACHE, adopted: false, notes: [] }),
  verifyCache: () => ({ outcome: 'verified', says: ['loaded'], keys: 2, tookMs: 1 }),
  pruneCacheCopies: () => PRUNED,
};
