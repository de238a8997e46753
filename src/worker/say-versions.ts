/** What the worker says about builds: that its own is current, and which operations wait for one that nobody polls. */
import type { Client } from '@temporalio/client';
import { makeCurrent } from '../clients/temporal/make-current.ts';
import { readPinnedRuns, readWorkers, type WorkerQuestion } from '../clients/temporal/workers.ts';
import { adviseOrphans, describeOrphans, findOrphans, makeCurrentCommand } from '../core/workers/assess-workers.ts';

const ASK_MS = 5_000;

export interface OwnBuild {
  readonly buildId: string;
  readonly identity: string;
}

/** Makes the own build current and says so. Throws CodedError: Timeout, Unavailable. */
export async function sayCurrent(
  question: WorkerQuestion,
  { buildId, identity }: OwnBuild,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const made = await makeCurrent({ ...question, identity }, buildId, { signal });
  switch (made.outcome) {
    case 'made':
      say(
        `build ${buildId} is current now: new operations go to it${made.before === undefined ? '' : `; before it was ${made.before}`}`,
      );
      return;
    case 'stopped':
      return;
    case 'alreadyCurrent':
      say(`build ${buildId} is current already`);
      return;
    case 'replaced':
      // Flipping back and forth would follow from nothing more than a pod of the old version that starts again.
      say(
        `build ${buildId} was current before and ${made.by} replaced it: it is not made current again by starting a worker; if you mean it: ${makeCurrentCommand(buildId)}`,
      );
      return;
  }
}

/**
 * Says which running operations are pinned to a build that nobody polls. Only a warning: a server that cannot be asked, or
 * one without such questions, says nothing.
 */
export async function warnOfOrphans(
  question: WorkerQuestion & { readonly client: Client },
  ownBuild: string | undefined,
  say: (line: string) => void,
): Promise<void> {
  const { connection, client } = question;
  try {
    const [facts, pinned] = await connection.withDeadline(Date.now() + ASK_MS, () =>
      Promise.all([readWorkers(question), readPinnedRuns(client)]),
    );
    // The own polls may not have arrived yet.
    const others = pinned.filter(({ buildId }) => buildId !== ownBuild);
    for (const orphans of findOrphans(facts, others)) {
      say(`warning: ${[describeOrphans(orphans), ...adviseOrphans(orphans, facts.currentBuild)].join('; ')}`);
    }
  } catch {
    // `mainstay doctor` tells what could not be asked.
  }
}
