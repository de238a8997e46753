/** A server with every database of the zoo, backed up in the three ways a copy comes about, quiet or written to. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Manifest, SuiteReport } from '../../../src/core/model/restore.ts';
import type { RestoreSuite } from '../../../src/restore-suite/port.ts';
import { createRdsEngine, type StartedRdsEngine } from '../../../src/sandbox/aws/rds/engine/create-engine.ts';
import type { RunningServer, ServerSpec } from '../../../src/sandbox/aws/rds/engine/port.ts';
import { until } from '../../harness/until.ts';
import { makeRoom, withClient } from '../harness/cluster.ts';
import { ZOO } from './all.ts';
import type { Animal } from './animal.ts';
import { startWriter } from './writer.ts';

export const WAYS = ['snapshot', 'point in time', 'promoted replica'] as const;
export type Way = (typeof WAYS)[number];
export type Pace = 'quiet' | 'writing';

const MASTER = { masterUsername: 'shop_admin', masterPassword: 'only-here' };
/** Quarantine: no worker of a subscription starts. */
const PARAMETERS = { wal_level: 'logical', max_connections: '60', work_mem: '7MB' };
const QUARANTINE = { max_logical_replication_workers: '0' };
const ROUNDS_BEFORE = 5;
const PASSWORD = 'only-here-too';

/** Who prepares a copy. */
export type Preparer = 'admin' | 'master' | 'nobody';

export interface Backup {
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** Starts a copy that was made that way; its resource id. */
  readonly copies: Readonly<Record<Way, string>>;
}

export interface Keeper {
  readonly engine: StartedRdsEngine;
  /** Manifests and copies; the writers write from before the manifests until the last copy is there. */
  backUp(pace: Pace): Promise<Backup>;
  /** A further copy of the first snapshot; its resource id. */
  anotherCopy(): Promise<string>;
  /** After the superuser, the master user or nobody prepared the copy; then a role reads that may read everything. */
  verify(animal: Animal, copy: string, manifest: Manifest | undefined, as?: Preparer): Promise<SuiteReport>;
  close(): Promise<void>;
}

export async function openZoo(suite: RestoreSuite, major: number, checksums: boolean): Promise<Keeper> {
  const room = await makeRoom();
  const engine = await createRdsEngine({ stateDir: join(room, 'engine'), checksums });
  const servers = new Map<string, RunningServer>();
  let count = 0;
  const spec = (parameters: Readonly<Record<string, string>>): ServerSpec => ({
    ...MASTER,
    resourceId: `db-zoo-${major}-${(count += 1)}`,
    parameters: { ...PARAMETERS, ...parameters },
  });
  const close = async () => {
    await engine.close();
    await rm(room, { recursive: true, force: true });
  };
  try {
    const source = spec({});
    await engine.create({ ...source, major });
    await fill(engine, source.resourceId, major);
    await engine.setArchiving(source.resourceId, true);
    return { engine, backUp: (pace) => backUp(source.resourceId, pace), anotherCopy, verify, close };
  } catch (error) {
    await close();
    throw error;
  }

  async function backUp(source: string, pace: Pace): Promise<Backup> {
    const url = (animal: Animal) => engine.adminUrl(source, animal.name);
    const writers = pace === 'writing' ? ZOO.map((animal) => startWriter(url(animal), animal.writer)) : [];
    try {
      const rounds = async (more: number) => {
        const goals = writers.map((writer) => writer.rounds() + more);
        await until(
          'the writers write',
          () => writers.every((writer, at) => writer.rounds() >= (goals[at] ?? 0)) || undefined,
        );
      };
      await rounds(ROUNDS_BEFORE);
      const manifests = new Map<string, Manifest>();
      for (const animal of ZOO) {
        const manifest = await suite.takeManifest({
          url: url(animal),
          closedRanges: animal.closed,
          sampleAboveBytes: 1e12,
          canary: true,
          connections: 2,
        });
        manifests.set(animal.name, manifest);
      }
      await rounds(ROUNDS_BEFORE);
      const snapshotId = `zoo-${major}-${pace}`;
      await engine.snapshot(source, snapshotId);
      const replica = spec(QUARANTINE);
      servers.set(replica.resourceId, await engine.createReplica(source, replica));
      await rounds(ROUNDS_BEFORE);
      const targetMs = Date.now();
      await rounds(ROUNDS_BEFORE);
      await engine.tick(source);
      await until('the archive reaches the target', async () =>
        ((await engine.latestRestorableMs(source)) ?? 0) > targetMs ? true : undefined,
      );
      await engine.promote(replica.resourceId);
      const restored = spec(QUARANTINE);
      servers.set(restored.resourceId, await engine.restoreSnapshot(snapshotId, restored));
      const earlier = spec(QUARANTINE);
      servers.set(earlier.resourceId, await engine.restoreToTime(source, targetMs, earlier));
      return {
        manifests,
        copies: {
          snapshot: restored.resourceId,
          'point in time': earlier.resourceId,
          'promoted replica': replica.resourceId,
        },
      };
    } finally {
      for (const writer of writers) await writer.stop();
    }
  }

  async function anotherCopy(): Promise<string> {
    const copy = spec(QUARANTINE);
    servers.set(copy.resourceId, await engine.restoreSnapshot(`zoo-${major}-quiet`, copy));
    return copy.resourceId;
  }

  async function verify(
    animal: Animal,
    copy: string,
    manifest: Manifest | undefined,
    as: Preparer = 'admin',
  ): Promise<SuiteReport> {
    const port = servers.get(copy)?.port;
    if (port === undefined) throw new Error(`expected a running copy ${copy}`);
    const urlOf = (user: string, password: string) =>
      `postgres://${user}:${password}@127.0.0.1:${port}/${encodeURIComponent(animal.name)}`;
    const admin = engine.adminUrl(copy, animal.name);
    if (as !== 'nobody') {
      const url = as === 'admin' ? admin : urlOf(MASTER.masterUsername, MASTER.masterPassword);
      await suite.prepareCopy({ url, verifierPassword: PASSWORD });
    }
    return suite.verifyDatabase({
      url: urlOf(as === 'nobody' ? 'reader' : 'mainstay_verifier', PASSWORD),
      ...(manifest ? { manifest } : {}),
      connections: 2,
      checkTimeoutMs: 60_000,
      sampleAboveBytes: 1e12,
      criticalTables: [],
      allowedLosses: {},
      rules: [],
      probes: [],
      expectedSettings: QUARANTINE,
      rpoMs: 3_600_000,
      nowMs: Date.now(),
      physical: true,
    });
  }
}

/** Every table of one's own; a plain ANALYZE would go to the foreign ones, which nobody answers for. */
const ANALYSE = `DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'm') AND relispopulated AND oid >= 16384
  LOOP EXECUTE 'ANALYZE ' || name; END LOOP; END $$`;

async function fill(engine: StartedRdsEngine, source: string, major: number): Promise<void> {
  await withClient(engine.adminUrl(source, 'postgres'), async (client) => {
    await client.query(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}' IN ROLE pg_read_all_data`);
    for (const { name } of ZOO) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  });
  for (const animal of ZOO) {
    await withClient(engine.adminUrl(source, animal.name), async (client) => {
      for (const statement of animal.sql(major)) {
        await client.query(statement).catch((error: unknown) => {
          throw new Error(`${animal.name}: ${String(error)} in ${statement}`, { cause: error });
        });
      }
      await client.query('VACUUM');
      await client.query(ANALYSE);
    });
  }
}
