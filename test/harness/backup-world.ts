/** A provider as backups and verifications see it: instances, snapshots, tags. Fakes act on it at once. */
import { ApplicationFailure } from '@temporalio/activity';
import type { BackupActivities } from '../../src/activities/backup-activities.ts';
import type { BackupFacts, SnapshotFacts } from '../../src/core/model/backup.ts';
import type { DatabasePlan } from '../../src/core/model/database.ts';
import type { TemporaryInstance } from '../../src/core/model/temporary.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export function someDatabasePlan(changes: Partial<DatabasePlan> = {}): DatabasePlan {
  return {
    database: 'crm',
    environment: 'production',
    region: 'eu-central-1',
    instance: 'crm-production',
    databaseName: 'crm',
    connection: 'env:CRM_DATABASE_URL',
    masterUsername: 'postgres',
    rtoMs: 120 * MINUTE,
    rpoMs: 60 * MINUTE,
    backup: {
      copyTo: { region: 'eu-west-1' },
      exportTo: {
        bucket: 'crm-archive',
        prefix: 'archive',
        roleArn: 'arn:aws:iam::123456789012:role/export',
        kmsKeyId: 'k',
      },
      manifests: { bucket: 'crm-backups', prefix: 'mainstay' },
      retention: [{ name: 'daily', keepMs: 30 * DAY, everyMs: DAY }],
      verifiedFloor: 1,
      deadlineMs: 120 * MINUTE,
    },
    verification: {
      choice: 'latest',
      windowMs: 31 * DAY,
      parameterGroup: 'crm-quarantine',
      securityGroupIds: ['sg-0123456789'],
      expiryMs: 12 * 60 * MINUTE,
      readyWithinMs: 180 * MINUTE,
      goneWithinMs: 60 * MINUTE,
      pollMs: 15_000,
      keeperQuestionMs: MINUTE,
      connections: 2,
      checkTimeoutMs: 30 * MINUTE,
      sampleAboveBytes: 1e11,
      criticalTables: [],
      closedRanges: [],
      allowedLosses: {},
      rules: [],
      probes: [],
    },
    catalogueDigest: 'c'.repeat(64),
    ...changes,
  };
}

export interface BackupWorld {
  /** Temporary instances that stand at the provider. */
  readonly instances: Map<string, TemporaryInstance>;
  /** Every identifier that was ever created, in order. */
  readonly created: string[];
  readonly snapshots: SnapshotFacts[];
  readonly backups: BackupFacts[];
  readonly deleted: string[];
  readonly verified: string[];
  readonly recorded: Parameters<BackupActivities['recordBackupOperation']>[0]['result'][];
}

export interface BackupCall {
  readonly name: keyof BackupActivities;
  readonly input: unknown;
}

/** Around every fake: may throw before the effect, after it, or do something meanwhile. */
export type BackupInterference = (
  call: BackupCall,
  index: number,
) => { readonly before?: () => unknown; readonly after?: () => unknown } | undefined;

export type BackupFakes = { -readonly [N in Exclude<keyof BackupActivities, 'awaitOwnerEnd'>]: BackupActivities[N] };

export interface BackupFakeOptions {
  readonly plan?: DatabasePlan;
  readonly interfere?: BackupInterference;
  /** Answers instead of the usual ones. */
  readonly answers?: Partial<BackupFakes>;
}

export const SNAPSHOT = 'mainstay-production-crm-20261101t0200z-9f03ab';
const ARN = (region: string, identifier: string): string => `arn:aws:rds:${region}:123456789012:snapshot:${identifier}`;

export function someSnapshot(identifier: string, takenAtMs: number, region = 'eu-central-1'): SnapshotFacts {
  return {
    region,
    identifier,
    arn: ARN(region, identifier),
    instance: 'crm-production',
    status: 'available',
    type: 'manual',
    progressPercent: 100,
    takenAtMs,
    allocatedGb: 20,
    engineVersion: '15.18',
    encrypted: true,
    tags: {},
  };
}

