/** Whether a worker polls. The server remembers pollers: a killed one is seen as gone only after its poll would have ended. */
import { setTimeout as delay } from 'node:timers/promises';
import { readPinnedRuns, readWorkers } from '../clients/temporal/workers.ts';
import type { WorkerFacts } from '../core/model/workers.ts';
import {
  assessPresence,
  findOrphans,
  type Orphans,
  type WantedBuild,
  type WorkerPresence,
} from '../core/workers/assess-workers.ts';
import { call, type Session } from './session.ts';

export { START_A_WORKER, type WorkerPresence } from '../core/workers/assess-workers.ts';

/** Pollers of every task queue that a deployment needs. */
export function askWorkers(session: Session): Promise<WorkerFacts> {
  return call(session, () => readWorkers(session));
}

/** Whether someone polls who would take it: a new operation, or a run that is pinned to a build. */
export async function workerPresence(session: Session, wanted?: WantedBuild): Promise<WorkerPresence> {
  return assessPresence(await askWorkers(session), wanted);
}

/** Running operations that are pinned to a build which nobody polls. A server without such a question has none. */
export async function askOrphans(session: Session, facts: WorkerFacts): Promise<readonly Orphans[]> {
  try {
    return findOrphans(facts, await call(session, () => readPinnedRuns(session.client)));
  } catch {
    return [];
  }
}

/** Who could go on with a run: its own build when it is pinned to one. */
export function wantedBuild({ pinnedBuild }: { readonly pinnedBuild?: string }): WantedBuild {
  return pinnedBuild === undefined ? { of: 'any' } : { of: 'build', buildId: pinnedBuild };
}

const LOOK_AGAIN_MS = 500;

/** The same, with a little patience for a worker that is just starting. */
export async function awaitWorker(session: Session, withinMs: number): Promise<WorkerPresence> {
  const until = Date.now() + withinMs;
  for (;;) {
    const presence = await workerPresence(session);
    if (presence.polls || Date.now() >= until) return presence;
    await delay(LOOK_AGAIN_MS);
  }
}
