/** Archives of WAL, one a resource id, the bases they start from, and restoring to a point in time from both. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../../../errors/coded-error.ts';
import { asAdmin, one } from './admin.ts';
import { type BaseFacts, copyRunning, walRangeOf } from './base-copy.ts';
import type { EngineContext } from './context.ts';
import { isThere, makeFolder, readFacts, removeFolder, writeFor } from './places.ts';
import type { RdsEngine } from './port.ts';
import { createRestoreToTime } from './restore-to-time.ts';
import { fillFolder } from './snapshots.ts';
import { parseWalName, walName } from './wal-names.ts';

type Calls = Required<
  Pick<
    RdsEngine,
    | 'setArchiving'
    | 'takeBase'
    | 'tick'
    | 'latestRestorableMs'
    | 'earliestRestorableMs'
    | 'trimArchive'
    | 'forget'
    | 'restoreToTime'
  >
>;

const ARCHIVED_LIMIT_MS = 30_000;
const POLL_MS = 15;

export interface Base extends BaseFacts {
  readonly folder: string;
}

export function createArchives(context: EngineContext): Calls {
  const { places, servers, inTurn } = context;
  const restoreToTime = createRestoreToTime(context, { latestRestorableMs, reachableBases });
  return {
    setArchiving: (id, on) => inTurn(id, () => setArchiving(id, on)),
    takeBase: (id) => inTurn(id, () => takeBase(id)),
    tick: (id) => inTurn(`tick ${id}`, () => tick(id)),
    latestRestorableMs,
    earliestRestorableMs,
    trimArchive: (id, keepFromMs) => inTurn(id, () => trimArchive(id, keepFromMs)),
    forget: (id) => inTurn(id, () => forget(id)),
    restoreToTime: (source, target, spec) => inTurn(spec.resourceId, () => restoreToTime(source, target, spec)),
  };

  async function setArchiving(resourceId: string, on: boolean): Promise<void> {
    const facts = await servers.factsOf(resourceId);
    if (on && facts.follows)
      throw new CodedError(
        'PreconditionFailed',
        `Postgres in ${places.data(resourceId)}: a replica does not archive: promote it first`,
      );
    if (on !== facts.isArchiving) {
      // An archive of before has a gap now.
      await forget(resourceId);
      if (on) await makeFolder(walFolder(resourceId), places.account);
      const changed = { ...facts, isArchiving: on };
      const wasUp = servers.isUp(resourceId);
      if (wasUp) await servers.stop(resourceId);
      await servers.save(changed);
      if (wasUp) await servers.start(changed);
    }
    if (on && (await basesOf(resourceId)).length === 0) await takeBase(resourceId);
  }

  async function takeBase(resourceId: string): Promise<void> {
    const facts = await servers.factsOf(resourceId);
    if (!facts.isArchiving)
      throw new CodedError(
        'PreconditionFailed',
        `Postgres in ${places.data(resourceId)}: expected archiving on, found it off`,
      );
    const admin = servers.target(resourceId);
    const { account } = places;
    const { major } = facts;
    const folder = join(places.archive(resourceId), 'bases', String(Date.now()));
    const base = await fillFolder(places, folder, (fresh) =>
      copyRunning({ resourceId, major, admin, account, dataDir: places.data(resourceId), target: join(fresh, 'data') }),
    );
    await untilArchived(resourceId, walName(base.timeline, walRangeOf(base).last, base.segmentBytes));
  }

  /** A commit, whose time is then the newest that can be restored to, and a new file, so that it is archived. */
  async function tick(resourceId: string): Promise<void> {
    const facts = await servers.factsOf(resourceId);
    if (!facts.isArchiving || facts.follows) return;
    const { atMs, wal } = await asAdmin(servers.target(resourceId), async (client) => {
      await client.query('BEGIN');
      const at = await one(client, `SELECT extract(epoch FROM clock_timestamp()) * 1000`);
      await client.query(`SELECT pg_logical_emit_message(true, 'tick', '')`);
      await client.query('COMMIT');
      const name = await one(client, 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
      await client.query('SELECT pg_switch_wal()');
      return { atMs: Number(at), wal: name ?? '' };
    });
    await untilArchived(resourceId, wal);
    // Earlier than the commit: recovery stops before the first commit after its target, so it needs one.
    const latestMs = Math.floor(atMs) - 1;
    if (latestMs > ((await latestRestorableMs(resourceId)) ?? 0))
      await writeFor(places.account, tickFile(resourceId), JSON.stringify({ latestMs }));
  }

  async function latestRestorableMs(resourceId: string): Promise<number | undefined> {
    return (await readFacts<{ latestMs: number }>(tickFile(resourceId)))?.latestMs;
  }

  async function earliestRestorableMs(resourceId: string): Promise<number | undefined> {
    return (await reachableBases(resourceId))[0]?.stoppedMs;
  }

  async function trimArchive(resourceId: string, keepFromMs: number): Promise<void> {
    const bases = await basesOf(resourceId);
    const first = bases.findLast((base) => base.stoppedMs <= keepFromMs) ?? bases[0];
    if (!first) return;
    for (const base of bases) if (base.stoppedMs < first.stoppedMs) await removeFolder(base.folder);
    const oldest = walRangeOf(first).first;
    for (const name of await readdir(walFolder(resourceId))) {
      const file = parseWalName(name, first.segmentBytes);
      if (file?.timeline === first.timeline && file.number < oldest)
        await removeFolder(join(walFolder(resourceId), name));
    }
  }

  async function forget(resourceId: string): Promise<void> {
    await removeFolder(places.archive(resourceId));
  }

  /** Oldest first. */
  async function basesOf(resourceId: string): Promise<Base[]> {
    const parent = join(places.archive(resourceId), 'bases');
    const names = (await isThere(parent)) ? await readdir(parent) : [];
    const found = await Promise.all(
      names
        .filter((name) => !name.endsWith('.new'))
        .map(async (name) => ({
          folder: join(parent, name),
          facts: await readFacts<BaseFacts>(join(parent, name, 'base.json')),
        })),
    );
    return found
      .flatMap(({ folder, facts }) => (facts ? [{ ...facts, folder }] : []))
      .toSorted((a, b) => a.stoppedMs - b.stoppedMs);
  }

  /** Bases from which the archive goes on without a gap to its end. Oldest first. */
  async function reachableBases(resourceId: string): Promise<Base[]> {
    const bases = await basesOf(resourceId);
    const [any] = bases;
    if (!any) return [];
    const names = await readdir(walFolder(resourceId)).catch(() => []);
    const files = names.flatMap((name) => parseWalName(name, any.segmentBytes) ?? []);
    const there = new Set(files.map(({ timeline, number }) => `${timeline}/${number}`));
    const isWhole = (base: Base) => {
      const mine = files.filter(({ timeline }) => timeline === base.timeline).map(({ number }) => number);
      const last = mine.reduce((a, b) => (a > b ? a : b), 0n);
      const { first } = walRangeOf(base);
      for (let number = first; number <= last; number++) if (!there.has(`${base.timeline}/${number}`)) return false;
      return last >= first;
    };
    return bases.filter(isWhole);
  }

  async function untilArchived(resourceId: string, wal: string): Promise<void> {
    const path = join(walFolder(resourceId), wal);
    const deadlineMs = Date.now() + ARCHIVED_LIMIT_MS;
    while (!(await isThere(path))) {
      if (Date.now() > deadlineMs)
        throw new CodedError(
          'Timeout',
          `archive of WAL: expected ${path} within ${ARCHIVED_LIMIT_MS / 1000} s, found none`,
        );
      await delay(POLL_MS);
    }
  }

  function walFolder(resourceId: string): string {
    return join(places.archive(resourceId), 'wal');
  }

  function tickFile(resourceId: string): string {
    return join(places.archive(resourceId), 'tick.json');
  }
}
