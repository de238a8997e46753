/** The activities of backups and restores with the real clients against the sandbox's AWS; its servers are records. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { onTestFinished } from 'vitest';
import { createDatabaseActivities } from '../../../src/activities/database/index.ts';
import { createTemporaryActivities } from '../../../src/activities/temporary/index.ts';
import { createAwsClients } from '../../../src/clients/aws/aws-clients.ts';
import type { AwsClients } from '../../../src/clients/aws/port.ts';
import type { SnapshotRef } from '../../../src/core/model/backup.ts';
import { snapshotName, temporaryName } from '../../../src/core/backup/names.ts';
import type { DatabasePlan } from '../../../src/core/model/database.ts';
import type { Manifest, SuiteReport } from '../../../src/core/model/restore.ts';
import type { TemporaryInstance } from '../../../src/core/model/temporary.ts';
import { restoreSuite } from '../../../src/restore-suite/index.ts';
import type { RestoreSuite, VerifyOptions } from '../../../src/restore-suite/port.ts';
import type { AwsBackend } from '../../../src/sandbox/aws/front/handler.ts';
import { type SandboxAws, type SandboxAwsOptions, startSandboxAws } from '../../../src/sandbox/aws/start-aws.ts';
import { someDatabasePlan } from '../../harness/backup-world.ts';
import { createFakeEngine, type FakeEngine } from '../../sandbox/aws/rds/api/fake-engine.ts';
import { createMemoryS3, type MemoryS3 } from './memory-s3.ts';

export const HERE = 'eu-central-1';
export const THERE = 'eu-west-1';
export const DAY = 24 * 60 * 60 * 1000;
export const MARK = { operation: 'backup/production/crm/20261121t0200z-0f3a', run: 'run-1' } as const;
const VERIFY = { operation: 'verify-restore/production/crm/20261121t0400z-77aa', run: 'run-2' } as const;
const CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'anything' };

/** One secret, whoever asks. */
const SECRETS: AwsBackend = {
  handle: async () => ({
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({
      Name: 'mainstay/crm',
      SecretString: JSON.stringify({ url: 'postgres://backup:from-aws@crm.example.com:5432/crm' }),
    }),
  }),
  close: async () => undefined,
};

export interface AwsLab {
  readonly aws: SandboxAws;
  readonly clients: AwsClients;
  readonly engine: FakeEngine;
  readonly s3: MemoryS3;
  readonly suite: FakeSuite;
  readonly plan: DatabasePlan;
  readonly temporary: TemporaryInstance;
  readonly act: Activities;
  /** A moment from now. */
  soon(ms?: number): number;
  /** A backup of ours that is available. */
  backup(daysOld?: number, extra?: Readonly<Record<string, string>>): Promise<SnapshotRef>;
  /** Restored from a new backup, and ready. */
  copy(): Promise<SnapshotRef>;
}

type Activities = ReturnType<typeof createDatabaseActivities> & ReturnType<typeof createTemporaryActivities>;

export interface FakeSuite extends RestoreSuite {
  readonly calls: string[];
  /** Errors that the next calls end with. */
  readonly failures: Error[];
  verified: VerifyOptions[];
  report: SuiteReport;
}

