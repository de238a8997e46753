/** The engine behind the sandbox's RDS: see `port.ts` for what each call promises. */
import { join } from 'node:path';
import { runToEnd } from '../../../../clients/postgres/server-process.ts';
import { adminUrl, asAdmin } from './admin.ts';
import { createArchives } from './archives.ts';
import { lockEngine } from './engine-lock.ts';
import { createTurns } from './in-turn.ts';
import { makeFolder, openPlaces, removeFolder, writeFor } from './places.ts';
import type { NewServerSpec, RdsEngine, RunningServer } from './port.ts';
import { createPrograms } from './programs.ts';
import { createReplication } from './replication.ts';
import { bootstrapSql, type MasterRights } from './roles.ts';
import { clearPlace, createServers, type EngineProblem, factsFor } from './servers.ts';
import { createServerChanges } from './server-changes.ts';
import { createSnapshots } from './snapshots.ts';

export interface RdsEngineOptions {
  /** Folder that is the engine's alone; see `home`. */
  readonly stateDir: string;
  /** Page checksums of new servers. True when left out, as on RDS. */
  readonly checksums?: boolean;
  /** Safe against a crash of the machine, not only of the server. False when left out: it costs time. */
  readonly durable?: boolean;
  /** No attribute when left out, as RDS documents its master user. */
  readonly master?: Partial<MasterRights>;
  /** How long a server may take to start. 60 s when left out. */
  readonly startLimitMs?: number;
  /** How long recovery to a point in time may take. 10 minutes when left out. */
  readonly recoveryLimitMs?: number;
  /** Told when a server ends that nobody ended; it is not started again. */
  readonly onProblem?: (problem: EngineProblem) => void;
}

export interface StartedRdsEngine extends Required<RdsEngine> {
  /** Where everything really is: the state folder, or one below /var/lib/mainstay when Postgres cannot reach that. */
  readonly home: string;
  readonly isElsewhere: boolean;
}

/**
 * Opens the state folder. Servers that an engine before left running are ended; `start` starts them again.
 *
 * @throws CodedError PreconditionFailed when a living engine has the folder open
 */
export async function createRdsEngine(options: RdsEngineOptions): Promise<StartedRdsEngine> {
  const { checksums = true, durable = false, startLimitMs = 60_000, recoveryLimitMs = 600_000, master } = options;
  const places = await openPlaces(options.stateDir);
  const unlock = await lockEngine(places.home);
  const programs = createPrograms(join(places.home, 'programs'), places.account);
  const onProblem = options.onProblem ?? (() => undefined);
  const servers = createServers({ places, programs, durable, startLimitMs, onProblem });
  await servers.endAll('end');
  const inTurn = createTurns();
  const context = { places, programs, servers, inTurn, recoveryLimitMs };
  const archives = createArchives(context);
  const snapshots = createSnapshots(context);
  const replication = createReplication(context);
  const changes = createServerChanges(context);
  let closing: Promise<void> | undefined;

  return {
    home: places.home,
    isElsewhere: places.isElsewhere,
    majors: () => programs.majors(),
    create: (spec) => inTurn(spec.resourceId, () => create(spec)),
    ...changes,
    ...archives,
    ...snapshots,
    ...replication,
    dataFolder: (resourceId) => places.data(resourceId),
    adminUrl: (resourceId, database) => adminUrl({ ...servers.target(resourceId), ...(database ? { database } : {}) }),
    close: () => (closing ??= close()),
  };

  async function close(): Promise<void> {
    try {
      await servers.close();
    } finally {
      await unlock();
    }
  }

  async function create(spec: NewServerSpec): Promise<RunningServer> {
    const bin = await programs.binOf(spec.major);
    await clearPlace(places, servers, spec.resourceId);
    await makeFolder(places.server(spec.resourceId), places.account);
    await initialise(bin, spec);
    const facts = factsFor(spec, spec.major);
    const running = await servers.start(facts);
    const rights = { bypassRls: false, ...master };
    await asAdmin(servers.target(spec.resourceId), async (client) => {
      for (const text of bootstrapSql(spec, places.password, rights)) await client.query(text);
    });
    await servers.save({ ...facts, port: running.port });
    return running;
  }

  async function initialise(bin: string, spec: NewServerSpec): Promise<void> {
    const passwordFile = join(places.server(spec.resourceId), 'initial-password');
    await writeFor(places.account, passwordFile, `${places.password}\n`);
    const argv = [
      `--pgdata=${places.data(spec.resourceId)}`,
      `--pwfile=${passwordFile}`,
      '--username=rdsadmin',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      // Small files: what is archived, copied and replayed for a few commits stays small.
      '--wal-segsize=1',
      '--no-instructions',
      '--no-sync',
      ...(checksums ? ['--data-checksums'] : spec.major >= 18 ? ['--no-data-checksums'] : []),
    ];
    await runToEnd(join(bin, 'initdb'), argv, { account: places.account, cwd: places.server(spec.resourceId) });
    await removeFolder(passwordFile);
  }
}
