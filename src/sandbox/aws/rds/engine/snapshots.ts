/** Snapshots: a folder each, whole or not there. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../../../../errors/coded-error.ts';
import { type BaseFacts, copyResting, copyRunning } from './base-copy.ts';
import type { EngineContext } from './context.ts';
import { isThere, makeFolder, type Places, readFacts, removeFolder, sizeOf, writeFor } from './places.ts';
import type { RdsEngine, RunningServer, ServerSpec, SnapshotFacts } from './port.ts';
import { clearPlace, factsFor } from './servers.ts';

type Calls = Pick<RdsEngine, 'snapshot' | 'copySnapshot' | 'deleteSnapshot' | 'snapshotFolder' | 'restoreSnapshot'>;

export function createSnapshots({ places, servers, inTurn }: EngineContext): Calls {
  return {
    snapshot: (resourceId, id) => inTurn(`snapshot ${id}`, () => inTurn(resourceId, () => take(resourceId, id))),
    copySnapshot: (from, to) => inTurn(`snapshot ${to}`, () => copy(from, to)),
    deleteSnapshot: (id) => inTurn(`snapshot ${id}`, () => removeFolder(places.snapshot(id))),
    snapshotFolder: (id) => join(places.snapshot(id), 'data'),
    restoreSnapshot: (id, spec) => inTurn(spec.resourceId, () => restore(id, spec)),
  };

  async function take(resourceId: string, id: string): Promise<SnapshotFacts> {
    const { major } = await servers.factsOf(resourceId);
    const admin = servers.target(resourceId);
    const dataDir = places.data(resourceId);
    return fill(id, async (fresh) => {
      const { account } = places;
      return copyRunning({ resourceId, major, admin, account, dataDir, target: join(fresh, 'data') });
    });
  }

  async function copy(from: string, to: string): Promise<SnapshotFacts> {
    const facts = await baseOf(from);
    return fill(to, async (fresh) => {
      await copyResting(join(places.snapshot(from), 'data'), join(fresh, 'data'), places.account);
      return facts;
    });
  }

  /** Appears under its name when it is complete. */
  async function fill(id: string, body: (fresh: string) => Promise<BaseFacts>): Promise<SnapshotFacts> {
    const folder = places.snapshot(id);
    if (await isThere(folder))
      throw new CodedError('PreconditionFailed', `RDS engine: expected no snapshot in ${folder}, found one`);
    const facts = await fillFolder(places, folder, body);
    return { sizeBytes: await sizeOf(join(folder, 'data')), major: facts.major, databaseTimeMs: facts.completeUntilMs };
  }

  async function restore(id: string, spec: ServerSpec): Promise<RunningServer> {
    const { major } = await baseOf(id);
    await clearPlace(places, servers, spec.resourceId);
    await makeFolder(places.server(spec.resourceId), places.account);
    await copyResting(join(places.snapshot(id), 'data'), places.data(spec.resourceId), places.account);
    const facts = factsFor(spec, major);
    const running = await servers.start(facts);
    await servers.save({ ...facts, port: running.port });
    return running;
  }

  async function baseOf(id: string): Promise<BaseFacts> {
    const facts = await readFacts<BaseFacts>(join(places.snapshot(id), 'base.json'));
    if (facts) return facts;
    throw new CodedError('NotFound', `RDS engine: expected snapshot ${places.snapshot(id)}, found none`);
  }
}

/** Fills `<folder>.new` with `data/` and `base.json`, then gives it its name. */
export async function fillFolder(
  places: Places,
  folder: string,
  body: (fresh: string) => Promise<BaseFacts>,
): Promise<BaseFacts> {
  const fresh = `${folder}.new`;
  await removeFolder(fresh);
  await makeFolder(fresh, places.account);
  try {
    const facts = await body(fresh);
    await writeFor(places.account, join(fresh, 'base.json'), JSON.stringify(facts, undefined, 2));
    await rename(fresh, folder);
    return facts;
  } catch (error) {
    await removeFolder(fresh);
    throw error;
  }
}
