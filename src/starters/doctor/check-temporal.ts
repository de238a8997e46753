/** Server, namespace, workers and their builds, and the catalogue that a worker reads. */
import { randomBytes } from 'node:crypto';
import type { Activities } from '../../activities/index.ts';
import { readPinnedRuns } from '../../clients/temporal/workers.ts';
import { type Check, failed, notChecked, ok, warning } from '../../core/doctor/check.ts';
import type { CatalogueLoad } from '../../core/model/catalogue-load.ts';
import { TASK_QUEUES } from '../../core/model/names.ts';
import type { WorkerFacts } from '../../core/model/workers.ts';
import {
  adviseOrphans,
  assessPresence,
  describeOrphans,
  findOrphans,
  makeCurrentCommand,
  pollingBuilds,
} from '../../core/workers/assess-workers.ts';
import { CommandError } from '../command-error.ts';
import { call, messageOf, type Session } from '../session.ts';
import { askWorkers } from '../worker-presence.ts';

/** One session for all checks; a server that is away is told once, by the check of the server. */
export type SessionSeen = { readonly session: Session } | { readonly away: CommandError };

const ACTIVITY_MS = 4_000;

export async function checkServer(seen: SessionSeen): Promise<readonly Check[]> {
  if ('away' in seen) return [failed('temporal', seen.away.message, ...seen.away.advice)];
  const { session } = seen;
  const { workflowService } = session.connection;
  try {
    await call(session, () => workflowService.describeNamespace({ namespace: session.namespace }));
  } catch (error) {
    if (error instanceof CommandError) return [failed('temporal', error.message, ...error.advice)];
    throw error;
  }
  const info = await call(session, () => workflowService.getSystemInfo({}));
  return [ok('temporal', `server ${info.serverVersion} at ${session.address}, namespace ${session.namespace}`)];
}

/** Polls on both queues, builds, and running operations that nobody can go on with. */
export async function checkWorkers(seen: SessionSeen): Promise<readonly Check[]> {
  if ('away' in seen)
    return [notChecked('workers', 'no Temporal server to ask'), notChecked('builds', 'no Temporal server to ask')];
  const facts = await askWorkers(seen.session);
  const presence = assessPresence(facts);
  const polls = presence.polls ? ok('workers', presence.text) : failed('workers', presence.text, presence.advice);
  return [polls, ...(await checkBuilds(seen.session, facts))];
}

async function checkBuilds(session: Session, facts: WorkerFacts): Promise<readonly Check[]> {
  let pinned;
  try {
    pinned = await call(session, () => readPinnedRuns(session.client));
  } catch (error) {
    return [notChecked('builds', `which runs are pinned to a build could not be asked: ${messageOf(error)}`)];
  }
  const orphans = findOrphans(facts, pinned);
  if (orphans.length > 0) {
    return orphans.map((each) => warning('builds', describeOrphans(each), ...adviseOrphans(each, facts.currentBuild)));
  }
  const builds = pollingBuilds(facts);
  const { currentBuild } = facts;
  const idle = builds.filter((each) => each !== currentBuild && !pinned.some(({ buildId }) => buildId === each));
  if (idle.length > 0) {
    const todo = `make it current: ${makeCurrentCommand(idle[0] ?? '')}; or stop its worker`;
    return [warning('builds', `build ${idle.join(', ')} polls, but nothing is given to it`, todo)];
  }
  const current = currentBuild === undefined ? 'workers without a build id' : `build ${currentBuild}`;
  return [
    ok(
      'builds',
      `${current} take new operations; ${pinned.length} running ones are pinned, each to a build that polls`,
    ),
  ];
}

/** The catalogue of this place against that of a worker, which reads its own file anew for every deployment. */
export async function checkWorkerCatalogue(seen: SessionSeen, local: CatalogueLoad): Promise<readonly Check[]> {
  const id = 'workerCatalogue';
  if ('away' in seen) return [notChecked(id, 'no Temporal server to ask')];
  const { session } = seen;
  if (!assessPresence(await askWorkers(session)).polls) return [notChecked(id, 'no worker polls that could tell')];
  const answered = await call(
    session,
    () =>
      session.client.activity.typed<Activities>().execute('describeCatalogue', {
        id: `doctor/${randomBytes(4).toString('hex')}`,
        taskQueue: TASK_QUEUES.main,
        args: [],
        startToCloseTimeout: ACTIVITY_MS,
        scheduleToCloseTimeout: ACTIVITY_MS,
        retry: { maximumAttempts: 1 },
      }),
    ACTIVITY_MS + 1_000,
  );
  if (answered.outcome !== 'loaded') {
    return [
      failed(
        id,
        `the worker cannot use its catalogue ${answered.path}: new deployments are refused`,
        ...answered.problems,
      ),
    ];
  }
  const theirs = `${answered.digest.slice(0, 12)} (${answered.path})`;
  if (local.outcome !== 'loaded') return [ok(id, `the worker reads ${theirs}; none here to compare it with`)];
  if (local.digest === answered.digest) return [ok(id, `the worker reads the same catalogue, ${theirs}`)];
  return [
    warning(
      id,
      `the worker reads another catalogue, ${theirs}, than ${local.digest.slice(0, 12)} (${local.path})`,
      'the worker decides; bring the file that is meant to it, or point MAINSTAY_CONFIG here to a copy of it',
      'mainstay deploy --expect-catalogue refuses the wrong one',
    ),
  ];
}
