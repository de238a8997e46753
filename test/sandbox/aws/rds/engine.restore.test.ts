import { readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processesOf } from '../../../../src/sandbox/aws/rds/engine/processes.ts';
import { RestoreLimitError } from '../../../../src/sandbox/aws/rds/engine/restore-limit-error.ts';
import { until } from '../../../harness/until.ts';
import { type EngineLab, MASTER, newId, openEngineLab, specOf, startWriter } from './engine-lab.ts';

const SECOND = 1_000;
const IDENTITY = `SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
  (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline`;

let lab: EngineLab;

beforeAll(async () => {
  lab = await openEngineLab();
});

afterAll(() => lab.close());

function portOf(resourceId: string): number {
  return Number(new URL(lab.engine.adminUrl(resourceId)).port);
}

/** What a refused restore says. */
async function limitOf(restoring: Promise<unknown>): Promise<string> {
  const error = await restoring.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof RestoreLimitError ? error.limit : `no limit: ${String(error)}`;
}

describe.each([18, 15])('Postgres %i', (major) => {
  const source = newId('source');
  let isMissing = false;

  beforeAll(async () => {
    isMissing = !(await lab.engine.majors()).includes(major);
    if (isMissing && process.env.CI) throw new Error(`Postgres ${major} is required in CI`);
    if (!isMissing) await lab.createNotes(source, major);
  });

  beforeEach((context) => {
    context.skip(isMissing, `no programs of Postgres ${major} here`);
  });

  it('gives a master user that is no superuser and may install amcheck and pass it on', async () => {
    const url = lab.engine.adminUrl(source, 'crm');
    const master = new pg.Client(url.replace(/rdsadmin:[^@]+@/, `${MASTER.masterUsername}:${MASTER.masterPassword}@`));
    await master.connect();
    try {
      const rights = 'SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user';
      expect((await master.query(rights)).rows).toEqual([
        { rolsuper: false, rolcreaterole: true, rolbypassrls: false },
      ]);
      await master.query(`CREATE SCHEMA checks; CREATE EXTENSION amcheck SCHEMA checks; CREATE ROLE verifier;
        GRANT USAGE ON SCHEMA checks TO verifier; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA checks TO verifier;
        GRANT pg_read_all_data TO verifier; GRANT verifier TO boss; SET ROLE verifier`);
      await master.query(`SELECT checks.bt_index_check('notes_pkey'::regclass, true)`);
      await expect(master.query(`SELECT pg_read_file('/etc/passwd')`)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await master.end();
    }
    expect(await lab.ask(source, 'SHOW data_checksums')).toEqual([{ data_checksums: 'on' }]);
    expect(await lab.ask(source, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  });

  it('snapshots a server that is written to: a restored copy of the copy is consistent', async () => {
    await lab.ask(source, 'CREATE TABLE pairs (side text, n int, filler text); CREATE INDEX pairs_n ON pairs (n)');
    const writer = await startWriter(lab.engine.adminUrl(source, 'crm'));
    const [first, second, copy] = [newId('rds:taken'), newId('eu-west-1/copied'), newId('restored')];
    try {
      await until('it writes', () => writer.commits() > 20 || undefined);
      const before = writer.commits();
      const facts = await lab.engine.snapshot(source, first);
      await until('it goes on', () => writer.commits() > before + 20 || undefined);
      expect(facts.major).toBe(major);
      expect(facts.sizeBytes).toBeGreaterThan(10_000_000);
      expect(await lab.engine.copySnapshot(first, second)).toEqual(facts);
      await lab.engine.deleteSnapshot(first);
      await expect(stat(lab.engine.snapshotFolder(first))).rejects.toThrow('ENOENT');
      await lab.engine.restoreSnapshot(second, specOf(copy));
      const [seen] = await lab.ask<{ rows: number; newest: number; left: number; recovering: boolean }>(
        copy,
        `SELECT count(*)::int AS rows, max(n) AS newest, count(*) FILTER (WHERE side = 'left')::int AS "left",
          pg_is_in_recovery() AS recovering FROM pairs`,
      );
      const newest = seen?.newest ?? 0;
      expect(seen).toEqual({ recovering: false, rows: 2 * newest, left: newest, newest });
      expect(newest).toBeGreaterThanOrEqual(before);
      await lab.ask(copy, `SELECT checks.bt_index_check('pairs_n'::regclass, true)`);
    } finally {
      await writer.end();
    }
    await lab.engine.destroy(copy);
  });

  it('says why a snapshot does not start that lost its WAL, and leaves no process', async () => {
    const [taken, copy] = [newId('taken'), newId('broken')];
    await lab.engine.snapshot(source, taken);
    await rm(join(lab.engine.snapshotFolder(taken), 'pg_wal'), { recursive: true });
    await expect(lab.engine.restoreSnapshot(taken, specOf(copy))).rejects.toThrow(/FATAL.*(checkpoint|pg_wal)/);
    expect(await processesOf(lab.engine.dataFolder(copy))).toEqual({ postmaster: undefined, others: [] });
    await lab.engine.destroy(copy);
    expect(await readdir(join(lab.engine.home, 'servers'))).not.toContain(copy);
  });

  it('restores to a second between two commits, and refuses what the archive does not reach', async () => {
    const [early, late] = [newId('early'), newId('late')];
    expect(await limitOf(lab.engine.restoreToTime(source, 'latest', specOf(early)))).toBe('noArchive');
    await lab.engine.setArchiving(source, true);
    expect(await lab.ask(source, 'SHOW archive_mode')).toEqual([{ archive_mode: 'on' }]);
    const earliest = (await lab.engine.earliestRestorableMs(source)) ?? 0;
    await lab.note(source, 'one');
    const second = Math.ceil((Date.now() + 10) / SECOND) * SECOND;
    await until('the second has passed', () => Date.now() > second + 10 || undefined);
    await lab.note(source, 'two');
    await lab.engine.tick(source);
    const latest = (await lab.engine.latestRestorableMs(source)) ?? 0;
    expect(latest).toBeGreaterThan(second);

    await lab.engine.restoreToTime(source, second, specOf(early));
    expect(await lab.notes(early)).toEqual(['one']);
    // The idle database, to its very limit; and it can be written to, on a timeline of its own.
    await lab.engine.restoreToTime(source, latest, specOf(late));
    expect(await lab.notes(late)).toEqual(['one', 'two']);
    await lab.note(late, 'three');
    expect(await lab.ask(late, IDENTITY)).not.toEqual(await lab.ask(source, IDENTITY));
    expect(await lab.ask(late, 'SHOW recovery_target_time')).toEqual([{ recovery_target_time: '' }]);

    const other = specOf(newId('refused'));
    expect(await limitOf(lab.engine.restoreToTime(source, earliest - 1, other))).toBe('beforeEarliest');
    expect(await limitOf(lab.engine.restoreToTime(source, latest + 1, other))).toBe('afterLatest');
    expect(await limitOf(lab.engine.restoreToTime('unknown', latest, other))).toBe('noArchive');
    await lab.engine.destroy(early);
    await lab.engine.destroy(late);
  });

  it('keeps the archive of a copy apart: the latest of the source has none of its rows', async () => {
    const [copy, again, fromBase] = [newId('copy'), newId('again'), newId('from-base')];
    await lab.engine.restoreToTime(source, 'latest', specOf(copy));
    await lab.engine.setArchiving(copy, true);
    await lab.note(copy, 'of the copy');
    await lab.engine.tick(copy);
    await lab.note(source, 'of the source');
    await lab.engine.tick(source);
    await lab.engine.restoreToTime(source, 'latest', specOf(again));
    expect(await lab.notes(again)).toEqual(['one', 'two', 'of the source']);
    const archived = await readdir(join(lab.engine.home, 'archives', source, 'wal'));
    expect(archived.filter((name) => !name.startsWith('00000001'))).toEqual([]);
    // The copy is a source of its own: from its base on, along its timeline.
    await lab.engine.restoreToTime(copy, 'latest', specOf(fromBase));
    expect(await lab.notes(fromBase)).toEqual(['one', 'two', 'of the copy']);
    for (const id of [copy, again, fromBase]) await lab.engine.destroy(id);
    // What was archived outlives the server, until it is forgotten.
    expect(await lab.engine.latestRestorableMs(copy)).toBeGreaterThan(0);
    await lab.engine.forget(copy);
    expect(await lab.engine.latestRestorableMs(copy)).toBeUndefined();
  });

  it('forgets what is older than the retention, and restores from a later base', async () => {
    const [before, copy] = [(await lab.engine.earliestRestorableMs(source)) ?? 0, newId('later')];
    await lab.engine.takeBase(source);
    await lab.engine.tick(source);
    const latest = (await lab.engine.latestRestorableMs(source)) ?? 0;
    await lab.engine.trimArchive(source, latest);
    const earliest = (await lab.engine.earliestRestorableMs(source)) ?? 0;
    expect(earliest).toBeGreaterThan(before);
    expect(await limitOf(lab.engine.restoreToTime(source, before, specOf(copy)))).toBe('beforeEarliest');
    await lab.engine.restoreToTime(source, latest, specOf(copy));
    expect(await lab.notes(copy)).toEqual(['one', 'two', 'of the source']);
    await lab.engine.destroy(copy);
  });

  it('streams to a replica, which is then promoted and goes its own way', async () => {
    const [replica, copy, taken] = [newId('replica'), newId('of-replica'), newId('taken')];
    await expect(lab.engine.createReplica(source, specOf(replica, { max_connections: '20' }))).rejects.toThrow(
      'expected max_connections of at least 100',
    );
    await lab.engine.createReplica(source, specOf(replica));
    await lab.note(source, 'streamed');
    await until('it is replayed', async () => (await lab.notes(replica)).includes('streamed') || undefined);
    const state = await lab.engine.replicaState(replica);
    expect(state).toMatchObject({ streaming: true });
    expect(state.replayLagBytes).toBeLessThan(1_000_000);
    expect(Math.abs((state.lastReplayedCommitMs ?? 0) - Date.now())).toBeLessThan(60 * SECOND);
    await expect(lab.note(replica, 'refused')).rejects.toMatchObject({ code: '25006' });
    // A snapshot of a replica is one too.
    await lab.engine.snapshot(replica, taken);
    await lab.engine.restoreSnapshot(taken, specOf(copy));
    expect(await lab.notes(copy)).toContain('streamed');
    await lab.engine.destroy(copy);

    // The source comes back on another port, because its own is taken: its replica is told.
    const port = portOf(source);
    await lab.engine.stop(source);
    const squatter = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
    try {
      expect(await lab.engine.start(source)).not.toMatchObject({ port });
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
    await lab.note(source, 'from elsewhere');
    await until('it follows', async () => (await lab.notes(replica)).includes('from elsewhere') || undefined);

    await lab.engine.promote(replica);
    await lab.note(replica, 'of the replica');
    await lab.note(source, 'of the old primary');
    expect(await lab.notes(replica)).not.toContain('of the old primary');
    expect(await lab.notes(source)).not.toContain('of the replica');
    const [here] = await lab.ask(source, IDENTITY);
    const [there] = await lab.ask(replica, `CHECKPOINT; ${IDENTITY}`).then(() => lab.ask(replica, IDENTITY));
    expect(there?.system).toBe(here?.system);
    expect(there?.timeline).toBe(here?.timeline + 1);
    expect(await lab.ask(source, 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
    await lab.engine.destroy(replica);
  });

  it('changes parameters and password', async () => {
    expect(await lab.engine.setParameters(source, { work_mem: '8MB', max_connections: '50' })).toEqual([
      'max_connections',
    ]);
    expect(await lab.ask(source, 'SHOW work_mem')).toEqual([{ work_mem: '8MB' }]);
    await expect(lab.engine.setParameters(source, { work_mem: 'much' })).rejects.toMatchObject({
      code: 'InvalidInput',
    });
    await lab.engine.restart(source);
    expect(await lab.ask(source, 'SHOW max_connections')).toEqual([{ max_connections: '50' }]);
    expect(await lab.ask(source, 'SHOW work_mem')).toEqual([{ work_mem: '8MB' }]);
    await lab.engine.setMasterPassword(source, `it's "new"`);
    const client = new pg.Client({
      port: portOf(source),
      host: '127.0.0.1',
      database: 'crm',
      user: 'boss',
      password: `it's "new"`,
    });
    await client.connect();
    await client.end();
  });

  it('comes up again after a kill -9 of its postmaster, and leaves nothing when destroyed', async () => {
    const dataDir = lab.engine.dataFolder(source);
    const kept = await lab.notes(source);
    const { postmaster } = await processesOf(dataDir);
    process.kill(postmaster ?? 0, 'SIGKILL');
    await until('it was told', () => lab.problems.some(({ resourceId }) => resourceId === source) || undefined);
    expect(() => lab.engine.adminUrl(source)).toThrow('expected a running server');
    await lab.engine.start(source);
    expect(await lab.notes(source)).toEqual(kept);
    await lab.engine.destroy(source);
    expect(await processesOf(dataDir)).toEqual({ postmaster: undefined, others: [] });
    expect(await readdir(join(lab.engine.home, 'servers'))).not.toContain(source);
    await lab.engine.destroy(source);
    await lab.engine.forget(source);
    expect(await readdir(join(lab.engine.home, 'archives'))).not.toContain(source);
  });
});

it('refuses a version that is not there', async () => {
  const creating = lab.engine.create({ ...specOf(newId('old')), major: 9 });
  await expect(creating).rejects.toMatchObject({
    code: 'NotFound',
    message: expect.stringContaining('Postgres 9: expected its programs'),
  });
});
