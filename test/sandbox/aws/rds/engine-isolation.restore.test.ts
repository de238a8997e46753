import { spawn } from 'node:child_process';
import { readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRdsEngine } from '../../../../src/sandbox/aws/rds/engine/create-engine.ts';
import { processesOf } from '../../../../src/sandbox/aws/rds/engine/processes.ts';
import { makeReachableFolder } from '../../../harness/postgres.ts';
import { until } from '../../../harness/until.ts';
import { type EngineLab, newId, openEngineLab, specOf } from './engine-lab.ts';

const ENGINE_MODULE = fileURLToPath(
  new URL('../../../../src/sandbox/aws/rds/engine/create-engine.ts', import.meta.url),
);
const QUARANTINE = { max_logical_replication_workers: '0' };

describe('a subscription in a restored copy', () => {
  const [publisher, subscriber, snapshot] = [newId('publisher'), newId('subscriber'), newId('taken')];
  let lab: EngineLab;

  beforeAll(async () => {
    lab = await openEngineLab();
    await Promise.all([
      lab.createNotes(publisher, 18, { 'rds.logical_replication': '1' }),
      lab.createNotes(subscriber, 18),
    ]);
    await lab.ask(publisher, 'CREATE PUBLICATION all_notes FOR TABLE notes');
    const url = lab.engine.adminUrl(publisher, 'crm');
    await lab.ask(subscriber, `CREATE SUBSCRIPTION of_notes CONNECTION '${url}' PUBLICATION all_notes`);
    await lab.note(publisher, 'before');
    await until('the subscriber has it', async () => (await lab.notes(subscriber)).length === 1 || undefined);
    await lab.engine.snapshot(subscriber, snapshot);
    // The real one is away, as for maintenance: its slot waits for it.
    await lab.engine.stop(subscriber);
  });

  afterAll(() => lab?.close());

  const slot = async () =>
    (await lab.ask(publisher, 'SELECT active, confirmed_flush_lsn::text AS until FROM pg_replication_slots'))[0];

  it('does not run with max_logical_replication_workers=0 given at the start', async () => {
    const copy = newId('quarantined');
    await until('the slot is free', async () => ((await slot())?.active === false ? true : undefined));
    const before = await slot();
    await lab.note(publisher, 'for the real one');
    await lab.engine.restoreSnapshot(snapshot, specOf(copy, QUARANTINE));
    expect(await lab.ask(copy, 'SELECT subenabled FROM pg_subscription')).toEqual([{ subenabled: true }]);
    const workers = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%'`;
    expect(await lab.ask(copy, workers)).toEqual([{ n: 0 }]);
    expect(await slot()).toEqual(before);
    expect(await lab.notes(copy)).toEqual(['before']);
    await lab.engine.destroy(copy);
    await lab.engine.start(subscriber);
    await until('the real one has it', async () => (await lab.notes(subscriber)).length === 2 || undefined);
  });

  it('takes the rows of the real subscriber without it', async () => {
    const copy = newId('loose');
    await lab.engine.stop(subscriber);
    await lab.note(publisher, 'lost');
    await lab.engine.restoreSnapshot(snapshot, specOf(copy));
    await until('the copy has taken it', async () => (await lab.notes(copy)).includes('lost') || undefined);
    const taken = await lab.ask(publisher, 'SELECT pg_current_wal_lsn()::text AS lsn');
    await until('and said so', async () => {
      const [row] = await lab.ask<{ gone: boolean }>(
        publisher,
        `SELECT confirmed_flush_lsn >= '${taken[0]?.lsn}'::pg_lsn AS gone FROM pg_replication_slots`,
      );
      return row?.gone || undefined;
    });
    await lab.engine.destroy(copy);
    await lab.engine.start(subscriber);
    await lab.note(publisher, 'after');
    await until('the real one goes on', async () => (await lab.notes(subscriber)).includes('after') || undefined);
    expect(await lab.notes(subscriber)).toEqual(['before', 'for the real one', 'after']);
  });
});

describe('the processes of an engine', () => {
  const folders: string[] = [];

  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  async function makeStateDir(): Promise<string> {
    const folder = await makeReachableFolder();
    folders.push(folder);
    return join(folder, 'rds');
  }

  it('end when it is closed, also one that is just starting; the folder can then be opened again', async () => {
    const stateDir = await makeStateDir();
    const [first, second] = [newId('first'), newId('second')];
    const engine = await createRdsEngine({ stateDir });
    await engine.create({ ...specOf(first), major: 18 });
    await expect(createRdsEngine({ stateDir })).rejects.toMatchObject({ code: 'PreconditionFailed' });
    const starting = engine.create({ ...specOf(second), major: 18 }).then(
      () => 'created',
      () => 'refused',
    );
    await until('it begins', async () =>
      (await readdir(join(engine.home, 'servers'))).length === 2 ? true : undefined,
    );
    await engine.close();
    await starting;
    expect(await processesBelow(engine.home)).toEqual([]);
    await expect(engine.start(first)).rejects.toMatchObject({ code: 'PreconditionFailed' });

    const again = await createRdsEngine({ stateDir });
    try {
      await again.start(first);
      expect((await processesOf(again.dataFolder(first))).postmaster).toBeGreaterThan(0);
    } finally {
      await again.close();
    }
    expect(await processesBelow(engine.home)).toEqual([]);
  });

  it('end when the process of the engine is killed with -9', async () => {
    const stateDir = await makeStateDir();
    const id = newId('orphan');
    const script = `import { createRdsEngine } from ${JSON.stringify(ENGINE_MODULE)};
      const engine = await createRdsEngine({ stateDir: ${JSON.stringify(stateDir)} });
      await engine.create(${JSON.stringify({ ...specOf(id), major: 18 })});
      console.log(engine.home);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const home = await until('the server runs', () => /^(.+)\n/.exec(said)?.[1], 60_000);
      expect((await processesBelow(home)).length).toBeGreaterThan(3);
      child.kill('SIGKILL');
      await until('its processes ended', async () => ((await processesBelow(home)).length === 0 ? true : undefined));
    } finally {
      child.kill('SIGKILL');
    }
  });
});

/** Processes that work in the folder or below it. */
async function processesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (cwd.startsWith(folder)) found.push(`${pid} in ${cwd}`);
  }
  return found;
}