/** Real: Postgres servers and the restore suite itself. With `through` the clients speak to the address that it answers for the sandbox's. */
export async function openAwsLab(
  options: Partial<SandboxAwsOptions> = {},
  through: (url: string) => Promise<string> = async (url) => url,
  isReal = false,
): Promise<AwsLab> {
  const stateDir = await mkdtemp(join(tmpdir(), 'mainstay-backup-'));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const engine = createFakeEngine();
  const s3 = createMemoryS3({ 'crm-backups': { objectLock: true }, 'crm-archive': { objectLock: false } });
  const aws = await startSandboxAws({
    stateDir,
    clockFactor: 0.0004,
    ...(!isReal && { engine }),
    backends: { s3, secretsmanager: SECRETS },
    ...options,
  });
  onTestFinished(() => aws.close());
  for (const region of [HERE, THERE]) {
    const parameters = { max_logical_replication_workers: '0' };
    const group = { name: 'crm-quarantine', family: 'postgres18', parameters };
    await aws.seedParameterGroup({ region, ...group });
  }
  const seeded = await aws.seedDatabase({
    region: HERE,
    identifier: 'crm-production',
    engineVersion: '18.4',
    databaseName: 'crm',
    masterUsername: 'crm_admin',
    masterPassword: 'correct-horse-battery',
    tags: { env: 'production', team: 'crm' },
  });
  process.env.CRM_TEST_URL = isReal
    ? seeded.url
    : 'postgres://backup:secret@crm.example.com:5432/postgres?sslmode=require';
  const clients = createAwsClients({ endpoint: await through(aws.url), credentials: CREDENTIALS });
  const suite = createFakeSuite();
  const plan = labPlan();
  const deps = {
    aws: clients,
    suite: isReal ? restoreSuite : suite,
    kubernetes: () => {
      throw new Error('no cluster in this test');
    },
    temporarySecret: async () => 'the-key-of-the-laboratory',
  };
  const act = { ...createDatabaseActivities(deps), ...createTemporaryActivities(deps) };
  const temporary: TemporaryInstance = {
    region: HERE,
    identifier: temporaryName('crm', VERIFY),
    ...VERIFY,
    database: 'production/crm',
    expiresAtMs: Date.now() + DAY,
  };
  let counter = 0;
  const soon = (ms = 15_000): number => Date.now() + ms;
  const lab: AwsLab = {
    aws,
    clients,
    engine,
    s3,
    suite,
    plan,
    temporary,
    act,
    soon,
    async backup(_daysOld = 0, extra = {}) {
      counter += 1;
      const mark = { ...MARK, run: `run-${counter}` };
      const identifier = snapshotName(plan, Date.now() + counter, mark);
      const started = await inContext(act.createSnapshot, { plan, identifier, mark });
      if (started.outcome !== 'started') throw new Error(started.reason);
      await inContext(act.awaitSnapshot, { snapshot: started.snapshot, untilMs: soon(), pollMs: 20 });
      if (Object.keys(extra).length > 0) await clients.rds(HERE).addTags(started.snapshot.arn, extra);
      return started.snapshot;
    },
    async copy() {
      const snapshot = await lab.backup();
      const restored = await inContext(act.restoreInstance, { plan, temporary, snapshot });
      if (restored.outcome !== 'started') throw new Error(restored.reason);
      const ready = await inContext(act.awaitInstance, { temporary, untilMs: soon(), pollMs: 20 });
      if (ready.outcome !== 'ready') throw new Error(ready.reason);
      return snapshot;
    },
  };
  return lab;
}

function labPlan(): DatabasePlan {
  const plan = someDatabasePlan();
  return {
    ...plan,
    connection: 'env:CRM_TEST_URL',
    masterUsername: 'crm_admin',
    backup: { ...plan.backup, copyTo: { region: THERE, kmsKeyId: 'alias/backups' } },
    verification: { ...plan.verification, pollMs: 20 },
  };
}

/** Runs one activity; with `details` as the retry of an attempt that told them last. */
export function contextOf(details?: unknown): MockActivityEnvironment {
  const info = details === undefined ? {} : { heartbeatDetails: details };
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
}

export async function inContext<Input, Result>(
  activity: (input: Input) => Promise<Result>,
  input: Input,
  context: MockActivityEnvironment = contextOf(),
): Promise<Result> {
  return context.run<[Input], Result, typeof activity>(activity, input);
}

/** The failure that an activity ends with: its type, message and whether it is retried. */
export async function failureOf(
  running: Promise<unknown>,
): Promise<{ readonly type: string; readonly message: string; readonly nonRetryable: boolean }> {
  try {
    await running;
  } catch (error) {
    const { type = '', message = '', nonRetryable = false } = error as Partial<Awaited<ReturnType<typeof failureOf>>>;
    return { type, message, nonRetryable };
  }
  throw new Error('expected a failure, found a result');
}

export const MANIFEST = {
  format: 1,
  algorithm: 'hash_record_extended/1',
  takenAtMs: 1,
  database: 'crm',
  serverVersion: 180_004,
  serverMajor: 18,
  systemIdentifier: '7',
  timelineId: 1,
  xid: '700',
  tables: [{ schema: 'public', table: 'orders', rows: 3, digest: '5', closed: false, sampled: 1 }],
  fingerprint: [],
  schemaHash: 'ab',
  extensions: [],
  settings: {},
  sequences: [],
  notCovered: [],
} satisfies Manifest;

function createFakeSuite(): FakeSuite {
  const failures: Error[] = [];
  const calls: string[] = [];
  const called = (name: string): void => {
    calls.push(name);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  };
  const suite: FakeSuite = {
    calls,
    failures,
    verified: [],
    report: {
      verdict: 'PASS',
      reasons: [],
      checks: [{ kind: 'digest', object: 'public.orders', state: 'pass', says: 'equal', ms: 3 }],
      notProven: [],
      startedAtMs: 1,
      endedAtMs: 2,
      serverVersion: 180_004,
      databaseBytes: 8192,
      rows: 3,
    },
    async takeManifest({ url }) {
      called(`takeManifest ${url}`);
      return MANIFEST;
    },
    async prepareCopy({ url }) {
      called(`prepareCopy ${url}`);
      return { disarmed: ['subscription orders_in'], lacking: [] };
    },
    async verifyDatabase(verify) {
      called(`verifyDatabase ${verify.url}`);
      suite.verified.push(verify);
      const { checks } = suite.report;
      verify.onProgress?.({ done: checks.length, total: checks.length, doing: 'the last' }, checks);
      return suite.report;
    },
  };
  return suite;
}
