/** Automated backups: a base, then the log, uploaded every five minutes. */
import { setTimeout as delay } from 'node:timers/promises';
import { SECONDS } from './clock.ts';
import { addEvent, isReady, type RdsContext, resting } from './context.ts';
import { newSnapshotFolder } from './identifiers.ts';
import type { Tags } from './query-input.ts';
import { type Instance, type Region, type Snapshot, settingsOf } from './state.ts';

/** The log goes up in these; elsewhere the server may be down. */
const SERVING = new Set([
  'available',
  'storage-optimization',
  'backing-up',
  'modifying',
  'resetting-master-credentials',
]);

/** Uploads the log of the instances it watches, each in its own time, never on demand: that is what an RPO is. */
export class LogUploads {
  readonly #watched = new Map<string, AbortController>();
  readonly #everyMs: number;
  readonly #isNightly: boolean;

  constructor({ everyMs, nightly }: { readonly everyMs: number; readonly nightly: boolean }) {
    this.#everyMs = everyMs;
    this.#isNightly = nightly;
  }

  watch(context: RdsContext, instance: Instance): void {
    if (this.#watched.has(instance.resourceId)) return;
    const stop = new AbortController();
    this.#watched.set(instance.resourceId, stop);
    const signal = AbortSignal.any([stop.signal, context.clock.signal]);
    void this.#loop(context, instance, signal);
    if (this.#isNightly) nights(context, instance, signal).catch(() => undefined);
  }

  unwatch(instance: Instance): void {
    this.#watched.get(instance.resourceId)?.abort();
    this.#watched.delete(instance.resourceId);
  }

  async #loop(context: RdsContext, instance: Instance, signal: AbortSignal): Promise<void> {
    let hasFailed = false;
    while (!signal.aborted) {
      await delay(this.#everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || !SERVING.has(instance.status) || !instance.hasServer) continue;
      try {
        await context.engine.tick(instance.resourceId);
        await refreshWindow(context, instance);
        hasFailed = false;
      } catch (error) {
        // A server that is just going down for a change is no news; one that fails twice in a row is.
        const problem = error instanceof Error ? error : new Error(String(error));
        if (hasFailed && !signal.aborted) context.reportProblem(`rds log of ${instance.identifier}`, problem);
        hasFailed = !hasFailed;
      }
    }
  }
}

/** What can be restored to, as the engine has it now. */
export async function refreshWindow({ engine }: RdsContext, instance: Instance): Promise<void> {
  const { resourceId } = instance;
  const [earliest, latest] = await Promise.all([
    engine.earliestRestorableMs(resourceId),
    engine.latestRestorableMs(resourceId),
  ]);
  instance.earliestRestorableMs = earliest;
  // A base of its own can be restored to as well.
  instance.latestRestorableMs = latest ?? earliest;
}

/** Archive on, first base taken, log watched. The instance shows `backing-up` meanwhile: the caller's timeline does that. */
export async function enableBackups(context: RdsContext, region: Region, instance: Instance): Promise<void> {
  await context.engine.setArchiving(instance.resourceId, true);
  await takeAutomatedBackup(context, region, instance);
  context.logUploads.watch(context, instance);
}

export async function disableBackups(context: RdsContext, region: Region, instance: Instance): Promise<void> {
  context.logUploads.unwatch(instance);
  await context.engine.setArchiving(instance.resourceId, false);
  instance.earliestRestorableMs = undefined;
  instance.latestRestorableMs = undefined;
  await dropAutomatedSnapshots(context, region, instance.resourceId);
}

export async function takeAutomatedBackup(context: RdsContext, region: Region, instance: Instance): Promise<void> {
  const stamp = new Date().toISOString().slice(0, 16).replaceAll(/[T:]/g, '-');
  let identifier = `rds:${instance.identifier}-${stamp}`;
  for (let n = 2; region.snapshots.has(identifier); n++) identifier = `rds:${instance.identifier}-${stamp}-${n}`;
  const tags = instance.copyTagsToSnapshot ? instance.tags : {};
  const snapshot = newSnapshot(instance, { identifier, type: 'automated', tags });
  region.snapshots.set(identifier, snapshot);
  addEvent(region, 'db-instance', instance.identifier, 'backup', 'Backing up DB instance');
  try {
    await fillSnapshot(context, instance, snapshot);
  } catch (error) {
    region.snapshots.delete(identifier);
    throw error;
  }
  snapshot.status = 'available';
  snapshot.percent = 100;
  snapshot.createdAtMs = Date.now();
  snapshot.originalCreatedAtMs = snapshot.createdAtMs;
  await refreshWindow(context, instance);
  addEvent(region, 'db-instance', instance.identifier, 'backup', 'Finished DB Instance backup');
}

/** The engine's part of a snapshot. */
export async function fillSnapshot({ engine }: RdsContext, instance: Instance, snapshot: Snapshot): Promise<void> {
  const facts = await engine.snapshot(instance.resourceId, snapshot.folder);
  snapshot.sizeBytes = facts.sizeBytes;
  snapshot.databaseTimeMs = facts.databaseTimeMs;
}

/** A snapshot that is being made. */
export function newSnapshot(
  instance: Instance,
  { identifier, type, tags }: { readonly identifier: string; readonly type: Snapshot['type']; readonly tags: Tags },
): Snapshot {
  return {
    identifier,
    region: instance.region,
    folder: newSnapshotFolder(),
    type,
    status: 'creating',
    percent: 0,
    instanceIdentifier: instance.identifier,
    resourceId: instance.resourceId,
    createdAtMs: undefined,
    originalCreatedAtMs: undefined,
    databaseTimeMs: undefined,
    sizeBytes: undefined,
    settings: settingsOf(instance),
    tags,
    sourceTags: instance.tags,
    encrypted: instance.encrypted,
    kmsKeyId: instance.kmsKeyId,
    copiedFrom: undefined,
  };
}

export async function dropAutomatedSnapshots(context: RdsContext, region: Region, resourceId: string): Promise<void> {
  for (const snapshot of region.snapshots.values()) {
    if (snapshot.type !== 'automated' || snapshot.resourceId !== resourceId || snapshot.copiedFrom) continue;
    region.snapshots.delete(snapshot.identifier);
    await context.engine.deleteSnapshot(snapshot.folder);
  }
}

/** Ends by the signal, with an error. A night in which the instance is not ready has no backup. */
async function nights(context: RdsContext, instance: Instance, signal: AbortSignal): Promise<void> {
  for (;;) {
    await context.clock.wait(SECONDS.day, signal);
    if (!isReady(instance) || context.timelines.isBusy(instance)) continue;
    const work = async (): Promise<void> => {
      await context.engine.takeBase(instance.resourceId);
      const region = context.state.region(instance.region);
      await takeAutomatedBackup(context, region, instance);
      await dropOldBackups(context, region, instance);
      // Days are shortened here as everywhere.
      const keptMs = instance.backupRetentionDays * SECONDS.day * 1000 * context.clock.factor;
      await context.engine.trimArchive?.(instance.resourceId, Date.now() - keptMs);
      await refreshWindow(context, instance);
    };
    const steps = [{ status: 'backing-up', seconds: SECONDS.nightlyBackup, work }];
    await context.timelines.run(instance, steps, resting(instance), (error) => {
      context.reportProblem(`rds nightly backup of ${instance.identifier}`, error);
      return resting(instance)();
    });
  }
}

/** As many are kept as the retention has days. */
async function dropOldBackups(context: RdsContext, region: Region, instance: Instance): Promise<void> {
  const kept = [...region.snapshots.values()].filter(
    ({ type, resourceId }) => type === 'automated' && resourceId === instance.resourceId,
  );
  for (const snapshot of kept.slice(0, Math.max(0, kept.length - instance.backupRetentionDays))) {
    region.snapshots.delete(snapshot.identifier);
    await context.engine.deleteSnapshot(snapshot.folder);
  }
}
