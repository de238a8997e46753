/** Restore to a point in time: the newest base before it, then the WAL of the archive up to it. */
import { join } from 'node:path';
import { isCoded } from '../../../../errors/coded-error.ts';
import type { Base } from './archives.ts';
import { copyResting } from './base-copy.ts';
import type { EngineContext } from './context.ts';
import { makeFolder, writeFor } from './places.ts';
import type { RunningServer, ServerSpec } from './port.ts';
import { RestoreLimitError } from './restore-limit-error.ts';
import { clearPlace, factsFor, type ServerFacts } from './servers.ts';
import { restoreCommand } from './settings.ts';

export interface ArchiveView {
  latestRestorableMs(resourceId: string): Promise<number | undefined>;
  /** Oldest first. */
  reachableBases(resourceId: string): Promise<Base[]>;
}

type RestoreToTime = (source: string, target: number | 'latest', spec: ServerSpec) => Promise<RunningServer>;

export function createRestoreToTime(
  { places, servers, recoveryLimitMs }: EngineContext,
  archive: ArchiveView,
): RestoreToTime {
  return async (source, target, spec) => {
    const base = await baseFor(source, target);
    await clearPlace(places, servers, spec.resourceId);
    await makeFolder(places.server(spec.resourceId), places.account);
    await copyResting(join(base.folder, 'data'), places.data(spec.resourceId), places.account);
    const facts = factsFor(spec, base.major);
    await recover(source, target, facts);
    const running = await servers.start(facts);
    await servers.save({ ...facts, port: running.port });
    return running;
  };

  async function baseFor(source: string, target: number | 'latest'): Promise<Base> {
    const bases = await archive.reachableBases(source);
    const latestMs = await archive.latestRestorableMs(source);
    const [oldest] = bases;
    const wished = `restore of ${places.archive(source)} to ${target === 'latest' ? target : iso(target)}`;
    if (!oldest) throw new RestoreLimitError('noArchive', `${wished}: expected an archive with a base, found none`);
    if (target !== 'latest' && target < oldest.stoppedMs)
      throw new RestoreLimitError('beforeEarliest', `${wished}: expected a time from ${iso(oldest.stoppedMs)} on`);
    if (target !== 'latest' && (latestMs === undefined || target > latestMs))
      throw new RestoreLimitError(
        'afterLatest',
        `${wished}: expected a time up to ${latestMs === undefined ? 'the first archived commit, found none' : iso(latestMs)}`,
      );
    const before = bases.filter((base) => target === 'latest' || base.stoppedMs <= target);
    return before.at(-1) ?? oldest;
  }

  /**
   * Recovery by a server that nobody is told of: read-only connections are refused, nothing is archived, no subscription
   * runs. It ends, and the real start has none of its settings.
   */
  async function recover(source: string, target: number | 'latest', facts: ServerFacts): Promise<void> {
    const { resourceId } = facts;
    const settings = {
      restore_command: restoreCommand(join(places.archive(source), 'wal')),
      // Another timeline in the archive is that of a copy that archived there: its rows are not the source's.
      recovery_target_timeline: 'current',
      ...(target === 'latest' ? {} : { recovery_target_time: iso(target), recovery_target_action: 'promote' }),
      hot_standby: 'off',
      archive_mode: 'off',
      max_logical_replication_workers: '0',
    };
    await servers.writeConfig(facts);
    await writeFor(places.account, join(places.data(resourceId), 'recovery.signal'), '');
    try {
      const launched = await servers.launchOnce(facts, 'recovery.log', { settings, limitMs: recoveryLimitMs });
      await servers.stop(resourceId);
      launched.callOff();
    } catch (error) {
      await servers.end(resourceId);
      throw limitOf(error) ?? error;
    }
  }
}

/** What the checks before could not see, as the server says it. */
function limitOf(error: unknown): RestoreLimitError | undefined {
  if (!isCoded(error)) return undefined;
  if (error.message.includes('recovery ended before configured recovery target'))
    return new RestoreLimitError('afterLatest', error.message);
  if (error.message.includes('before consistent recovery point'))
    return new RestoreLimitError('beforeEarliest', error.message);
  return undefined;
}

/** With an offset: without one the server's time zone would decide. */
function iso(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '+00');
}
