/** The sandbox's AWS: one endpoint for every service and region. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AwsFaults } from './front/fault-rules.ts';
import { startFront } from './front/front.ts';
import type { AwsBackend } from './front/handler.ts';
import { AwsRequestLog } from './front/request-log.ts';
import { otherServices, type WantedBucket } from './lazy-backends.ts';
import { LogUploads } from './rds/api/backups.ts';
import { RdsClock, SECONDS } from './rds/api/clock.ts';
import { findInstance, findSnapshot, type RdsContext } from './rds/api/context.ts';
import { createS3Exporter } from './rds/api/export-writer.ts';
import { createRdsApi } from './rds/api/rds-api.ts';
import { seedInstance, seedParameterGroup, seedSubnetGroup } from './rds/api/seed.ts';
import { RdsState } from './rds/api/state.ts';
import { Timelines } from './rds/api/timeline.ts';
import type { RdsEngine } from './rds/engine/port.ts';

export interface SandboxAwsOptions {
  /** Data directories, snapshots and archives; created when absent. */
  readonly stateDir: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Seconds here for a second there: 0.01 makes a restore of 8 minutes take 5 s. Absent: 0.01. */
  readonly clockFactor?: number;
  /** How often the log of an instance is uploaded; absent: 5 minutes by the clock factor, at least a second. */
  readonly logUploadMs?: number;
  /** An automated backup each day of the clock, the oldest dropped by the retention; absent: only the first one. */
  readonly nightlyBackups?: boolean;
  /** What is behind RDS instances; absent: real Postgres servers, new at each start. One that is given is not closed. */
  readonly engine?: RdsEngine;
  /** Other services by name of the credential scope; `default` takes every one that is not named. Absent: Route 53 and moto. */
  readonly backends?: Readonly<Record<string, AwsBackend>>;
  /** Made in S3 as soon as it is asked anything, by the absent `backends`. */
  readonly buckets?: readonly WantedBucket[];
  /** Per region. Absent: 40 instances, 100 manual snapshots. */
  readonly quotas?: { readonly instances?: number; readonly manualSnapshots?: number };
  /** Told of problems that the parts get over by themselves. */
  readonly reportProblem?: (part: string, problem: Error) => void;
}

export interface SeedDatabase {
  readonly region: string;
  readonly identifier: string;
  readonly engineVersion: string;
  readonly databaseName: string;
  readonly masterUsername: string;
  readonly masterPassword: string;
  readonly instanceClass?: string;
  /** 0 when absent. */
  readonly backupRetentionDays?: number;
  readonly parameterGroup?: string;
  readonly subnetGroup?: string;
  readonly securityGroupIds?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface SeededDatabase {
  readonly host: string;
  readonly port: number;
  /** postgres:// URL of the master user, with the password. */
  readonly url: string;
}

export interface SandboxAws {
  /** `http://127.0.0.1:<port>`: AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly port: number;
  readonly clockFactor: number;
  readonly faults: AwsFaults;
  readonly log: AwsRequestLog;
  readonly engine: RdsEngine;
  /** An RDS instance that is available when this returns, without its timeline; its first automated backup is taken. */
  seedDatabase(seed: SeedDatabase): Promise<SeededDatabase>;
  /** Makes a parameter group with user-set values, or replaces its values. */
  seedParameterGroup(group: {
    readonly region: string;
    readonly name: string;
    /** `postgres18` */
    readonly family: string;
    readonly parameters: Readonly<Record<string, string>>;
  }): Promise<void>;
  seedSubnetGroup(group: {
    readonly region: string;
    readonly name: string;
    readonly subnetIds: readonly string[];
  }): void;
  /** Data directory of an instance, for tests that make damage in it. Throws DBInstanceNotFound. */
  dataFolder(region: string, instance: string): string;
  /** Folder of a snapshot's data directory. Throws DBSnapshotNotFound. */
  snapshotFolder(region: string, snapshot: string): string;
  /** Ends every server. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts the endpoint; the parts behind other services than RDS start at their first request.
 *
 * @throws Error when the port is taken or another sandbox has the folder open.
 */
export async function startSandboxAws(options: SandboxAwsOptions): Promise<SandboxAws> {
  const { clockFactor = 0.01, reportProblem = () => undefined } = options;
  const stateDir = resolve(options.stateDir);
  await mkdir(stateDir, { recursive: true });
  const clock = new RdsClock(clockFactor);
  const own = options.engine ? undefined : await openEngine(stateDir, reportProblem);
  const engine = options.engine ?? (own as OwnEngine).engine;
  const faults = new AwsFaults();
  const log = new AwsRequestLog();
  let url = '';
  const context: RdsContext = {
    state: new RdsState(),
    engine,
    clock,
    timelines: new Timelines(clock, faults),
    logUploads: new LogUploads({
      everyMs: options.logUploadMs ?? Math.max(1000, SECONDS.logUpload * 1000 * clockFactor),
      nightly: options.nightlyBackups ?? false,
    }),
    faults,
    exporter: createS3Exporter(() => url),
    quotas: { instances: 40, manualSnapshots: 100, ...options.quotas },
    reportProblem,
  };
  const rds = createRdsApi(context);
  const backends = { ...(options.backends ?? otherServices(stateDir, clockFactor, options.buckets ?? [])), rds };
  let closing: Promise<void> | undefined;
  const closeParts = async (): Promise<void> => {
    const ended = await Promise.allSettled(Object.values(backends).map((backend) => backend.close()));
    const last = await Promise.allSettled([own?.close()]);
    const problems = [...ended, ...last].flatMap((each) =>
      each.status === 'rejected' ? [each.reason as unknown] : [],
    );
    if (problems.length > 0)
      throw new AggregateError(problems, 'some parts of the AWS of the sandbox did not end cleanly');
  };
  try {
    const front = await startFront({
      ...(options.port === undefined ? {} : { port: options.port }),
      backends,
      faults,
      log,
      reportProblem,
    });
    ({ url } = front);
    const close = async (): Promise<void> => {
      await front.close();
      await closeParts();
    };
    return {
      url,
      port: front.port,
      clockFactor,
      faults,
      log,
      engine,
      seedDatabase: (seed) => seedInstance(context, seed),
      seedParameterGroup: async (group) => seedParameterGroup(context, group),
      seedSubnetGroup: (group) => seedSubnetGroup(context, group),
      dataFolder: (region, name) => engine.dataFolder(findInstance(context.state.region(region), name).resourceId),
      snapshotFolder: (region, name) => engine.snapshotFolder(findSnapshot(context.state.region(region), name).folder),
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

interface OwnEngine {
  readonly engine: RdsEngine;
  close(): Promise<void>;
}

/** Real servers. What RDS knows of them is in memory: what an earlier run left in the folders belongs to nobody. */
async function openEngine(stateDir: string, reportProblem: (part: string, problem: Error) => void): Promise<OwnEngine> {
  const { createRdsEngine } = await import('./rds/engine/create-engine.ts');
  const engine = await createRdsEngine({
    stateDir: join(stateDir, 'rds'),
    onProblem: ({ resourceId, message }) => reportProblem(`rds server ${resourceId}`, new Error(message)),
  });
  const empty = async (): Promise<void> => {
    for (const name of ['servers', 'snapshots', 'archives']) {
      const folder = join(engine.home, name);
      for (const entry of await readdir(folder).catch(() => []))
        await rm(join(folder, entry), { recursive: true, force: true });
    }
  };
  await empty();
  const close = async (): Promise<void> => {
    await engine.close();
    await empty();
    if (engine.isElsewhere) await rm(engine.home, { recursive: true, force: true });
  };
  return { engine, close };
}