export function newBackupWorld(): BackupWorld {
  return {
    instances: new Map(),
    created: [],
    snapshots: [someSnapshot(SNAPSHOT, Date.parse('2026-11-01T02:00:00Z'))],
    backups: [],
    deleted: [],
    verified: [],
    recorded: [],
  };
}

export const MANIFEST = {
  region: 'eu-central-1',
  bucket: 'crm-backups',
  key: 'mainstay/production/crm/20261101t0200z/manifest.json',
  sha256: 'a'.repeat(64),
} as const;

const REPORT = { ...MANIFEST, key: 'mainstay/production/crm/report.json', bytes: 4096 };

export const PASSED = {
  verdict: 'PASS',
  reasons: [],
  notProven: [],
  checks: { pass: 41, warn: 0, fail: 0, couldNotVerify: 0, unproven: 0, skip: 0 },
  notable: [],
  report: REPORT,
  warnings: [],
  startedAtMs: 0,
  endedAtMs: 1,
  serverVersion: 150_018,
  databaseBytes: 1_000_000,
  rows: 2_500,
  resumed: 0,
} as const satisfies Awaited<ReturnType<BackupActivities['runRestoreSuite']>>;

/** Typed fakes of everything outside; each call is recorded in order. */
export function createBackupFakes(
  world: BackupWorld,
  options: BackupFakeOptions = {},
): { readonly fakes: BackupFakes; readonly calls: BackupCall[] } {
  const plan = options.plan ?? someDatabasePlan();
  const calls: BackupCall[] = [];
  const usual = usualAnswers(world, plan);
  const fakes = Object.fromEntries(
    (Object.keys(usual) as (keyof BackupFakes)[]).map((name) => {
      const body = (options.answers?.[name] ?? usual[name]) as (input: unknown) => Promise<unknown>;
      const run = async (input: unknown): Promise<unknown> => {
        const call: BackupCall = { name, input };
        const index = calls.push(call) - 1;
        const around = options.interfere?.(call, index);
        await around?.before?.();
        const result = await body(input);
        await around?.after?.();
        return result;
      };
      return [name, run];
    }),
  );
  return { fakes: fakes as unknown as BackupFakes, calls };
}

