import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { BackupActivities } from '../../src/activities/backup-activities.ts';
import type { CopyActivities } from '../../src/activities/copy-activities.ts';
import { TASK_QUEUES } from '../../src/core/model/names.ts';
import { someDatabasePlan } from './backup-world.ts';
import { requireTool } from './tools.ts';
import { workflowBundle } from './workflow-lab.ts';

type Fakes = CopyActivities & Pick<BackupActivities, 'resolveDatabase' | 'recordBackupOperation'>;
type FakeName = keyof Fakes;
export type CopyChanges = { readonly [N in FakeName]?: (...args: Parameters<Fakes[N]>) => unknown };

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
export const SOME_CLUSTER_COPY = {
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

export type CopyType = 'dumpDatabase' | 'backUpCluster' | 'backUpCache';

export interface CopyTrial {
  readonly handle: WorkflowHandle;
  /** Activities in the order of their first calls. */
  readonly calls: readonly string[];
}

export interface CopyLab {
  /** Starts one with fakes, of which `changes` behave otherwise. */
  start(workflow: CopyType, changes?: CopyChanges, input?: object): Promise<CopyTrial>;
  close(): Promise<void>;
}

const SUBJECTS: Readonly<Record<CopyType, object>> = {
  dumpDatabase: { database: 'crm' },
  backUpCluster: {},
  backUpCache: { cache: 'sessions' },
};

/** Dumps and copies on a real server with fakes of everything outside. */
export async function openCopyLab(kind: 'skipping' | 'local'): Promise<CopyLab> {
  const path = requireTool(kind === 'skipping' ? 'temporal-test-server' : 'temporal');
  const executable = { type: 'existing-path', path } as const;
  const env = await (kind === 'skipping'
    ? TestWorkflowEnvironment.createTimeSkipping({ server: { executable } })
    : TestWorkflowEnvironment.createLocal({ server: { executable, log: { format: 'pretty', level: 'error' } } }));
  const trials = new Map<string, { readonly changes: CopyChanges; readonly calls: string[] }>();
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: TASK_QUEUES.main,
    workflowBundle: await workflowBundle(),
    activities: dispatched(trials),
  });
  const running = worker.run();
  return {
    start: async (workflow, changes = {}, input = {}) => {
      const workflowId = `copy/${trials.size + 1}`;
      const calls: string[] = [];
      trials.set(workflowId, { changes, calls });
      const args = [{ ...SUBJECTS[workflow], environment: 'production', requestedBy: 'release-manager', ...input }];
      const handle = await env.client.workflow.start(workflow, { taskQueue: TASK_QUEUES.main, workflowId, args });
      return { handle, calls };
    },
    close: async () => {
      worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

/** Each activity, as the trial of its workflow has it. */
function dispatched(
  trials: ReadonlyMap<string, { readonly changes: CopyChanges; readonly calls: string[] }>,
): Record<string, (input: never) => unknown> {
  const runs = Object.entries(HAPPY).map(([name, happy]) => {
    const run = async (input: never): Promise<unknown> => {
      const trial = trials.get(Context.current().info.workflowExecution?.workflowId ?? '');
      if (!trial) throw new Error('no trial');
      if (trial.calls.at(-1) !== name) trial.calls.push(name);
      const changed = trial.changes[name as FakeName] as ((input: never) => unknown) | undefined;
      return (changed ?? happy)(input);
    };
    return [name, run] as const;
  });
  return Object.fromEntries(runs);
}

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
  copyCluster: () => ({ outcome: 'copied', copy: SOME_CLUSTER_COPY, adopted: false }),
  verifyCluster: () => ({ outcome: 'verified', says: ['tried'], checked: 4, changedSince: [] }),
  pruneClusterCopies: () => PRUNED,
  copyCache: () => ({ outcome: 'copied', copy: CACHE, adopted: false, notes: [] }),
  verifyCache: () => ({ outcome: 'verified', says: ['loaded'], keys: 2, tookMs: 1 }),
  pruneCacheCopies: () => PRUNED,
};