function usualAnswers(world: BackupWorld, plan: DatabasePlan): BackupFakes {
  const endpoint = { host: 'copy.example.com', port: 5432 };
  return {
    resolveDatabase: async () => ({ plan }),
    resolveSweep: async () => ({
      plan: {
        environment: plan.environment,
        regions: [plan.region],
        goneWithinMs: plan.verification.goneWithinMs,
        pollMs: plan.verification.pollMs,
        catalogueDigest: plan.catalogueDigest,
      },
    }),
    chooseSnapshot: async ({ choice, identifier, nominalAtMs }) => {
      const snapshot = world.snapshots.find((each) => choice !== 'named' || each.identifier === identifier);
      if (!snapshot) return { outcome: 'none', reason: `no snapshot for ${choice} at ${nominalAtMs}` };
      return { outcome: 'chosen', snapshot, manifest: MANIFEST, candidates: 1, reason: `the ${choice} of 1` };
    },
    restoreInstance: async ({ temporary }) => {
      const adopted = world.instances.has(temporary.identifier);
      if (!adopted) world.created.push(temporary.identifier);
      world.instances.set(temporary.identifier, temporary);
      return { outcome: 'started', arn: `arn:aws:rds:eu-central-1:123456789012:db:${temporary.identifier}`, adopted };
    },
    awaitInstance: async ({ temporary }) => {
      if (!world.instances.has(temporary.identifier)) {
        return {
          outcome: 'failed',
          status: 'gone',
          reason: `${temporary.identifier} is gone`,
          billed: false,
          elapsedMs: 0,
        };
      }
      return {
        outcome: 'ready',
        instance: {
          region: temporary.region,
          identifier: temporary.identifier,
          arn: 'arn',
          resourceId: 'db-1',
          status: 'available',
          masterUsername: 'postgres',
          instanceClass: 'db.m7g.large',
          engineVersion: '15.18',
          allocatedGb: 20,
          public: false,
          multiAz: false,
          deletionProtection: false,
          backupRetentionDays: 0,
          parameterGroups: [],
          securityGroups: [],
          pendingChanges: [],
          statusInfos: [],
        },
        endpoint,
        warnings: [],
        elapsedMs: 1_000,
      };
    },
    prepareCopy: async () => ({ outcome: 'prepared', disarmed: ['subscription crm_feed'], lacking: [], endpoint }),
    runRestoreSuite: async () => PASSED,
    deleteTemporary: async ({ temporary }) => {
      const was = world.instances.delete(temporary.identifier);
      return was ? { outcome: 'deleting', reason: 'accepted' } : { outcome: 'gone', reason: 'not there' };
    },
    proveGone: async ({ temporary }) => {
      if (!world.instances.has(temporary.identifier)) {
        return { outcome: 'gone', provenAtMs: Date.now(), looked: ['instances', 'automated backups', 'snapshots'] };
      }
      const left = [{ kind: 'instance', identifier: temporary.identifier, status: 'available' }] as const;
      return { outcome: 'left', left, reason: `${temporary.identifier} is still available` };
    },
    findTemporaries: async () => ({
      atMs: Date.now(),
      found: [...world.instances.values()].map((temporary) => ({
        temporary,
        status: 'available',
        expired: temporary.expiresAtMs <= Date.now(),
        reason: 'tag',
      })),
      suspicious: [],
      notLooked: [],
    }),
    confirmManifest: async ({ manifest }) => ({ manifest, closed: 3, open: 1 }),
    takeManifest: async () => ({
      manifest: { ...MANIFEST, bytes: 100 },
      takenAtMs: Date.now(),
      tables: 3,
      rows: 2_500,
      serverVersion: 150_018,
      schemaHash: 'b'.repeat(64),
      tookMs: 10,
      notCovered: [],
      locked: false,
    }),
    createSnapshot: async ({ identifier }) => {
      const adopted = world.snapshots.some((each) => each.identifier === identifier && each.region === plan.region);
      if (!adopted) world.snapshots.push(someSnapshot(identifier, Date.now()));
      const snapshot = { region: plan.region, identifier, arn: ARN(plan.region, identifier) };
      return { outcome: 'started', snapshot, adopted };
    },
    copySnapshot: async ({ from }) => {
      const region = plan.backup.copyTo?.region ?? '';
      const has = world.snapshots.some((each) => each.identifier === from.identifier && each.region === region);
      if (!has) world.snapshots.push(someSnapshot(from.identifier, Date.now(), region));
      const snapshot = { region, identifier: from.identifier, arn: ARN(region, from.identifier) };
      return { outcome: 'started', snapshot, adopted: has };
    },
    awaitSnapshot: async ({ snapshot }) => {
      const found = world.snapshots.find((each) => each.arn === snapshot.arn);
      if (!found) throw ApplicationFailure.nonRetryable(`${snapshot.identifier} is not there`, 'NotFound');
      return { outcome: 'available', snapshot: found, warnings: [], elapsedMs: 1_000 };
    },
    startExport: async () => ({
      outcome: 'started',
      region: plan.region,
      exportTask: 'mainstay-export-1',
      adopted: false,
    }),
    awaitExport: async () => ({
      outcome: 'complete',
      exported: { identifier: 'mainstay-export-1', sourceArn: 'arn', status: 'COMPLETE', progressPercent: 100 },
      warnings: [],
      elapsedMs: 1_000,
    }),
    listBackups: async () => ({ backups: world.backups, beingRestored: [] }),
    deleteBackup: async ({ backup }) => {
      world.deleted.push(backup.identifier);
      return { outcome: 'deleted', reason: 'no rule keeps it' };
    },
    markVerified: async ({ snapshot }) => {
      world.verified.push(snapshot.identifier);
      return { marked: [snapshot], notMarked: [] };
    },
    recordBackupOperation: async ({ result }) => {
      world.recorded.push(result);
      return { recorded: 'written' };
    },
  };
}
